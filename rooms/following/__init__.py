"""Work after a message: followers of the log, and due rows.

It runs in the serving process, on its own threads, and never delays an ack.
"""
