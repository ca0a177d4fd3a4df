"""Tests the promises of docs/protocol.md with real faults, like Jepsen (https://jepsen.io).

Clients record everything they send and see, a fault breaks the real system, and a checker compares
all histories with the database. `python -m tests.chaos` runs it; see docs/reliability.md.
"""
