"""Work that happens after a message: followers of the log, and rows that are due.

It runs in the serving process, on threads of its own, and never in the way of an ack.
"""
