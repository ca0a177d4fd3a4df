"""The promises of docs/protocol.md against real faults, in the manner of Jepsen (https://jepsen.io).

Clients record what they sent and saw, a fault breaks the real system, a checker compares all
histories with the database. `python -m tests.chaos` runs it; docs/reliability.md tells about it.
"""
