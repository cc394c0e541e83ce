"""Messages are rows of the operation's own transaction and are delivered afterwards, once."""

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from rdfast.core.refusals import RuleBroken
from rdfast.flow import submitting
from rdfast.outbox import operations as outbox
from rdfast.outbox.models import Message
from tests import make

pytestmark = pytest.mark.django_db


class Refusing(BaseEmailBackend):
    """A mail server that is not there."""

    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError("nobody listens")


def test_a_refused_operation_tells_nobody() -> None:
    w = make.world()
    proposal = make.submitted(w)
    told = Message.objects.count()
    with pytest.raises(RuleBroken):
        submitting.submit(proposal.pk, by=w.hana, at=make.MONDAY)
    assert Message.objects.count() == told


def test_a_crash_between_commit_and_relay_loses_nothing(mailoutbox: list[object]) -> None:
    # Nothing is delivered in the operation itself, so a process that dies after its commit leaves rows behind.
    make.submitted(make.world())
    assert (len(mailoutbox), Message.objects.filter(status="pending").count()) == (0, 2)
    assert outbox.deliver_waiting(at=make.MONDAY) == 2
    assert outbox.deliver_waiting(at=make.MONDAY) == 0
    assert len(mailoutbox) == 2


def test_a_rolled_back_operation_leaves_no_message(mailoutbox: list[object]) -> None:
    w = make.world()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make.submitted(w)
        raise ZeroDivisionError
    assert not Message.objects.exists()


def test_a_mail_server_that_is_down_delays_and_loses_nothing(
    settings: object, mailoutbox: list[object]
) -> None:
    make.submitted(make.world())
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"  # type: ignore[attr-defined]
    assert outbox.deliver_waiting(at=make.MONDAY) == 0
    waiting = Message.objects.filter(status="pending")
    assert [message.attempts for message in waiting] == [1, 1]
    assert all("nobody listens" in message.last_error for message in waiting)

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
    assert outbox.deliver_waiting(at=make.MONDAY) == 0  # not yet: the next try is a little later
    Message.objects.update(next_try_at=make.MONDAY)
    assert outbox.deliver_waiting(at=make.MONDAY) == 2
    assert len(mailoutbox) == 2


def test_mails_are_written_in_the_language_of_their_reader() -> None:
    w = make.world()
    w.minjun.language = "ko"
    w.minjun.save()
    make.submitted(w)
    english, korean = Message.objects.get(to=w.hana), Message.objects.get(to=w.minjun)
    assert english.subject.startswith("Received: P-")
    assert korean.subject != english.subject
    assert "전고체 전지" in korean.subject
    assert "solid-state" in english.subject


def test_subjects_are_one_line_whatever_people_type() -> None:
    w = make.world()
    make.submitted(w, title_en="Line one\nBcc: everyone@example.com")
    assert all("\n" not in message.subject for message in Message.objects.all())
