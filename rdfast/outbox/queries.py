"""Reads of messages."""

from datetime import datetime

from django.db.models import QuerySet

from rdfast.outbox.models import Message
from rdfast.people.models import User


def messages_of(user: User) -> QuerySet[Message]:
    """What the person was told, newest first."""
    return Message.objects.filter(to=user).order_by("-id")


def mailbox() -> QuerySet[Message]:
    """Every message of the installation, newest first, with its receiver: for the demo's mailbox page."""
    return Message.objects.select_related("to").order_by("-id")


def waiting() -> QuerySet[Message]:
    """Messages that were not delivered yet."""
    return Message.objects.filter(status=Message.Status.PENDING)


def due(real_now: datetime) -> QuerySet[Message]:
    """Waiting messages whose next try has come, the one that waits longest first."""
    return waiting().filter(next_try_at__lte=real_now).order_by("next_try_at", "id")
