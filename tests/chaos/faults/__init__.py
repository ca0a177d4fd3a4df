"""The schedule: importing a module adds its faults."""

from tests.chaos.fault import FAULTS, Fault
from tests.chaos.faults import code, databases, network, people, processes, redis

__all__ = ["FAULTS", "Fault", "code", "databases", "network", "people", "processes", "redis"]
