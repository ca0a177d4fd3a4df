"""The limits of the server."""

# Connections that wait to be accepted. daphne's 50 drops SYNs when a thousand clients reconnect.
BACKLOG = 1024
# Bytes of one message from a client. The application gets one byte more of a longer one, and the
# rest is dropped, so that it can answer that the message is too large.
MAX_MESSAGE = 65_536
# Bytes of one HTTP request's body, which daphne holds in memory.
MAX_HTTP_BODY = 1024 * 1024
# Frames of one socket that wait for the application. With more, the server stops reading from it.
MAX_INBOUND = 64
# Bytes that wait for a client to read them. With more, the socket is closed with TOO_SLOW.
MAX_OUTBOUND = 1024 * 1024
TOO_SLOW = 4408
# Seconds of silence after which the server pings a client.
PING_AFTER = 25
# Seconds a client has to answer a close before the connection is cut.
CLOSE_PATIENCE = 5
# Seconds from SIGTERM to the end, and how many of them the application gets to finish its work.
END_AFTER = 9.0
FINISH_WITHIN = 7.0
GOING_AWAY = 1001
