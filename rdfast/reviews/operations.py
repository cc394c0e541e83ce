"""Writes of reviews and findings. Every write locks the award, then the milestone, first."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding.models import Award
from rdfast.milestones.models import Milestone
from rdfast.milestones.operations import lock_milestone
from rdfast.milestones.states import EVALUATED
from rdfast.people.models import User
from rdfast.people.queries import has_conflict
from rdfast.proposals.queries import applicants_of
from rdfast.reviews import queries, rules
from rdfast.reviews.models import Finding, Review
from rdfast.reviews.states import MACHINE, PENDING, Grade, State


class NotACandidate(RuleBroken):
    """The person has a conflict, decides in the programme, took another part in the matter, or was asked already."""


class ReviewIncomplete(RuleBroken):
    """A review has every score, a grade and comments."""


@one_transaction
def invite(milestone_id: int, reviewer: User, *, by: User | None, at: datetime) -> Review:
    """Invite one more reviewer; the clock does, or the manager. Conflicts are checked before inviting."""
    milestone = lock_milestone(milestone_id)
    ensure(
        rules.expects_reviewers(milestone_state=milestone.state, has_finding=queries.has_finding(milestone)),
        _("The panel of this milestone has given its result, so no more reviewers are invited."),
    )
    if not queries.candidates(milestone).filter(pk=reviewer.pk).exists():
        raise NotACandidate(_("This person cannot review this milestone."), field="reviewer")
    review = Review.objects.create(
        milestone=milestone, round=queries.review_round(milestone), reviewer=reviewer, invited_at=at
    )
    audit.began(review, by=by, at=at)
    return review


def lock_review(review_id: int) -> Review:
    """Hold the award, the milestone, then the review."""
    milestone_id = Review.objects.filter(pk=review_id).values_list("milestone", flat=True).first() or 0
    milestone = lock_milestone(milestone_id)
    review = lock(Review, review_id)
    review.milestone = milestone
    return review


@one_transaction
def accept(review_id: int, *, by: User, at: datetime) -> Review:
    """The reviewer declares to have no conflict of interest and takes the review on."""
    review = _lock_own(review_id, "accept", by)
    review.accept(at=at)
    return _save(review, ["accepted_at"], by, at)


@one_transaction
def decline(review_id: int, *, reason: str, by: User, at: datetime) -> Review:
    """The reviewer has no time, or is not the right one."""
    review = _lock_own(review_id, "decline", by)
    review.decline()
    return _save(review, [], by, at, reason)


@one_transaction
def recuse(review_id: int, *, reason: str, by: User, at: datetime) -> Review:
    """The reviewer has a conflict of interest."""
    review = _lock_own(review_id, "recuse", by)
    review.recuse()
    return _save(review, [], by, at, reason)


@one_transaction
def submit(
    review_id: int, *, scores: dict[str, int], grade: str, comments: str, by: User, at: datetime
) -> Review:
    """Deliver the evaluation. Raises ReviewIncomplete unless every part of the rubric is answered."""
    review = _lock_own(review_id, "submit", by)
    if set(scores) != set(rules.RUBRIC) or not all(score in rules.SCORES for score in scores.values()):
        raise ReviewIncomplete(_("Give every score, from 1 to 5."), field="scores")
    if grade not in Grade.values:
        raise ReviewIncomplete(_("Choose a grade."), field="grade")
    if not comments.strip():
        raise ReviewIncomplete(_("Explain your grade in a few sentences."), field="comments")
    review.submit(at=at, scores=scores, grade=grade, comments=comments)
    fields = ["submitted_at", "grade", "comments", *(f"score_{name}" for name in rules.RUBRIC)]
    return _save(review, fields, by, at)


@one_transaction
def expire(review_id: int, *, at: datetime) -> Review:
    """The clock, or a finding made without it: the reviewer is no longer waited for."""
    review = lock_review(review_id)
    review.expire()
    return _save(review, [], None, at)


@one_transaction
def make_finding(milestone: Milestone, *, at: datetime) -> Finding:
    """The panel's result from what was delivered; later answers no longer count."""
    reviews = list(queries.of_round(milestone).select_for_update(no_key=True, of=("self",)))
    for review in reviews:
        review.milestone = milestone
        if review.state in PENDING:
            review.expire()
            _save(review, [], None, at)
        elif review.state == State.SUBMITTED:
            review.lock()
            _save(review, [], None, at)
    grades = [review.grade for review in reviews if review.state == State.LOCKED]
    result = rules.finding_of(grades)
    finding = Finding.objects.create(
        milestone=milestone, round=milestone.round, result=result, grades=grades, made_at=at
    )
    audit.record("finding.made", of=finding, by=None, at=at, data={"result": result, "grades": grades})
    return finding


@one_transaction
def confirm(finding_id: int, *, reason: str, by: User, at: datetime) -> Finding:
    """A manager (or the head) confirms the panel's result; a second confirmation is refused."""
    milestone_id = Finding.objects.filter(pk=finding_id).values_list("milestone", flat=True).first() or 0
    milestone = lock_milestone(milestone_id)
    finding = lock(Finding, finding_id)
    finding.milestone = milestone
    ensure(finding.confirmed_at is None, _("This finding was confirmed already."))
    ensure(
        not queries.has_reviewed(by, milestone.award),
        _("You have reviewed under this award, so somebody else must confirm the finding."),
    )
    finding.confirmed_by = by
    finding.confirmed_at = at
    finding.reason = reason
    finding.save(update_fields=["confirmed_by", "confirmed_at", "reason"])
    audit.record(
        "finding.confirmed", of=finding, by=by, at=at, reason=reason, data={"result": finding.result}
    )
    return finding


def _lock_own(review_id: int, move: str, by: User) -> Review:
    review = lock_review(review_id)
    ensure(review.reviewer_id == by.pk, _("This is another person's review."))
    if review.state not in MACHINE.sources_of(move):
        raise NotPossibleNow(review)
    if move not in {"decline", "recuse"}:
        _ensure_impartial(review.milestone.award, by)
    is_reported = review.milestone.state in EVALUATED
    ensure(
        rules.may(move, state=review.state, is_reviewer=True, is_reported=is_reported),
        _("The milestone has not been reported yet."),
    )
    return review


def _ensure_impartial(award: Award, by: User) -> None:
    """Asked before inviting too; an appointment or a declared conflict may have come since."""
    ensure(
        not queries.decides_in(by, award.proposal.call.programme_id),
        _("You decide in this programme now, so you cannot review in it. Please turn the invitation down."),
    )
    ensure(
        not queries.took_another_part(by, award),
        _(
            "You took another part in this matter, so you cannot review in it. Please turn the invitation down."
        ),
    )
    applicants = applicants_of(award.proposal)
    ensure(
        not has_conflict(by, applicants=applicants, organisation_id=award.organisation_id),
        _("You have a conflict of interest with the applicant, so you cannot review this milestone."),
    )


def _save(review: Review, fields: list[str], by: User | None, at: datetime, reason: str = "") -> Review:
    review.save(update_fields=["state", *fields])
    audit.moved(review, by=by, at=at, reason=reason)
    return review
