"""The codes with which the server closes a socket."""

ORDINARY = 1000  # come back later: the database is away, or a backup was restored
NOT_THIS_PROTOCOL = 4400
NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
TOO_SLOW = 4408  # too much waited for a client that does not read
FLOODING = 4429

# After these a client does not come back by itself.
FINAL = (NOT_THIS_PROTOCOL, NOT_SIGNED_IN, NOT_ALLOWED)
