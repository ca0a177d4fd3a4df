"""The schedule: importing a module puts its faults into it."""

from tests.chaos.fault import FAULTS, Fault
from tests.chaos.faults import databases, network, people, processes, redis

__all__ = ["FAULTS", "Fault", "databases", "network", "people", "processes", "redis"]
