"""Channel layers that write frames straight to sockets and never wait for Redis.

chatsite.layers.fanout describes the extension. If a library changed too much (chatsite.internals),
these names refer to its own layers, which are slower but work too.
"""

from chatsite import internals

if internals.usable("memory layer"):
    from chatsite.layers.memory import InMemoryFanoutLayer
else:
    from channels.layers import (  # type: ignore[no-redef]
        InMemoryChannelLayer as InMemoryFanoutLayer,
    )

if internals.usable("redis layer"):
    from chatsite.layers.redis import RedisFanoutLayer
else:
    from channels_redis.pubsub import (  # type: ignore[no-redef]
        RedisPubSubChannelLayer as RedisFanoutLayer,
    )

__all__ = ["InMemoryFanoutLayer", "RedisFanoutLayer"]
