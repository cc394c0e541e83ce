"""From the submission to the signature: nobody waits for whom nobody asked, and nothing is offered that cannot be had."""

from datetime import datetime, timedelta

import pytest
from django.utils import translation

from rdfast.appeals.queries import appealable
from rdfast.audit.models import Event
from rdfast.core.refusals import ManyRulesBroken, NotAllowed
from rdfast.core.working_days import after_working_days
from rdfast.flow import allotting, answering, appealing, granting, signing, submitting
from rdfast.flow.deadlines import settle_down, sweep
from rdfast.flow.telling import answerers
from rdfast.funding.limits import OthersWaitFirst
from rdfast.funding.models import Award
from rdfast.funding.operations import AgreementChanged
from rdfast.monitoring.queries import decisions_lately
from rdfast.outbox import operations as outbox
from rdfast.outbox.models import Message
from rdfast.people.models import Conflict, User
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment
from rdfast.programmes.queries import available_in
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import inbox, may
from rdfast.reports import speed
from rdfast.reports.invariants import broken
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import with_due_at
from rdfast.web.templatetags.rdfast import day, when
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
MILLION = 1_000_000


def _appointed(w: make.World, name: str, role: str) -> User:
    user = make.person(name, w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=user, role=role)
    return user


def _told(user: User, beginning: str) -> int:
    return Message.objects.filter(to=user, subject__startswith=beginning).count()


def _pending(kind: Kind) -> list[datetime]:
    return list(Timer.objects.filter(kind=kind, status="pending").values_list("due_at", flat=True))


def _fresh(proposal: Proposal) -> Proposal:
    return Proposal.objects.get(pk=proposal.pk)


# The line for money.


def _appealed(proposal: Proposal, *, by: User, at: datetime = AT) -> None:
    """The proposal's decline is appealed against, and the appeal upheld."""
    (event,) = appealable(_fresh(proposal), at=at)
    appeal = appealing.file(proposal.pk, event.pk, text="It is not.", by=proposal.pi, at=at)
    appealing.uphold(appeal.pk, reason="Right.", by=by, at=at)


def _in_line(w: make.World, *asked: int) -> list[Proposal]:
    """Reopened proposals of an envelope that is empty, the first in line first."""
    left = available_in(w.envelope)
    line = [
        make.submitted(w, by=make.person(f"Pi{number}", w.institute), provisional=amount)
        for number, amount in enumerate(asked)
    ]
    for proposal in line:
        granting.decline(proposal.pk, reason="Too vague.", by=w.minjun, at=AT)
    programmes.cut(w.envelope.pk, amount=left, reason="crisis", key="1", by=None, at=AT)
    for number, proposal in enumerate(line):
        _appealed(proposal, by=w.committee[0], at=AT + number * HOUR)
    return line


def _money(w: make.World, amount: int, *, key: str) -> None:
    allotting.allot(w.envelope.pk, amount=amount, reason="more", key=f"more-{key}", by=w.finn, at=AT + DAY)
    settle_down(at=AT + DAY)


def _world_with_two_managers() -> tuple[make.World, User]:
    w = make.world(
        allotted=600 * MILLION,
        programme_exposure_percent=100,
        organisation_exposure_percent=100,
        cover_percent=0,
    )
    return w, _appointed(w, "Dohyun", "manager")


def test_the_first_in_line_is_granted_though_others_wait_behind_it() -> None:
    w, other = _world_with_two_managers()
    first, second = _in_line(w, 60 * MILLION, 30 * MILLION)
    _money(w, 70 * MILLION, key="2")
    assert _fresh(first).waits_since is None
    assert _fresh(second).waits_since is not None
    outsider = make.submitted(w, by=make.person("Rival", w.institute), provisional=10 * MILLION, at=AT)
    with pytest.raises(OthersWaitFirst):
        granting.approve(outsider.pk, amount=10 * MILLION, reason="Yes.", by=w.minjun, at=AT + DAY)

    granting.approve(first.pk, amount=60 * MILLION, reason="Yes.", by=other, at=AT + DAY)

    assert Award.objects.get().proposal == first
    with pytest.raises(OthersWaitFirst):
        granting.approve(outsider.pk, amount=10 * MILLION, reason="Yes.", by=w.minjun, at=AT + DAY)
    _money(w, 20 * MILLION, key="3")
    granting.approve(second.pk, amount=30 * MILLION, reason="Yes.", by=other, at=AT + DAY)
    assert broken(at=AT + DAY) == []


def test_of_two_who_are_served_the_second_leaves_what_is_kept_for_the_first() -> None:
    w, other = _world_with_two_managers()
    first, second = _in_line(w, 60 * MILLION, 30 * MILLION)
    _money(w, 90 * MILLION, key="2")
    assert _fresh(second).waits_since is None
    programmes.cut(w.envelope.pk, amount=10 * MILLION, reason="less", key="3", by=None, at=AT + DAY)
    with pytest.raises(OthersWaitFirst):
        granting.approve(second.pk, amount=30 * MILLION, reason="Yes.", by=other, at=AT + DAY)

    granting.approve(first.pk, amount=60 * MILLION, reason="Yes.", by=other, at=AT + DAY)

    granting.approve(second.pk, amount=20 * MILLION, reason="Yes.", by=other, at=AT + DAY)
    assert broken(at=AT + DAY) == []


# A decision that is late.


def test_a_late_decision_is_told_every_week_until_somebody_decides() -> None:
    w = make.world()
    proposal = make.submitted(w)
    due_at = AT + 48 * HOUR
    make.run_to(due_at + 15 * DAY)
    assert (_told(w.doyun, "Decision late"), _told(w.minjun, "Decision late")) == (3, 3)
    assert _pending(Kind.DECIDE) == [due_at + 21 * DAY]
    assert Event.objects.filter(kind="proposal.escalated").count() == 1
    assert broken(at=due_at + 15 * DAY) == []

    granting.decline(proposal.pk, reason="no", by=w.doyun, at=due_at + 15 * DAY)
    assert _pending(Kind.DECIDE) == []


def test_a_late_second_approval_is_told_to_who_has_to_give_it() -> None:
    w = make.world(second_approval_above=50 * MILLION)
    proposal = make.submitted(w)
    granting.approve(proposal.pk, amount=60 * MILLION, reason="Yes.", by=w.minjun, at=AT)
    make.run_to(AT + 32 * HOUR)
    assert [_told(user, "Decision late") for user in (w.yuna, w.doyun, w.minjun)] == [1, 1, 1]
    assert _pending(Kind.SECOND_APPROVAL) == [AT + 24 * HOUR + WEEK]
    make.run_to(AT + 24 * HOUR + WEEK)
    assert _told(w.yuna, "Decision late") == 2
    granting.approve_second(proposal.pk, reason="Yes.", by=w.yuna, at=AT + 9 * DAY)
    assert _pending(Kind.SECOND_APPROVAL) == []
    assert broken(at=AT + 9 * DAY) == []


def test_a_late_decision_stays_late_wherever_it_is_counted_or_listed() -> None:
    w = make.world()
    proposal = make.submitted(w)
    due_at, at = AT + 48 * HOUR, AT + 6 * DAY
    make.run_to(at)
    (listed,) = with_due_at(inbox(w.doyun), Kind.DECIDE, Kind.SECOND_APPROVAL, matter="pk")
    assert listed.due_at == due_at  # type: ignore[attr-defined]

    granting.decline(proposal.pk, reason="no", by=w.doyun, at=at)

    (counted,) = decisions_lately(at + HOUR)
    assert (counted.in_time, counted.late) == (0, 1)
    found = speed.of_proposal(_fresh(proposal))
    assert found and (found.to_decision, found.stops) == (6 * DAY, [])


def test_a_late_decision_that_the_head_gives_away_has_one_clock() -> None:
    w = make.world()
    deputy = _appointed(w, "Dohyun", "deputy")
    proposal = make.submitted(w)
    make.run_to(AT + 3 * DAY)
    granting.reassign(proposal.pk, deputy, reason="Minjun is ill.", by=w.doyun, at=AT + 3 * DAY)
    assert _pending(Kind.DECIDE) == [AT + 4 * DAY]
    assert broken(at=AT + 3 * DAY) == []


def test_the_administrators_are_told_when_nobody_of_the_programme_may_answer() -> None:
    w = make.world()
    for user in (w.minjun, w.doyun):
        Conflict.objects.create(user=user, with_user=w.hana, reason="kin", declared_at=AT)
    proposal = make.submitted(w)
    assert _told(w.admin, "Nobody may answer") == 1
    make.run_to(AT + 48 * HOUR + WEEK)
    assert _told(w.admin, "Nobody may answer") == 3
    assert _told(w.minjun, "Decision late") == _told(w.doyun, "Decision late") == 0

    new = _appointed(w, "Dohyun", "manager")
    granting.decline(proposal.pk, reason="no", by=new, at=AT + 10 * DAY)
    assert broken(at=AT + 10 * DAY) == []


# Nobody but the head may decide.


def test_what_no_manager_may_decide_is_the_heads_from_the_submission_on() -> None:
    w = make.world()
    Conflict.objects.create(user=w.minjun, with_user=w.hana, reason="kin", declared_at=AT)
    proposal = make.submitted(w)
    assert list(inbox(w.doyun)) == [proposal]
    assert (_told(w.doyun, "Yours to decide"), _told(w.minjun, "To decide")) == (1, 0)
    assert not Event.objects.filter(kind="proposal.escalated").exists()
    granting.give_back(proposal.pk, reason="A criterion.", by=w.doyun, at=AT)

    submitting.submit(proposal.pk, by=w.hana, at=AT + HOUR)

    assert _told(w.doyun, "Yours to decide") == 2
    granting.approve(proposal.pk, amount=60 * MILLION, reason="Yes.", by=w.doyun, at=AT + HOUR)
    assert broken(at=AT + HOUR) == []


def test_the_heads_own_proposal_to_decide_is_late_after_the_usual_time() -> None:
    w = make.world()
    Conflict.objects.create(user=w.minjun, with_user=w.hana, reason="kin", declared_at=AT)
    make.submitted(w)
    make.run_to(AT + 48 * HOUR - timedelta(seconds=1))
    assert _told(w.doyun, "Decision late") == 0
    make.run_to(AT + 48 * HOUR)
    assert _told(w.doyun, "Decision late") == 1


def test_what_a_manager_may_decide_is_not_the_heads() -> None:
    w = make.world()
    proposal = make.submitted(w)
    assert list(inbox(w.doyun)) == []
    assert _told(w.doyun, "Yours to decide") == 0
    with pytest.raises(NotAllowed):
        granting.decline(proposal.pk, reason="no", by=w.doyun, at=AT)


def test_what_the_only_manager_declined_is_the_heads_once_it_is_reopened() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.decline(proposal.pk, reason="Too vague.", by=w.minjun, at=AT)
    _appealed(proposal, by=w.committee[0])
    assert list(inbox(w.doyun)) == [proposal] and list(inbox(w.minjun)) == []
    assert _told(w.doyun, "Yours to decide") == 1
    granting.approve(proposal.pk, amount=60 * MILLION, reason="Yes.", by=w.doyun, at=AT)
    assert broken(at=AT) == []


def test_what_is_served_from_the_line_is_the_heads_where_the_only_manager_said_no() -> None:
    w = make.world(allotted=600 * MILLION, programme_exposure_percent=100, organisation_exposure_percent=100)
    (proposal,) = _in_line(w, 30 * MILLION)
    assert list(inbox(w.doyun)) == []
    _money(w, 500 * MILLION, key="2")
    assert list(inbox(w.doyun)) == [proposal]
    assert broken(at=AT + DAY) == []


def test_a_recommendation_is_the_heads_where_no_second_approver_may_sign_it() -> None:
    w = make.world(second_approval_above=50 * MILLION)
    Conflict.objects.create(user=w.yuna, with_user=w.hana, reason="kin", declared_at=AT)
    proposal = make.submitted(w)
    granting.approve(proposal.pk, amount=60 * MILLION, reason="Yes.", by=w.minjun, at=AT)
    assert list(inbox(w.doyun)) == [proposal]
    granting.refuse_second(proposal.pk, reason="Not yet.", by=w.doyun, at=AT)
    assert list(inbox(w.doyun)) == [] and list(inbox(w.minjun)) == [proposal]
    assert broken(at=AT) == []


def test_the_last_manager_who_declares_a_conflict_leaves_it_to_the_head_at_once() -> None:
    w = make.world()
    proposal = make.submitted(w)
    answering.declare_conflict(proposal.pk, reason="kin", by=w.minjun, at=AT + HOUR)
    assert list(inbox(w.minjun)) == [] and list(inbox(w.doyun)) == [proposal]
    assert _told(w.doyun, "Yours to decide") == 1
    answering.declare_conflict(proposal.pk, reason="kin", by=w.doyun, at=AT + 2 * HOUR)
    assert _told(w.admin, "Nobody may answer") == 1
    assert broken(at=AT + 2 * HOUR) == []


def test_a_conflict_of_one_of_two_managers_changes_nothing_for_the_head() -> None:
    w = make.world()
    other = _appointed(w, "Dohyun", "deputy")
    proposal = make.submitted(w)
    answering.declare_conflict(proposal.pk, reason="kin", by=w.minjun, at=AT)
    assert list(inbox(w.doyun)) == [] and list(inbox(other)) == [proposal]


# Signing late.


def _offered_with(w: make.World, *days: int) -> Award:
    planned = [
        make.Planned(f"Step {number}", "It holds", (AT + day * DAY).date(), 100 // len(days))
        for number, day in enumerate(days, start=1)
    ]
    return make.offered(w, milestones=planned)


def _sign(award: Award, w: make.World, *, read_at: datetime, at: datetime) -> Award:
    sha256 = signing.agreement_hash(signing.agreement_text(award, at=read_at))
    return signing.sign(award.pk, sha256=sha256, account=make.ACCOUNT, by=w.sejin, at=at)


def _due_days(award: Award) -> list[int]:
    """The days on which its milestones are due, counted from the Monday."""
    due = award.milestones.order_by("number").values_list("due_on", flat=True)
    return [(each - AT.date()).days for each in due]


def test_a_late_signature_moves_all_milestones_and_keeps_their_distances() -> None:
    w = make.world()
    award = _offered_with(w, 5, 12, 19, 26)
    signed_at = AT + 25 * DAY
    _sign(award, w, read_at=signed_at, at=signed_at)
    assert _due_days(award) == [39, 46, 53, 60]
    assert Event.objects.filter(kind="milestone.due_day_moved").count() == 4
    expected = award.tranches.filter(after_milestone__isnull=False).order_by("number")
    assert [(each.expected_on - AT.date()).days for each in expected] == [39, 46, 53]
    assert broken(at=signed_at) == []


def test_a_signature_in_time_moves_nothing() -> None:
    w = make.world()
    award = _offered_with(w, 60, 150)
    _sign(award, w, read_at=AT + 2 * DAY, at=AT + 20 * DAY)
    assert _due_days(award) == [60, 150]
    assert not Event.objects.filter(kind="milestone.due_day_moved").exists()


def test_no_milestone_is_moved_beyond_the_last_day_of_the_work() -> None:
    w = make.world()
    w.call.work_ends_on = (AT + 50 * DAY).date()
    w.call.save(update_fields=["work_ends_on"])
    award = _offered_with(w, 5, 35, 49, 50)
    _sign(award, w, read_at=AT + 25 * DAY, at=AT + 25 * DAY)
    assert _due_days(award) == [39, 48, 49, 50]


def test_the_agreement_names_the_days_that_apply_once_it_is_signed() -> None:
    w = make.world()
    award = _offered_with(w, 5, 12)
    signed_at = AT + 10 * DAY
    _sign(award, w, read_at=signed_at, at=signed_at)
    award.refresh_from_db()
    for milestone in award.milestones.order_by("number"):
        with translation.override("en"):
            assert f"Milestone {milestone.number}, due {day(milestone.due_on)}" in award.agreement.text
    assert award.agreement.sha256 == signing.agreement_hash(award.agreement.text)


def test_an_agreement_read_the_day_before_is_read_again_where_its_days_have_moved() -> None:
    w = make.world()
    award = _offered_with(w, 5, 12)
    read_at = AT + 10 * DAY
    with pytest.raises(AgreementChanged):
        _sign(award, w, read_at=read_at, at=read_at + DAY)
    award.refresh_from_db()
    assert (award.state, _due_days(award)) == ("offered", [5, 12])
    assert not Event.objects.filter(kind="milestone.due_day_moved").exists()


# What cannot be signed.


def test_what_nobody_could_sign_is_refused_at_submission() -> None:
    w = make.world()
    draft = make.draft(w)
    User.objects.filter(pk=w.sejin.pk).update(is_active=False)
    with pytest.raises(ManyRulesBroken, match="Nobody who signs for this organisation") as refused:
        submitting.submit(draft.pk, by=w.hana, at=AT)
    assert [each.field for each in refused.value.refusals] == ["organisation"]
    assert _fresh(draft).state == "draft"


def test_what_nobody_could_sign_any_more_is_not_granted() -> None:
    w = make.world()
    proposal = make.submitted(w)
    User.objects.filter(pk=w.sejin.pk).update(is_signatory=False)
    with pytest.raises(ManyRulesBroken, match="Nobody who signs for this organisation"):
        granting.approve(proposal.pk, amount=60 * MILLION, reason="Yes.", by=w.minjun, at=AT)
    assert not Award.objects.exists()
    assert _fresh(proposal).state == "submitted"


def test_where_the_investigator_may_sign_nobody_else_has_to() -> None:
    w = make.world(signed_by_pi_allowed=True)
    User.objects.filter(pk=w.sejin.pk).update(is_active=False)
    assert make.offered(w).state == "offered"


def test_nothing_is_signed_while_a_recovery_is_overdue() -> None:
    w = make.world(sign_days=60)
    recovery = make.recovery(w, make.paid(w).award)
    other = make.person("Other", w.institute)
    award = make.offered(w, by=other, at=AT + 25 * DAY)
    late = AT + 65 * DAY
    make.run_to(late)
    recovery.refresh_from_db()
    assert recovery.state == "overdue"

    with pytest.raises(NotAllowed, match="not paid yet"):
        _sign(award, w, read_at=late, at=late)

    award.refresh_from_db()
    assert (award.state, award.signed_at) == ("offered", None)


# A returned proposal.


@pytest.mark.parametrize("days", [2, 3, 5])
@pytest.mark.parametrize("weekday", range(5))
def test_a_returned_proposal_lapses_on_its_day_wherever_the_weekend_lies(days: int, weekday: int) -> None:
    w = make.world(resubmit_working_days=days)
    at = AT + weekday * DAY
    proposal = make.submitted(w, at=at)
    granting.give_back(proposal.pk, reason="A criterion.", by=w.minjun, at=at)
    due_at = after_working_days(at, days)
    while (moment := make.next_due()) is not None and moment <= due_at:
        sweep(at=moment)
        outbox.deliver_waiting(at=moment + timedelta(minutes=1))  # a mail takes its time
    assert not Event.objects.filter(kind="clock.stopped").exists()
    assert _fresh(proposal).decided_at == due_at
    assert _told(w.hana, "Reminder") == 1


# Whoever may appeal is told.


@pytest.mark.parametrize(
    ("answer", "subject"), [("decline", "Declined"), ("route", "Passed to the standard")]
)
def test_who_signs_for_the_organisation_is_told_what_may_be_appealed_against(
    answer: str, subject: str
) -> None:
    w = make.world()
    proposal = make.submitted(w)
    getattr(granting, answer)(proposal.pk, reason="Too vague.", by=w.minjun, at=AT)
    assert [_told(user, subject) for user in (w.hana, w.sejin, w.olga)] == [1, 1, 0]
    (event,) = appealable(_fresh(proposal), at=AT)

    appeal = appealing.file(proposal.pk, event.pk, text="It is not.", by=w.sejin, at=AT)
    appealing.reject(appeal.pk, reason="It is.", by=w.committee[0], at=AT)

    assert _told(w.sejin, "Appeal decided") == 1


def test_an_appeal_that_waits_too_long_names_no_days_that_the_policy_changed() -> None:
    w = make.world(decide_appeal_days=12)
    proposal = make.submitted(w)
    granting.decline(proposal.pk, reason="Too vague.", by=w.minjun, at=AT)
    (event,) = appealable(_fresh(proposal), at=AT)
    appealing.file(proposal.pk, event.pk, text="It is not.", by=w.hana, at=AT)
    make.run_to(AT + 12 * DAY)
    late = Message.objects.get(to=w.doyun, subject__startswith="Appeal waits")
    assert "thirty" not in late.body
    assert "has passed" in late.body


def test_the_mail_about_a_grant_says_how_much_and_until_when() -> None:
    w = make.world()
    make.offered(w)
    told = Message.objects.get(to=w.sejin, subject__startswith="Approved")
    assert "₩60,000,000 is reserved for you" in told.body
    with translation.override("en"):
        assert f"by {when(AT + 3 * DAY)}; if it is not signed by {when(AT + 30 * DAY)}" in told.body


def test_those_who_are_asked_are_those_who_may_answer() -> None:
    w = make.world()
    deputy = make.person("Deputy", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=deputy, role="deputy")
    everybody = [w.minjun, deputy, w.yuna, w.doyun, w.finn, w.hana, w.sejin, w.committee[0]]
    proposal = make.submitted(w, provisional=105_000_000)

    def asked() -> None:
        proposal.refresh_from_db()
        may_answer = {user for user in everybody if may("approve", proposal, user)}
        assert set(answerers(proposal)) == may_answer

    asked()
    granting.approve(proposal.pk, amount=105_000_000, reason="Yes.", by=w.minjun, at=make.MONDAY)
    asked()
    make.run_to(make.MONDAY + timedelta(days=3))
    asked()
    granting.refuse_second(proposal.pk, reason="No.", by=w.yuna, at=make.MONDAY + timedelta(days=3))
    asked()
    granting.decline(proposal.pk, reason="No.", by=w.minjun, at=make.MONDAY + timedelta(days=4))
    asked()
