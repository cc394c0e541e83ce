"""Two people do what excludes each other at the same moment, in the second half: one wins, the other is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from rdfast.appeals.queries import appealable
from rdfast.audit.models import Event
from rdfast.core.refusals import RuleBroken
from rdfast.flow import (
    accounting,
    allotting,
    appealing,
    changing,
    closing,
    granting,
    moving,
    paying,
    planning,
    proceeding,
    recovering,
    stopping,
)
from rdfast.flow.deadlines import settle_down, sweep
from rdfast.funding.models import Award, Payment
from rdfast.ledger import queries as ledger
from rdfast.people.models import User
from rdfast.proceedings.models import Proceeding
from rdfast.programmes.models import Appointment
from rdfast.reports.invariants import broken
from rdfast.settlement.models import Recovery
from rdfast.settlement.operations import Verdict
from tests import make
from tests.databases import at_once

pytestmark = pytest.mark.usefixtures("fresh_database")
AT, DAY, MILLION = make.MONDAY, timedelta(days=1), 1_000_000


@dataclass(frozen=True)
class Race:
    """What two do at once, and what holds afterwards, given which of them were not refused."""

    one: Callable[[], object]
    other: Callable[[], object]
    holds: Callable[[bool, bool], bool]
    at: datetime = AT
    # In one order the second is no contradiction to the first, as money that comes after it was written off.
    may_both: bool = False


def _colleague(w: make.World, role: str) -> User:
    user = make.person(f"Another {role}", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=user, role=role)
    return user


def _state(of: Any) -> str:
    of.refresh_from_db()
    return str(of.state)


def _end_carried_and_refused(w: make.World) -> Race:
    award, other = make.paid(w).award, _colleague(w, "second_approver")
    stopping.ask_to_stop(award.pk, reason="It does not hold.", by=w.hana, at=AT)
    motion = moving.propose_end(award.pk, reason="Agreed.", lesson="Use oxide.", by=w.minjun, at=AT)
    return Race(
        lambda: moving.carry(motion.pk, answer="", by=w.yuna, at=AT),
        lambda: moving.refuse(motion.pk, answer="No.", by=other, at=AT),
        lambda carried, _: _state(award) == ("terminated" if carried else "provisional"),
    )


def _plan_accepted_and_returned(w: make.World) -> Race:
    plan, deputy = make.plan_handed_in(make.signed(w)), _colleague(w, "deputy")
    return Race(
        lambda: planning.accept(plan.pk, reason="", by=w.minjun, at=AT),
        lambda: planning.return_(plan.pk, reason="More.", by=deputy, at=AT),
        lambda accepted, _: _state(plan) == ("accepted" if accepted else "returned"),
    )


def _vote(opened: Proceeding, member: User) -> Proceeding:
    return proceeding.vote(
        opened.pk, is_for=True, termination_kind="for_cause", reason="I read it.", by=member, at=AT
    )


def _heard(w: make.World, *, votes: int) -> Proceeding:
    """A proceeding for termination in which so many have voted, all for it."""
    award = make.paid(w).award
    opened = proceeding.open_(
        award.pk, "termination", reason="A car.", possible_outcome="End.", by=w.minjun, at=AT
    )
    proceeding.reply(opened.pk, text="A cell tester.", by=w.hana, at=AT)
    for member in w.committee[:votes]:
        _vote(opened, member)
    return opened


def _third_and_fourth_vote(w: make.World) -> Race:
    opened = _heard(w, votes=2)
    return Race(
        lambda: _vote(opened, w.committee[2]),
        lambda: _vote(opened, w.committee[3]),
        lambda *_: _state(opened) == "decided" and opened.votes.count() == 3,
    )


def _judgment_signed_and_refused(w: make.World) -> Race:
    opened, other = _heard(w, votes=3), _colleague(w, "second_approver")
    return Race(
        lambda: proceeding.sign(opened.pk, conclusion="As voted.", by=w.yuna, at=AT),
        lambda: proceeding.refuse(opened.pk, conclusion="Too harsh.", by=other, at=AT),
        lambda signed, _: _state(opened.award) == ("terminated" if signed else "provisional"),
    )


def _change_agreed_and_refused(w: make.World) -> Race:
    award, deputy = make.paid(w).award, _colleague(w, "deputy")
    change = make.change(award, w.hana, amount=70 * MILLION)
    return Race(
        lambda: changing.agree(change.pk, by=w.minjun, at=AT),
        lambda: changing.refuse(change.pk, answer="Not now.", by=deputy, at=AT),
        lambda agreed, _: _state(award) == "provisional" and award.amount == (70 if agreed else 60) * MILLION,
    )


def _both_sides_propose_a_change(w: make.World) -> Race:
    award = make.paid(w).award
    first, second = make.promises(award)
    moved = make.Promise(first.title, first.criterion, first.due_on + 10 * DAY, first.share_percent)
    return Race(
        lambda: make.change(award, w.hana, promises=[moved, second]),  # a free move, which holds at once
        lambda: make.change(award, w.minjun, amount=50 * MILLION),
        lambda moved, _: [each.state for each in award.changes.all()] == ["agreed" if moved else "proposed"],
    )


def _raise_carried_and_change_agreed(w: make.World) -> Race:
    milestone = make.passed(w)
    award, at = Award.objects.get(), milestone.reported_at or AT
    motion = moving.propose_raise(
        award.pk, amount=100 * MILLION, envelope_id=w.envelope.pk, reason="More.", by=w.minjun, at=at
    )
    change = make.change(award, w.hana, at=at, amount=70 * MILLION)
    return Race(
        lambda: moving.carry(motion.pk, answer="", by=w.yuna, at=at),
        lambda: changing.agree(change.pk, by=w.minjun, at=at),
        lambda raised, _: (
            _state(award) == "provisional" and award.amount == (100 if raised else 70) * MILLION
        ),
        at,
    )


def _suspended_and_paid(w: make.World) -> Race:
    tranche = make.signed(w).tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=AT)
    return Race(
        lambda: proceeding.open_(
            tranche.award_id,
            "special_review",
            reason="Doubts.",
            possible_outcome="An end.",
            by=w.minjun,
            at=AT,
        ),
        lambda: paying.release(tranche.pk, by=w.finn, at=AT),
        lambda _, paid: (
            _state(tranche) == ("released" if paid else "held") and Payment.objects.count() == paid
        ),
        may_both=True,  # paid a moment before it was suspended
    )


def _claim_decided_twice(w: make.World) -> Race:
    claim, other = make.claimed(w, make.paid(w).award), _colleague(w, "finance")
    (line,) = claim.lines.all()
    return Race(
        lambda: accounting.decide(claim.pk, {line.pk: Verdict(line.amount)}, by=w.finn, at=AT),
        lambda: accounting.decide(claim.pk, {line.pk: Verdict(0, "No receipt.")}, by=other, at=AT),
        lambda accepted, _: (
            ledger.boxes_of_award(claim.award_id)["expense"] == (10 * MILLION if accepted else 0)
        ),
    )


def _recovery(w: make.World, *, until: datetime) -> Recovery:
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(until)
    return Recovery.objects.get(pk=recovery.pk)


def _written_off_and_paid_back(w: make.World) -> Race:
    at = AT + 70 * DAY
    recovery = _recovery(w, until=at)
    assert recovery.state == "overdue"

    def holds(written_off: bool, paid: bool) -> bool:
        boxes = ledger.boxes_of_award(recovery.award_id)
        unmatched = ledger.second_set_of_award(recovery.award_id)["unmatched"]
        lost = boxes["written_off"] // (5 * MILLION)
        return paid and (lost, boxes["recovered"] + lost * unmatched) == (written_off, 5 * MILLION)

    return Race(
        lambda: recovering.write_off(recovery.pk, conclusion="Insolvent.", by=w.yuna, at=at),
        lambda: recovering.receive(
            recovery.pk, reference="B-1", received_on=at.date(), amount=5 * MILLION, by=w.finn, at=at
        ),
        holds,
        at,
        may_both=True,  # what arrives after it was written off is nobody's debt, and kept for the payer
    )


def _acts(at: datetime, event: str) -> Callable[[], object]:
    """The clock; it is refused when it finds nothing left to do."""

    def act() -> None:
        sweep(at=at)
        if not Event.objects.filter(kind=event).exists():
            raise RuleBroken("nothing was due")

    return act


def _contested_at_the_last_moment(w: make.World) -> Race:
    at = AT + 20 * DAY
    recovery = _recovery(w, until=at - timedelta(seconds=1))
    return Race(
        lambda: recovering.contest(recovery.pk, objection="Here they are.", by=w.hana, at=at),
        _acts(at, "recovery.determine"),
        lambda contested, _: _state(recovery) == ("contested" if contested else "determined"),
        at,
    )


def _appealed_at_the_last_moment(w: make.World) -> Race:
    at = AT + 30 * DAY
    recovery = _recovery(w, until=at - timedelta(seconds=1))
    (event,) = appealable(recovery.award.proposal, at=at - timedelta(seconds=1))
    return Race(
        lambda: appealing.file(
            recovery.award.proposal_id, event.pk, text="Wrong.", by=w.hana, at=at - timedelta(seconds=1)
        ),
        _acts(at, "recovery.demand"),
        lambda appealed, _: _state(recovery) == ("determined" if appealed else "demanded"),
        at,
    )


def _terminated_for_cause(w: make.World) -> Award:
    """Ended by a proceeding, and all of its money accounted for."""
    opened = _heard(w, votes=3)
    proceeding.sign(opened.pk, conclusion="As voted.", by=w.yuna, at=AT)
    make.accepted(w, opened.award, amount=24 * MILLION)
    return Award.objects.get()


def _comes_after_the_closing(award: Award, kind: str) -> bool:
    """Whether the award stayed open, or what the closing had to wait for came later."""
    closed = Event.objects.filter(kind="award.close").first()
    return closed is None or closed.pk < Event.objects.filter(kind=kind).latest("pk").pk


def _closed_and_appealed_against(w: make.World) -> Race:
    award, at = _terminated_for_cause(w), AT + 10 * DAY - timedelta(seconds=1)
    (event,) = appealable(award.proposal, at=at)
    return Race(
        lambda: closing.close(award.pk, by=w.finn, at=at),
        lambda: appealing.file(award.proposal_id, event.pk, text="It was a tester.", by=w.hana, at=at),
        lambda _, filed: filed and _comes_after_the_closing(award, "appeal.begin"),
        at,
        may_both=True,  # the right to appeal does not end with the closing
    )


def _closed_and_asked_back(w: make.World) -> Race:
    award = make.ended(w)
    make.accepted(w, award, amount=24 * MILLION)
    return Race(
        lambda: closing.close(award.pk, by=w.finn, at=AT),
        lambda: recovering.propose(
            award.pk,
            kind="disallowed",
            origin="expense",
            amount=MILLION,
            reason="A car.",
            by=w.minjun,
            at=AT,
        ),
        lambda _, proposed: proposed and _comes_after_the_closing(award, "recovery.begin"),
        may_both=True,  # an audit may ask money of a closed award back
    )


def _year_ended_and_award_approved(w: make.World) -> Race:
    at = datetime(2027, 1, 1, 9, tzinfo=make.SEOUL)
    proposal = make.submitted(w, at=at)

    def holds(_: bool, approved: bool) -> bool:
        boxes = ledger.boxes_of_envelope(w.envelope.pk)
        return (boxes["available"], boxes["reserved"]) == (0, 60 * MILLION * approved)

    return Race(
        lambda: allotting.end_year(w.envelope.pk, reason="Over.", key="2026", by=w.doyun, at=at),
        lambda: granting.approve(proposal.pk, amount=60 * MILLION, reason="yes", by=w.minjun, at=at),
        holds,
        at,
        may_both=True,  # the year's end takes what the award left
    )


@pytest.mark.parametrize(
    "race",
    [
        _end_carried_and_refused,
        _plan_accepted_and_returned,
        _third_and_fourth_vote,
        _judgment_signed_and_refused,
        _change_agreed_and_refused,
        _both_sides_propose_a_change,
        _raise_carried_and_change_agreed,
        _suspended_and_paid,
        _claim_decided_twice,
        _written_off_and_paid_back,
        _contested_at_the_last_moment,
        _appealed_at_the_last_moment,
        _closed_and_appealed_against,
        _closed_and_asked_back,
        _year_ended_and_award_approved,
    ],
)
def test_one_wins_and_the_other_is_told(race: Callable[[make.World], Race]) -> None:
    run = race(make.world(cover_percent=0))
    outcomes = at_once(run.one, run.other)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(refusal, RuleBroken) and str(refusal) for refusal in refused), outcomes
    assert len(refused) == 1 or (run.may_both and not refused), outcomes
    won = [not isinstance(outcome, Exception) for outcome in outcomes]
    assert run.holds(*won), outcomes
    settle_down(at=run.at)
    assert broken(at=run.at) == []
