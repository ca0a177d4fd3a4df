"""`python -m tests.programs code` runs a program that stands in a test's string."""

import sys

exec(sys.argv[1], {"__name__": "__main__"})
