"""Proceedings: notice, hearing, votes of the uninvolved, the second signature, the effect."""

from datetime import timedelta

import pytest

from rdfast.appeals.queries import appealable
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import NotAllowed
from rdfast.flow import appealing
from rdfast.flow import proceeding as flow
from rdfast.flow.deadlines import settle_down
from rdfast.flow.holding import suspend
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.states import Cause
from rdfast.ledger.queries import boxes_of_award
from rdfast.outbox.models import Message
from rdfast.proceedings.models import Proceeding
from rdfast.proceedings.operations import AlreadyRunning, WordsMissing
from rdfast.proceedings.queries import to_vote
from rdfast.programmes.models import Appointment
from rdfast.reports.invariants import broken
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY


def _opened(w: make.World, award: Award, kind: str = "termination", at: make.datetime = AT) -> Proceeding:
    return flow.open_(
        award.pk,
        kind,
        reason="Money was spent on a car.",
        possible_outcome="The award may be terminated.",
        amount=10_000_000 if kind == "recovery" else None,
        by=w.minjun,
        at=at,
    )


def _vote(proceeding: Proceeding, members: list[make.User], verdicts: str, at: make.datetime = AT) -> None:
    """One letter per vote: c for cause, t technical, n against."""
    for member, verdict in zip(members, verdicts, strict=True):
        flow.vote(
            proceeding.pk,
            is_for=verdict != "n",
            termination_kind={"c": "for_cause", "t": "technical", "n": ""}[verdict],
            reason="I read it all.",
            by=member,
            at=at,
        )
    proceeding.refresh_from_db()


def test_a_notice_names_reason_outcome_and_reply_date_the_same_day() -> None:
    w = make.world()
    proceeding = _opened(w, make.paid(w).award)
    assert (proceeding.state, proceeding.reply_by) == ("noticed", AT + timedelta(days=20))
    for person in (w.hana, w.sejin):
        notice = Message.objects.get(to=person, subject__startswith="Notice of a proceeding")
        assert "spent on a car" in notice.body and "may be terminated" in notice.body


def test_a_special_review_freezes_spending_from_its_notice() -> None:
    w = make.world()
    award = make.signed(w)
    _opened(w, award, "special_review")
    award.refresh_from_db()
    assert (award.state, award.suspension_cause) == ("provisional_suspended", "special_review")
    assert set(award.tranches.values_list("state", flat=True)) == {"held"}


def test_heard_voted_signed_terminated_for_cause() -> None:
    w = make.world()
    award = make.paid(w).award
    proceeding = _opened(w, award)
    flow.reply(proceeding.pk, text="It was a cell tester.", by=w.sejin, at=AT)
    _vote(proceeding, w.committee[:3], "ctc")
    assert (proceeding.state, proceeding.termination_kind) == ("decided", "for_cause")
    flow.sign(proceeding.pk, conclusion="As voted.", by=w.yuna, at=AT)
    award.refresh_from_db()
    assert (award.state, award.termination_kind) == ("terminated", "for_cause")
    boxes = boxes_of_award(award.pk)
    assert (boxes["obligated"], boxes["advances"]) == (0, 24_000_000)
    assert set(award.milestones.values_list("state", flat=True)) == {"superseded"}
    pending = set(
        Timer.objects.filter(status="pending").exclude(kind="reminder").values_list("kind", flat=True)
    )
    assert pending == {"final_claim", "close"}
    assert broken(at=AT) == []


def test_an_upheld_appeal_makes_a_termination_technical_and_says_that_the_award_does_not_begin_again() -> (
    None
):
    w = make.world()
    award = make.paid(w).award
    proceeding = _opened(w, award)
    flow.reply(proceeding.pk, text="It was a cell tester.", by=w.hana, at=AT)
    _vote(proceeding, w.committee[:3], "ccc")
    flow.sign(proceeding.pk, conclusion="As voted.", by=w.yuna, at=AT)
    (event,) = appealable(award.proposal, at=AT)
    appeal = appealing.file(award.proposal_id, event.pk, text="It was a tester.", by=w.hana, at=AT)
    appealing.uphold(appeal.pk, reason="It was.", by=w.committee[3], at=AT)
    award.refresh_from_db()
    assert (award.state, award.termination_kind) == ("terminated", "technical")
    told = Message.objects.get(to=w.sejin, subject__startswith="Appeal decided (Upheld)")
    assert "does not begin again" in told.body
    assert appealable(award.proposal, at=AT) == []


def test_a_majority_against_dismisses_and_leaves_the_award_alone() -> None:
    w = make.world()
    award = make.paid(w).award
    proceeding = _opened(w, award)
    flow.reply(proceeding.pk, text="It was a cell tester.", by=w.hana, at=AT)
    _vote(proceeding, w.committee[:3], "ncn")
    award.refresh_from_db()
    assert (proceeding.state, award.state) == ("dismissed", "provisional")
    with pytest.raises(NotPossibleNow):
        flow.sign(proceeding.pk, conclusion="All the same.", by=w.yuna, at=AT)


def test_the_second_approver_may_refuse_what_was_voted_for() -> None:
    w = make.world()
    award = make.paid(w).award
    proceeding = _opened(w, award)
    flow.reply(proceeding.pk, text="It was a cell tester.", by=w.hana, at=AT)
    _vote(proceeding, w.committee[:3], "ttn")
    with pytest.raises(WordsMissing):
        flow.refuse(proceeding.pk, conclusion=" ", by=w.yuna, at=AT)
    flow.refuse(proceeding.pk, conclusion="Too harsh.", by=w.yuna, at=AT)
    proceeding.refresh_from_db()
    award.refresh_from_db()
    assert (proceeding.state, award.state) == ("dismissed", "provisional")


def test_silence_is_heard_at_the_reply_date_and_never_before() -> None:
    w = make.world()
    proceeding = _opened(w, make.paid(w).award)
    make.run_to(AT + timedelta(days=19))
    proceeding.refresh_from_db()
    assert proceeding.state == "noticed"
    settle_down(at=AT + timedelta(days=20))
    proceeding.refresh_from_db()
    assert (proceeding.state, proceeding.reply, proceeding.replied_by) == ("heard", "", None)
    with pytest.raises(NotPossibleNow):
        flow.reply(proceeding.pk, text="Too late.", by=w.hana, at=AT + timedelta(days=20))


def test_only_uninvolved_committee_members_vote_each_once() -> None:
    w = make.world()
    Appointment.objects.create(programme=w.programme, user=w.minjun, role="committee")
    proceeding = _opened(w, make.paid(w).award)
    with pytest.raises(NotPossibleNow):
        _vote(proceeding, w.committee[:1], "c")
    flow.reply(proceeding.pk, text="It was a cell tester.", by=w.hana, at=AT)
    for by in (w.minjun, w.doyun, w.hana, w.olga, w.reviewers[0]):
        with pytest.raises(NotAllowed):
            _vote(proceeding, [by], "c")
    _vote(proceeding, w.committee[:1], "c")
    with pytest.raises(NotAllowed):
        _vote(proceeding, w.committee[:1], "n")
    assert proceeding.votes.count() == 1
    assert list(to_vote(w.committee[0])) == [] and list(to_vote(w.committee[1])) == [proceeding]


def test_whoever_opened_or_voted_does_not_sign() -> None:
    w = make.world()
    for user in (w.minjun, w.committee[0]):
        Appointment.objects.create(programme=w.programme, user=user, role="second_approver")
    proceeding = _opened(w, make.paid(w).award)
    flow.reply(proceeding.pk, text="It was a cell tester.", by=w.hana, at=AT)
    _vote(proceeding, w.committee[:3], "ttt")
    for by in (w.minjun, w.committee[0], w.doyun, w.hana):
        with pytest.raises(NotAllowed):
            flow.sign(proceeding.pk, conclusion="As voted.", by=by, at=AT)


def test_one_of_a_kind_runs_and_only_managers_open_it() -> None:
    w = make.world()
    award = make.paid(w).award
    _opened(w, award)
    with pytest.raises(AlreadyRunning):
        _opened(w, award)
    for by in (w.finn, w.yuna, w.hana, w.olga):
        with pytest.raises(NotPossibleNow):
            flow.open_(award.pk, "recovery", reason="x", possible_outcome="y", amount=1, by=by, at=AT)
    assert Proceeding.objects.count() == 1


def test_a_suspension_nobody_resolves_ends_in_a_proceeding() -> None:
    w = make.world()
    award = make.paid(w).award
    suspend(lock_award(award.pk), Cause.SPECIAL_REVIEW, reason="Doubts.", by=None, at=AT)
    Timer.objects.filter(kind__in=["open_milestone", "account"], status="pending").update(
        status="cancelled", ended_at=AT
    )
    settle_down(at=AT + timedelta(days=61))
    assert Message.objects.filter(to=w.doyun, subject__startswith="Suspension not resolved").exists()
    assert not Proceeding.objects.exists()
    settle_down(at=AT + timedelta(days=75))
    proceeding = Proceeding.objects.get()
    assert (proceeding.kind, proceeding.state, proceeding.opened_by) == ("termination", "noticed", None)


def test_no_proceeding_opens_when_everything_was_put_right_and_only_the_agency_has_not_resumed() -> None:
    w = make.world(account_days=400)
    award = make.paid(w).award
    suspend(lock_award(award.pk), Cause.PLAN_OVERDUE, reason="No plan.", by=None, at=AT)
    Timer.objects.filter(kind="open_milestone", status="pending").update(status="cancelled", ended_at=AT)
    settle_down(at=AT + timedelta(days=61))
    settle_down(at=AT + timedelta(days=75))
    assert not Proceeding.objects.exists()
    assert Message.objects.filter(to=w.doyun, subject__startswith="Suspension not resolved").count() == 2
