"""The whole path on the running stack: the same operations as the pages, and the real worker for every deadline."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from rdfast.core.amounts import written
from rdfast.ledger import queries as ledger
from rdfast.local.demo import cast
from rdfast.local.demo.play import Play
from rdfast.local.demo.texts import BY_CODE
from rdfast.outbox import queries as outbox
from rdfast.people.models import Organisation, User
from rdfast.programmes.models import Call, Programme, Topic
from rdfast.tasks.tasks import deliver, sweep
from rdfast.timers import clock
from rdfast.timers import queries as timers

PATIENCE = 60.0
Say = Callable[[str], None]


class WorkerSilent(Exception):
    """The Celery worker did not do in a minute what it does in a moment."""


def play() -> Play:
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
    return Play(stage, replace(BY_CODE["law"], organisation="hanbit", provisional=60_000_000), pi)


def acts(play: Play) -> Iterator[tuple[str, Callable[[datetime], object], timedelta]]:
    """Each step: what it is, the operation, and how long the clock runs on before it."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    yield "the researcher submits", play.submit, timedelta(0)
    yield "the manager approves", play.approve, 5 * hour
    yield "the organisation signs", play.sign, 1 * day
    yield "the manager approves payment 1", lambda at: play.approve_tranche(1, at), 2 * hour
    yield "the finance officer releases payment 1", lambda at: play.release(1, at), 3 * hour
    yield "the bank confirms payment 1", lambda at: play.settle(1, at), 1 * day
    yield "milestone 1 opens by the clock; reviewers accept", play.accept_reviews, 46 * day
    yield "the researcher reports milestone 1", lambda at: play.report(1, at), 5 * day
    yield "the reviewers deliver", lambda at: play.review("passed", at), 4 * day
    yield "the manager confirms the finding", play.confirm, 1 * day
    yield "the researcher claims 80 % of payment 1", lambda at: play.claim(80, at), 1 * day
    yield "the finance officer accepts the claim", play.accept_claim, 2 * day
    yield "the manager approves payment 2", lambda at: play.approve_tranche(2, at), 1 * day
    yield "the finance officer releases payment 2", lambda at: play.release(2, at), 1 * day


def tell(say: Say) -> Play:
    """Play every act on the running stack, saying states, boxes and deadlines after each."""
    told = play()
    for number, (words, act, wait) in enumerate(acts(told), start=1):
        let_time_pass(wait)
        at = clock.now()
        act(at)
        _worker_does_its_part()
        say(f"{number:2}. {timezone.localtime(at):%Y-%m-%d %H:%M}  {words}")
        for line in describe(told):
            say(f"      {line}")
    return told


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
    while timers.due(clock.now(), limit=1) or outbox.waiting().exists():
        if time.monotonic() > give_up_at:
            raise WorkerSilent("The worker did not answer within a minute: is `make run` running?")
        if time.monotonic() > asked_at + 0.3:
            asked_at = time.monotonic()
            sweep.delay()
            deliver.delay()
        time.sleep(0.02)


def describe(told: Play) -> Iterator[str]:
    """The states, boxes and next deadlines of the story's proposal."""
    proposal = told.proposal
    yield f"proposal {proposal.number} is {proposal.state}"
    if proposal.state == "approved":
        award = told.award
        tranches = ", ".join(f"{t.number}: {t.state}" for t in award.tranches.order_by("number"))
        milestones = ", ".join(f"{m.number}: {m.state}" for m in award.milestones.order_by("number"))
        yield f"award {award.number} is {award.state}; payments {tranches}; milestones {milestones}"
        boxes = ledger.boxes_of_award(award.pk)
        yield "boxes: " + (
            ", ".join(f"{kind} {written(amount)}" for kind, amount in boxes.items() if amount) or "empty"
        )
    for timer in timers.ahead_in(proposal.pk)[:4]:
        yield f"due {timezone.localtime(timer.due_at):%Y-%m-%d %H:%M}: {timer.kind}"
