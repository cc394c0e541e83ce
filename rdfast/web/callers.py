"""Who asks, as far as the network knows."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The caller's IP address; None where nobody says it, as on a Unix socket.

    A proxy that is trusted to say how it was asked (`RDFAST_HTTPS`) is trusted to say by whom: it writes the address
    last into X-Forwarded-For. What stands before it came from the caller and may be invented.
    """
    said = [request.META.get("REMOTE_ADDR", "")]
    if settings.SECURE_PROXY_SSL_HEADER:
        said.insert(0, request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
    return next((address for address in said if _is_address(address)), None)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
