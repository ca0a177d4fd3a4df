"""The schedule: importing a module puts its faults into it."""

from tests.chaos.fault import FAULTS, Fault
from tests.chaos.faults import code, databases, network, people, processes, redis

__all__ = ["FAULTS", "Fault", "code", "databases", "network", "people", "processes", "redis"]
