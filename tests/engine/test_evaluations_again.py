"""Evaluations, looked at again: who may review, who is asked, what an appeal holds up, what the letters say."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from rdfast.appeals.queries import appealable
from rdfast.core.refusals import RuleBroken
from rdfast.core.working_days import after_working_days
from rdfast.flow import appealing, evaluating, planning, proceeding
from rdfast.flow.deadlines import settle_down
from rdfast.milestones.models import Milestone
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.plans.models import Plan
from rdfast.programmes.models import Appointment
from rdfast.reports.invariants import broken
from rdfast.reviews.models import Review
from rdfast.reviews.operations import NotACandidate
from rdfast.reviews.queries import candidates
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY
DAY = timedelta(days=1)


def _appoint(w: make.World, user: User, role: str) -> None:
    Appointment.objects.create(programme=w.programme, user=user, role=role)


def _due(kind: Kind) -> datetime:
    return Timer.objects.get(kind=kind, status="pending").due_at


# A plan that comes back.


def test_a_plan_returned_early_is_due_no_earlier_than_it_was() -> None:
    w = make.world()
    plan = make.plan_handed_in(make.signed(w))
    returned = planning.return_(plan.pk, reason="Say more about the data.", by=w.minjun, at=AT + DAY)
    assert returned.due_at == plan.due_at > after_working_days(AT + DAY, 10)
    assert _due(Kind.PLAN_DUE) == plan.due_at


def test_a_plan_returned_late_is_due_ten_working_days_later() -> None:
    w = make.world()
    award = make.signed(w)
    late = AT + 25 * DAY
    planning.return_(make.plan_handed_in(award, at=late).pk, reason="The data?", by=w.minjun, at=late)
    assert Plan.objects.get().due_at == _due(Kind.PLAN_DUE) == after_working_days(late, 10)


# A condition that is appealed against.


def test_a_condition_does_not_run_out_while_an_appeal_against_it_waits() -> None:
    w = make.world(account_days=400)
    milestone = make.passed(w, grade="conditional")
    at = milestone.reported_at or AT
    (event,) = appealable(milestone.award.proposal, at=at)
    filed_at = at + 9 * DAY
    appeal = appealing.file(milestone.award.proposal_id, event.pk, text="All held.", by=w.hana, at=filed_at)

    make.run_to(at + 38 * DAY)
    assert Milestone.objects.get(pk=milestone.pk).state == "conditional"
    assert not Message.objects.filter(subject__startswith="Condition not met").exists()

    appealing.reject(appeal.pk, reason="They read it well.", by=w.committee[0], at=at + 38 * DAY)
    assert at + 38 * DAY < _due(Kind.CURE) <= at + 45 * DAY
    make.run_to(at + 45 * DAY)
    assert Milestone.objects.get(pk=milestone.pk).state == "failed"
    assert broken(at=at + 45 * DAY) == []


# Who reviews.


def test_whoever_acted_in_a_matter_reviews_nothing_of_it_after_changing_office() -> None:
    w = make.world()
    milestone = make.opened(w)
    newcomer = make.person("Neu", w.reviewers[0].organisation)
    for former in (w.minjun, w.finn):
        Appointment.objects.filter(user=former).delete()
        _appoint(w, former, "reviewer")
    _appoint(w, newcomer, "reviewer")

    assert set(candidates(milestone)) & {w.minjun, w.finn, newcomer} == {newcomer}
    with pytest.raises(NotACandidate):
        evaluating.invite(milestone.pk, w.minjun, by=w.doyun, at=AT)
    assert not Review.objects.filter(reviewer=w.minjun).exists()


def test_an_invited_reviewer_who_acted_in_the_matter_meanwhile_turns_the_invitation_down() -> None:
    w = make.world()
    milestone = make.opened(w)
    review = Review.objects.filter(state="invited").earliest("pk")
    _appoint(w, review.reviewer, "deputy")
    evaluating.invite(milestone.pk, candidates(milestone)[0], by=review.reviewer, at=AT)
    Appointment.objects.filter(user=review.reviewer, role="deputy").delete()

    with pytest.raises(RuleBroken, match="You took another part in this matter"):
        evaluating.accept(review.pk, by=review.reviewer, at=AT)
    evaluating.decline(review.pk, reason="I was the deputy.", by=review.reviewer, at=AT)
    assert Review.objects.get(pk=review.pk).state == "declined"


def test_whoever_reviewed_a_milestone_is_asked_first_for_the_next() -> None:
    w = make.world()
    first = make.passed(w)
    panel = set(Review.objects.filter(milestone=first, state="locked").values_list("reviewer", flat=True))
    following = first.award.milestones.get(number=2)
    settle_down(at=make.start_of(following.due_on - 13 * DAY))
    asked = Review.objects.filter(milestone=following).values_list("reviewer", flat=True)
    assert len(panel) == 3 and set(asked) == panel


# Who is asked for help.


def _nobody_left(w: make.World) -> Milestone:
    """A reported milestone whose three invited reviewers are all there are."""
    milestone = make.reported(w)
    asked = Review.objects.values("reviewer")
    Appointment.objects.filter(role="reviewer").exclude(user__in=asked).delete()
    return milestone


def test_whoever_was_appointed_since_is_invited_when_the_quorum_is_missing() -> None:
    w = make.world()
    milestone = _nobody_left(w)
    make.run_to((milestone.reported_at or AT) + 4 * DAY)
    assert not Review.objects.filter(state="invited").exists()
    newcomer = make.person("Neu", w.reviewers[0].organisation)
    _appoint(w, newcomer, "reviewer")

    make.run_to(_due(Kind.REACH_QUORUM))

    (review,) = Review.objects.filter(state="invited")
    assert review.reviewer == newcomer
    assert Message.objects.filter(to=w.doyun, subject__startswith="Too few reviews").exists()


def test_administrators_are_told_when_reviewers_have_to_be_appointed() -> None:
    w = make.world()
    milestone = _nobody_left(w)
    make.run_to((milestone.reported_at or AT) + 4 * DAY)
    for person, address in (
        (w.admin, reverse("admin:programmes_programme_change", args=[w.programme.pk])),
        (w.minjun, reverse("milestone", args=[milestone.pk])),
    ):
        told = Message.objects.filter(to=person, subject__startswith="Reviewers needed").earliest("pk")
        assert "appointed to the programme “Bold research”" in told.body
        assert told.body.endswith(address)


# What letters say.


@pytest.mark.parametrize("grade", ["passed", "conditional", "failed"])
def test_a_finding_says_until_when_it_can_be_appealed_against(grade: str) -> None:
    w = make.world()
    milestone = make.passed(w, grade=grade)
    told = Message.objects.get(to=w.hana, subject__startswith="Result of the review")
    until = make.timezone.localtime((milestone.reported_at or AT) + 10 * DAY)
    assert (f"You may appeal until {until:%a} {until.day} {until:%b %Y %H:%M}" in told.body) == (
        grade != "passed"
    )


@pytest.mark.parametrize("kind", ["for_cause", "technical"])
def test_the_letter_about_a_termination_says_of_which_kind_and_until_when(kind: str) -> None:
    w = make.world()
    award = make.paid(w).award
    opened = proceeding.open_(
        award.pk, "termination", reason="A car.", possible_outcome="An end.", by=w.minjun, at=AT
    )
    proceeding.reply(opened.pk, text="No.", by=w.hana, at=AT)
    for member in w.committee[:3]:
        proceeding.vote(opened.pk, is_for=True, termination_kind=kind, reason="Yes.", by=member, at=AT)
    proceeding.sign(opened.pk, conclusion="Yes.", by=w.yuna, at=AT)
    told = Message.objects.get(to=w.sejin, subject__startswith="Proceeding ended").body
    assert "The award is terminated. Kind:" in told
    assert "The last claim is due by Sun 31 Jan 2027 10:00" in told
    assert ("may appeal until Thu 12 Nov 2026 10:00" in told) == (kind == "for_cause")
    final_claim = Timer.objects.get(kind=Kind.FINAL_CLAIM)
    assert final_claim.due_at == AT + timedelta(days=90)
