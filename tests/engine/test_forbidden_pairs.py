"""Nobody acts in two roles on one award, also when an appointment comes in between."""

import pytest

from rdfast.core.refusals import RuleBroken
from rdfast.flow import evaluating, granting, paying
from rdfast.funding.models import Payment
from rdfast.people import operations as people
from rdfast.programmes.models import Appointment
from rdfast.reviews.models import Finding, Review
from tests import make

pytestmark = pytest.mark.django_db
SCORES = dict.fromkeys(("reached", "evidence", "worth", "money"), 4)


def _appoint(w: make.World, user: make.User, role: str) -> None:
    Appointment.objects.create(programme=w.programme, user=user, role=role)


def _delivered(w: make.World) -> list[Review]:
    milestone = make.reported(w)
    at = milestone.reported_at or make.MONDAY
    reviews = list(Review.objects.filter(state="invited").order_by("pk"))
    for review in reviews:
        evaluating.accept(review.pk, by=review.reviewer, at=at)
    for review in reviews:
        evaluating.deliver(review.pk, scores=SCORES, grade="passed", comments="ok", by=review.reviewer, at=at)
    return reviews


def test_a_reviewer_who_became_a_manager_cannot_take_a_review_on() -> None:
    w = make.world()
    make.reported(w)
    review = Review.objects.filter(state="invited").earliest("pk")
    _appoint(w, review.reviewer, "manager")
    with pytest.raises(RuleBroken, match="You decide in this programme now"):
        evaluating.accept(review.pk, by=review.reviewer, at=make.MONDAY)
    evaluating.decline(review.pk, reason="I manage it now", by=review.reviewer, at=make.MONDAY)
    assert Review.objects.get(pk=review.pk).state == "declined"


def test_a_conflict_declared_after_accepting_stops_the_review() -> None:
    w = make.world()
    make.reported(w)
    review = Review.objects.filter(state="invited").earliest("pk")
    evaluating.accept(review.pk, by=review.reviewer, at=make.MONDAY)
    people.declare_conflict(
        review.reviewer, with_user=w.hana, with_organisation=None, reason="kin", at=make.MONDAY
    )
    with pytest.raises(RuleBroken, match="conflict of interest with the applicant"):
        evaluating.deliver(
            review.pk, scores=SCORES, grade="passed", comments="ok", by=review.reviewer, at=make.MONDAY
        )
    assert Review.objects.get(pk=review.pk).state == "accepted"


def test_whoever_reviewed_does_not_confirm_the_finding() -> None:
    w = make.world()
    reviewer = _delivered(w)[0].reviewer
    _appoint(w, reviewer, "manager")
    finding = Finding.objects.get()
    with pytest.raises(RuleBroken, match="somebody else must confirm"):
        evaluating.confirm(finding.pk, reason="", by=reviewer, at=finding.made_at)
    finding.refresh_from_db()
    assert finding.confirmed_at is None
    assert finding.milestone.state == "under_review"


def test_the_first_approver_does_not_give_the_second_approval() -> None:
    w = make.world()
    proposal = make.submitted(w, provisional=105_000_000)
    granting.approve(proposal.pk, amount=105_000_000, reason="yes", by=w.minjun, at=make.MONDAY)
    _appoint(w, w.minjun, "second_approver")
    for decide in (granting.approve_second, granting.refuse_second):
        with pytest.raises(RuleBroken):
            decide(proposal.pk, reason="me too", by=w.minjun, at=make.MONDAY)
    proposal.refresh_from_db()
    assert proposal.state == "recommended"


def test_the_approver_of_a_payment_does_not_release_it() -> None:
    w = make.world()
    _appoint(w, w.minjun, "finance")
    tranche = make.signed(w).tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    with pytest.raises(RuleBroken):
        paying.release(tranche.pk, by=w.minjun, at=make.MONDAY)
    assert not Payment.objects.exists()
