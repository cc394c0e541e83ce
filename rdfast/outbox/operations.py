"""Writing messages in an operation's transaction, and delivering them afterwards.

Nothing in a request talks to Redis or to a mail server: the relay finds waiting rows on its next tick.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.core import boundaries, limits
from rdfast.core.locks import alone, lock
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.outbox import queries
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.models import Timer

logger = logging.getLogger(__name__)

# A refusal is tried again for three hours, for whoever runs the mail server may put it right; a server in trouble
# for three days, over a weekend.
MOST_REFUSALS, MOST_ATTEMPTS = 12, 84
PERMANENT = 500
# Longer than a mail server may take (settings.EMAIL_TIMEOUT), so that two relays never send the same row.
CLAIM = timedelta(seconds=60)


class NotGivenUp(RuleBroken):
    """The message waits or was delivered."""


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
    each = {person.pk: person for person in people}.values()
    # A message says the same to everybody who reads its language.
    texts = {language: _text(template, context, language) for language in {one.language for one in each}}
    messages = [
        Message(
            key=f"{event.pk}:{template}:{person.pk}",
            to=person,
            subject=texts[person.language][0],
            body=texts[person.language][1],
            event=event,
            matter_id=event.matter_id,
            warns_of=warns_of,
            created_at=at,
            next_try_at=timezone.now(),
        )
        for person in each
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True)


def _text(template: str, context: dict[str, Any], language: str) -> tuple[str, str]:
    """The message's subject and body in that language."""
    with translation.override(language):
        text = render_to_string(f"mail/{template}.txt", {**context, "site": settings.SITE_URL})
    subject, _newline, body = text.strip().partition("\n")
    return " ".join(subject.split())[:300], body.strip()


def warns(timer: Timer) -> bool:
    """Whether a warning of the deadline was written and was not given up."""
    return Message.objects.filter(warns_of=timer).exclude(status=Message.Status.DEAD).exists()


def deliver_waiting(*, at: datetime, limit: int = 200) -> int:
    """Deliver what waits, one message after the other; returns how many were delivered.

    One relay is at work at a time, whoever else asks: a mail server that hangs holds up one worker and no
    deadline. A crash after sending and before marking sends that one mail again with the same Message-ID; a crash
    at any other point loses and doubles nothing.
    """
    if not queries.due(timezone.now()).exists():
        return 0
    with alone("relay") as is_alone:
        return _relay(at=at, limit=limit) if is_alone else 0


def _relay(*, at: datetime, limit: int) -> int:
    """Over one connection for the whole turn. Without a mail server no message is touched, and none is blamed."""
    delivered, ends_at = 0, time.monotonic() + limits.TURN
    try:
        with get_connection() as server:
            while delivered < limit and time.monotonic() < ends_at and (message := _claim()) is not None:
                if _deliver(message, server, at=at):
                    delivered += 1
                else:
                    _connect_again(server)
    except OSError as error:  # smtplib's errors are OSErrors too
        logger.warning("the mail server does not answer: %s", error)
    return delivered


def _connect_again(server: BaseEmailBackend) -> None:
    """Whatever a refused message left behind is not the next one's fault."""
    server.close()
    server.open()


@boundaries.commit
def _claim() -> Message | None:
    real_now = timezone.now()
    waiting = queries.due(real_now).select_related("to")
    message = waiting.select_for_update(of=("self",), skip_locked=True).first()
    if message is not None:
        message.attempts += 1
        message.next_try_at = real_now + CLAIM
        message.save(update_fields=["attempts", "next_try_at"])
    return message


def _deliver(message: Message, server: BaseEmailBackend, *, at: datetime) -> bool:
    headers = {"Message-ID": f"<{message.key.replace(':', '.')}@{settings.SITE_URL.partition('//')[2]}>"}
    mail = EmailMessage(
        message.subject, message.body, to=[message.to.email], headers=headers, connection=server
    )
    try:
        _send(mail)
    except OSError as error:
        _try_later(message, error)
        return False
    except Exception as error:
        # A message that cannot even be written holds up no other.
        logger.exception("message %s could not be sent", message.pk)
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
def _try_later(message: Message, error: Exception) -> None:
    message.last_error = str(error)[:2000]
    message.next_try_at = timezone.now() + timedelta(seconds=min(3600, 5 * 2**message.attempts))
    if message.attempts >= (MOST_REFUSALS if _is_final(error) else MOST_ATTEMPTS):
        message.status = Message.Status.DEAD
        logger.error("message %s was given up: %s", message.pk, error)
    message.save(update_fields=["last_error", "next_try_at", "status"])


@boundaries.commit
def send_again(message_id: int, *, by: User, at: datetime) -> Message:
    """The administrator's: a message that was given up waits once more, with all its tries before it."""
    ensure(by.is_staff, _("Only administrators can do this."))
    message = lock(Message, message_id)
    if message.status != Message.Status.DEAD:
        raise NotGivenUp(_("Only a message that was given up can be sent again."))

    message.status, message.attempts, message.next_try_at = Message.Status.PENDING, 0, timezone.now()
    message.save(update_fields=["status", "attempts", "next_try_at"])
    audit.record("message.sent_again", of=message, by=by, at=at)
    return message


def _is_final(error: Exception) -> bool:
    """Whether the server said no to this message, and not only that it cannot take it now (RFC 5321, 4.2.1).

    A refused sender is no message's fault: all have the same, and it is the installation that must sign in or change it.
    """
    if isinstance(error, SMTPSenderRefused):
        return False
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _words in error.recipients.values())
    if isinstance(error, SMTPResponseException):
        return error.smtp_code >= PERMANENT
    return not isinstance(error, OSError)
