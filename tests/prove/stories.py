"""The stories that proofs walk, each in a world of its own."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.urls import reverse

from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.timers import clock
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make
from tests.prove.items import Item, Post, happened
from tests.prove.path import beside, granted, path
from tests.prove.path_disputes import a_proposal_turned_down, proceedings
from tests.prove.path_money import money_that_is_accounted_for, money_that_is_asked_back
from tests.prove.path_running import milestones_that_are_missed, work_that_succeeds

Story = Callable[[], Iterator[Item]]


def in_and_out() -> Iterator[Item]:
    """Signing in and out, reading another language, looking after a programme."""
    yield from beside(make.world())


def granted_by_two() -> Iterator[Item]:
    """So much is asked for at first that a second person approves."""
    yield from granted(make.world(), above_limit=True)


def to_the_second_payment() -> Iterator[Item]:
    """From the draft over the grant, the agreement, the first milestone and its claim."""
    yield from path(make.world())


def given_up_by_the_machine() -> Iterator[Item]:
    """A deadline and a message that failed for good, which an administrator tries again."""
    w = make.world()
    before = clock.now() - timedelta(days=3)
    proposal = make.submitted(w, at=before)
    dead = Timer.objects.get(kind=Kind.DECIDE)
    for _attempt in range(timers.MOST_ATTEMPTS):
        dead.refresh_from_db()
        timers.failed(dead.pk, error="the rule was wrong", at=dead.next_try_at)
    message = Message.objects.earliest("pk")
    Message.objects.filter(pk=message.pk).update(status=Message.Status.DEAD, last_error="nobody there")
    yield _tried(w.admin, "timers_timer", "try_again", dead.pk, happened("deadline.set_again", proposal))
    yield _tried(w.admin, "outbox_message", "send_again", message.pk, happened("message.sent_again", message))


def _tried(by: User, rows: str, action: str, pk: int, effect: Callable[[], int]) -> Post:
    form = {"action": action, "_selected_action": [pk]}
    return Post(by, reverse(f"admin:{rows}_changelist"), form, effect)


STORIES: list[Story] = [
    in_and_out,
    granted_by_two,
    to_the_second_payment,
    work_that_succeeds,
    milestones_that_are_missed,
    money_that_is_accounted_for,
    money_that_is_asked_back,
    a_proposal_turned_down,
    proceedings,
    given_up_by_the_machine,
]
