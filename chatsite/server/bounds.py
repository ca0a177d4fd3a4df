"""The server's limits."""

# Connections waiting to be accepted. daphne's 50 drops SYNs when a thousand clients reconnect.
BACKLOG = 1024
# Bytes of one message from a client. A longer message is truncated to one byte more than this, so
# that the application can answer that it is too large.
MAX_MESSAGE = 65_536
# Bytes of one HTTP request body, which daphne keeps in memory.
MAX_HTTP_BODY = 1024 * 1024
# Frames of one socket waiting for the application. Beyond this, the server stops reading from it.
MAX_INBOUND = 64
# Bytes waiting for a client to read them. Beyond this, the socket is closed with TOO_SLOW.
MAX_OUTBOUND = 1024 * 1024
TOO_SLOW = 4408
# Seconds of silence after which the server pings a client.
PING_AFTER = 25
# Seconds that a client has to answer a close before the connection is aborted.
CLOSE_PATIENCE = 5
# Seconds from SIGTERM to the end, and the part of them that the application gets.
END_AFTER = 9.0
FINISH_WITHIN = 7.0
GOING_AWAY = 1001
