"""The one question that is put to Redis on the way of a request: how long is the queue? It may go unanswered."""

import contextlib

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

# For connecting, and for every answer: with Redis frozen this is what the question costs.
PATIENCE = 0.3


def queue_depth() -> int | None:
    """How many tasks wait in Celery's queue; None when Redis does not answer within a moment."""
    address = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    try:
        client = redis.Redis.from_url(
            address,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        with contextlib.closing(client):
            return int(client.llen(settings.CELERY_TASK_DEFAULT_QUEUE))
    except (redis.RedisError, OSError, ValueError):
        return None
