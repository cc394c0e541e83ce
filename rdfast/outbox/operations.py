"""Writing messages in an operation's transaction, and delivering them afterwards.

Nothing in a request talks to Redis or to a mail server: the relay finds waiting rows on its next tick.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation

from rdfast.audit.models import Event
from rdfast.core import boundaries
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.models import Timer

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 12
# Longer than a mail server may take (settings.EMAIL_TIMEOUT), so that two relays never send the same row.
CLAIM = timedelta(seconds=60)


def tell(
    people: Iterable[User],
    template: str,
    context: dict[str, Any],
    *,
    event: Event,
    at: datetime,
    warns_of: Timer | None = None,
) -> None:
    """Write one message to each person, in their language, from `templates/mail/<template>.txt`.

    The template's first line is the subject. Repeating the call for the same event adds nothing.
    """
    messages = [
        _written(person, template, context, event=event, at=at, warns_of=warns_of)
        for person in {person.pk: person for person in people}.values()
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True)


def _written(
    person: User,
    template: str,
    context: dict[str, Any],
    *,
    event: Event,
    at: datetime,
    warns_of: Timer | None,
) -> Message:
    with translation.override(person.language):
        text = render_to_string(
            f"mail/{template}.txt", {**context, "person": person, "site": settings.SITE_URL}
        )
    subject, _, body = text.strip().partition("\n")
    return Message(
        key=f"{event.pk}:{template}:{person.pk}",
        to=person,
        subject=" ".join(subject.split())[:300],
        body=body.strip(),
        event=event,
        matter_id=event.matter_id,
        warns_of=warns_of,
        created_at=at,
        next_try_at=timezone.now(),
    )


def deliver_waiting(*, at: datetime, limit: int = 200) -> int:
    """Deliver what waits, one message after the other; returns how many were delivered.

    Several relays may run: each claims a row before sending it. A crash after sending and before marking
    sends that one mail again with the same Message-ID; a crash at any other point loses and doubles nothing.
    """
    delivered = 0
    for _attempt in range(limit):
        message = _claim()
        if message is None:
            break
        delivered += _deliver(message, at=at)
    return delivered


@boundaries.commit
def _claim() -> Message | None:
    real_now = timezone.now()
    message = (
        Message.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("to")
        .filter(status=Message.Status.PENDING, next_try_at__lte=real_now)
        .order_by("next_try_at", "id")
        .first()
    )
    if message is not None:
        message.attempts += 1
        message.next_try_at = real_now + CLAIM
        message.save(update_fields=["attempts", "next_try_at"])
    return message


def _deliver(message: Message, *, at: datetime) -> bool:
    headers = {"Message-ID": f"<{message.key.replace(':', '.')}@{settings.SITE_URL.partition('//')[2]}>"}
    mail = EmailMessage(message.subject, message.body, to=[message.to.email], headers=headers)
    try:
        _send(mail)
    except OSError as error:  # smtplib's errors are OSErrors too
        _try_later(message, error)
        return False
    _mark(message, at=at)
    return True


@boundaries.around("sending")
def _send(mail: EmailMessage) -> None:
    mail.send()


@boundaries.commit
def _mark(message: Message, *, at: datetime) -> None:
    message.status = Message.Status.DELIVERED
    message.delivered_at = at
    message.save(update_fields=["status", "delivered_at"])
    if message.warns_of_id:
        timers.warned(message.warns_of_id, at=at)


@boundaries.commit
def _try_later(message: Message, error: OSError) -> None:
    message.last_error = str(error)[:2000]
    message.next_try_at = timezone.now() + timedelta(seconds=min(3600, 5 * 2**message.attempts))
    if message.attempts >= MOST_ATTEMPTS:
        message.status = Message.Status.DEAD
        logger.error("message %s was given up: %s", message.pk, error)
    message.save(update_fields=["last_error", "next_try_at", "status"])
