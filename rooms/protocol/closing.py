"""Close codes of the server."""

ORDINARY = 1000  # try again later: the database is down, or a backup was restored
NOT_THIS_PROTOCOL = 4400
NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
TOO_SLOW = 4408  # too much data was waiting for a client that does not read
FLOODING = 4429

# A client does not reconnect after these.
FINAL = (NOT_THIS_PROTOCOL, NOT_SIGNED_IN, NOT_ALLOWED)
