"""The face for machines: is it alive, is it ready, how is it doing. No session, no person, plain text."""

import hmac

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from rdfast.monitoring import metrics, readiness
from rdfast.timers import clock

_LOOPBACK = {"127.0.0.1", "::1"}
# What a proxy adds. A request that carries one of these comes from somewhere else.
_BY_PROXY = ("HTTP_FORWARDED", "HTTP_X_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The process is alive. Touches nothing: whoever restarts it must not do so because the database is gone."""
    return _plain("alive")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Requests can be served: the database answers and no migration is missing. Redis is not asked."""
    try:
        missing = readiness.missing_migrations()
    except DatabaseError:
        return _plain("the database does not answer", status=503)
    if missing:
        return _plain(f"missing migrations: {', '.join(missing)}", status=503)
    return _plain("ready")


@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What Prometheus scrapes, for whom it is meant; for others nothing is here."""
    if not _may_scrape(request):
        return _plain("not found", status=404)
    return HttpResponse(metrics.exposition(clock.now), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        shown = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(shown, f"Bearer {token}".encode())
    through_proxy = any(name.startswith(_BY_PROXY) for name in request.META)
    return request.META.get("REMOTE_ADDR") in _LOOPBACK and not through_proxy


def _plain(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
