"""The whole path on the running stack: the same operations as the pages, and the real worker for every deadline."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone, translation

from rdfast.core.amounts import written
from rdfast.flow import waiting
from rdfast.funding.models import Award
from rdfast.ledger import queries as ledger
from rdfast.local.demo import cast
from rdfast.local.demo.long_play import LongPlay
from rdfast.local.demo.stories import STORIES, Story, days_before
from rdfast.local.demo.texts import BY_CODE
from rdfast.outbox import queries as outbox
from rdfast.people.models import Organisation, User
from rdfast.programmes.models import Call, Programme, Topic
from rdfast.tasks.tasks import deliver, sweep
from rdfast.timers import clock
from rdfast.timers import queries as timers

PATIENCE = 60.0
Say = Callable[[str], None]


class EndedOtherwise(Exception):
    """The story did not end with the boxes it says."""


class WorkerSilent(Exception):
    """The Celery worker did not do in a minute what it does in a moment."""


def play(story: Story) -> LongPlay:
    """A new PI with a new proposal in the demonstration's programme, at the present demo time."""
    programme = Programme.objects.get(code="frontier")
    call = Call.objects.filter(programme=programme).latest("pk")
    places = {
        code: Organisation.objects.get(registration_number=each[3])
        for code, each in cast.ORGANISATIONS.items()
    }
    officials = {
        name: User.objects.get(email=f"{name}@rdfast.example")
        for name, _full, _where, _role in cast.OFFICIALS
    }
    topics = {
        code: Topic.objects.get(programme=programme, name_ko=ko) for code, (ko, _en) in cast.TOPICS.items()
    }
    number = User.objects.filter(email__startswith="story.").count() + 1
    pi = User.objects.create_user(
        f"story.{number}@rdfast.example", cast.PASSWORD, name=f"Story {number}", organisation=places["hanbit"]
    )
    stage = cast.Stage(places, officials, programme, call, topics)
    text = replace(BY_CODE["law"], organisation="hanbit", total=story.total, provisional=story.provisional)
    return LongPlay(stage, text, pi)


def tell(say: Say, name: str) -> None:
    """Play every act on the running stack, saying states, boxes and deadlines after each.

    Raises EndedOtherwise when it does not end as the story says.
    """
    story = STORIES[name]
    told = play(story)
    say(f"{name}: {story.title}")
    for number, (words, act, days) in enumerate(story.acts(told), start=1):
        let_time_pass(days_before(days, clock.now()))
        at = clock.now()
        act(at)
        _worker_does_its_part()
        say(f"{number:2}. {timezone.localtime(at):%Y-%m-%d %H:%M}  {words}")
        for line in describe(told):
            say(f"      {line}")
    found, expected = ending_of(told), (story.state, story.boxes)
    if found != expected:
        raise EndedOtherwise(f"It ended with {found}, and should have with {expected}.")


def ending_of(told: LongPlay) -> tuple[str, dict[str, int]]:
    """The state of the award (or of the proposal without one), and its boxes that hold something."""
    award = Award.objects.filter(proposal=told.proposal_id).first()
    if award is None:
        return str(told.proposal.state), {}
    return str(award.state), {kind: held for kind, held in ledger.boxes_of_award(award.pk).items() if held}


def let_time_pass(span: timedelta) -> None:
    """Move the demo clock on; the worker acts at every deadline on the way, in order."""
    target = clock.now() + span
    while (due := timers.next_due()) is not None and due <= target:
        clock.move_to(due)
        _worker_does_its_part()
    clock.move_to(target)
    _worker_does_its_part()


def _worker_does_its_part() -> None:
    """Ask the worker for a sweep and a delivery, and wait until nothing is due and nothing waits.

    The request only saves waiting for the next tick: beat would ask for the same.
    """
    sweep.delay()
    deliver.delay()
    give_up_at = time.monotonic() + PATIENCE
    asked_at = time.monotonic()
    while timers.due(clock.now(), limit=1) or outbox.waiting().exists() or waiting.can_serve():
        if time.monotonic() > give_up_at:
            raise WorkerSilent("The worker did not answer within a minute: is `make run` running?")
        if time.monotonic() > asked_at + 0.3:
            asked_at = time.monotonic()
            sweep.delay()
            deliver.delay()
        time.sleep(0.02)


def describe(told: LongPlay) -> Iterator[str]:
    """The states, boxes and next deadlines of the story's proposal."""
    proposal = told.proposal
    yield f"proposal {proposal.number} is {proposal.state}"
    if proposal.state == "approved":
        award = told.award
        tranches = ", ".join(f"{t.number}: {t.state}" for t in award.tranches.order_by("number"))
        milestones = ", ".join(f"{m.number}: {m.state}" for m in award.milestones.order_by("number"))
        yield f"award {award.number} is {award.state}; payments {tranches}; milestones {milestones}"
        yield f"boxes: {_held(ledger.boxes_of_award(award.pk))}"
    for timer in timers.ahead_in(proposal.pk)[:4]:
        yield f"due {timezone.localtime(timer.due_at):%Y-%m-%d %H:%M}: {timer.kind}"


def _held(boxes: dict[str, int]) -> str:
    """What the boxes hold, in English as all that a story says."""
    with translation.override("en"):
        return ", ".join(f"{kind} {written(amount)}" for kind, amount in boxes.items() if amount) or "empty"
