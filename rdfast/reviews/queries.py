"""Reads of reviews and findings, and who may be invited."""

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rdfast.audit.models import Event
from rdfast.audit.queries import acts_in
from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.milestones.models import Evidence, Milestone
from rdfast.milestones.states import EVALUATED
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.people.queries import without_conflict
from rdfast.programmes.models import Appointment
from rdfast.programmes.queries import holders, serves
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import applicants_of, without_conflicts_of
from rdfast.reviews.models import Finding, Review
from rdfast.reviews.rules import WHO_IS_REVIEWER
from rdfast.reviews.states import DELIVERED, PENDING, State

Role = Appointment.Role
# A reviewer decides nothing else on the same award (forbidden pairs).
_DECIDING = (Role.MANAGER, Role.DEPUTY, Role.HEAD, Role.SECOND_APPROVER, Role.FINANCE, Role.COMMITTEE)
# What reviewers do in a matter by reviewing.
_REVIEWING = ("milestone.start_review", *(f"review.{move}" for move in sorted(WHO_IS_REVIEWER)))


def own(user: User) -> QuerySet[Review]:
    """The person's reviews, newest first. Recusing, or another conflict of interest, hides the milestone."""
    open_to_them = without_conflicts_of(user, Proposal.objects.all()).values("pk")
    return (
        Review.objects.filter(reviewer=user, milestone__award__proposal__in=open_to_them)
        .exclude(state=State.RECUSED)
        .select_related(
            "milestone__award__proposal__call__programme",
            "milestone__award__policy",
            "milestone__award__organisation",
            "milestone__award__pi",
        )
        .order_by("-pk")
    )


def candidates(milestone: Milestone) -> QuerySet[User]:
    """Whom to invite next, the best first: members of earlier panels, of the last one before others, then whoever has
    least to review.

    Only reviewers of the programme without a conflict of interest and without a deciding role there, who took no other
    part in the matter and were not asked in this round yet (Innovation Act decree art. 27(3)-(5)); after an upheld
    appeal only others.
    """
    award = milestone.award
    programme_id = award.proposal.call.programme_id
    asked = Review.objects.filter(milestone=milestone, round=review_round(milestone)).values("reviewer")
    is_heard_again = not milestone.reports.filter(round=milestone.round).exists()
    if milestone.state in EVALUATED and is_heard_again:
        # An appeal was upheld: the same report is heard by others than before.
        asked = Review.objects.filter(milestone=milestone).values("reviewer")
    free = without_conflict(
        holders(programme_id, Role.REVIEWER)
        .exclude(pk__in=asked)
        .exclude(pk__in=holders(programme_id, *_DECIDING).values("pk"))
        .filter(~Exists(_other_acts(award).filter(actor=OuterRef("pk")))),
        applicants=applicants_of(award.proposal),
        organisation_id=award.organisation_id,
    )
    return free.annotate(
        last=_last_panel(Review.objects.filter(milestone__award=award, state=State.LOCKED)),
        busy=_how_many(Review.objects.filter(state__in=PENDING)),
    ).order_by(F("last").desc(nulls_last=True), "busy", "pk")


def _last_panel(reviews: QuerySet[Review]) -> Subquery:
    """For which panel a person wrote the last of these reviews, as a number that grows from panel to panel."""
    theirs = reviews.filter(reviewer=OuterRef("pk")).annotate(panel=F("milestone") * 1000 + F("round"))
    return Subquery(theirs.order_by("-panel").values("panel")[:1])


def _how_many(reviews: QuerySet[Review]) -> Coalesce:
    """How many of these reviews a person has. All the others they ever had are not read for it."""
    theirs = reviews.filter(reviewer=OuterRef("pk")).order_by().values("reviewer")
    return Coalesce(Subquery(theirs.annotate(number=Count("pk")).values("number")), 0)


def decides_in(user: User, programme_id: int) -> bool:
    """Whether the person decides in the programme by now, and so reviews nothing there."""
    return serves(user, programme_id, *_DECIDING)


def took_another_part(user: User, award: Award) -> bool:
    """Whether the person has done anything in the award's story but review, and so reviews nothing of it."""
    return _other_acts(award).filter(actor=user).exists()


def _other_acts(award: Award) -> QuerySet[Event]:
    return acts_in(award.proposal_id, besides=_REVIEWING)


def has_reviewed(user: User, award: Award) -> bool:
    """Whether the person has delivered a review under the award, and so decides nothing on it."""
    return _delivered_by(user).filter(milestone__award=award).exists()


def _delivered_by(user: User) -> QuerySet[Review]:
    return Review.objects.filter(reviewer=user, state__in=DELIVERED)


def review_round(milestone: Milestone) -> int:
    """The round that reviews asked for now belong to: that of the report, or of the one expected."""
    return milestone.round if milestone.state in EVALUATED else milestone.round + 1


def of_round(milestone: Milestone) -> QuerySet[Review]:
    """The reviews of the milestone's present round."""
    return Review.objects.filter(milestone=milestone, round=review_round(milestone)).select_related(
        "reviewer"
    )


def has_finding(milestone: Milestone) -> bool:
    """Whether the panel of the milestone's present round has spoken."""
    return Finding.objects.filter(milestone=milestone, round=review_round(milestone)).exists()


def findings_told(milestone: Milestone) -> QuerySet[Finding]:
    """The findings that count, newest first: those a manager has confirmed."""
    return Finding.objects.filter(milestone=milestone, confirmed_at__isnull=False).order_by("-round")


def behind(finding: Finding) -> QuerySet[Review]:
    """The reviews that the finding rests on."""
    return Review.objects.filter(
        milestone=finding.milestone_id, round=finding.round, state=State.LOCKED
    ).order_by("pk")


def unnamed(finding: Finding) -> list[tuple[str, str]]:
    """Grade and words of each review that the finding rests on: whoever reads them learns no names."""
    return [(review.get_grade_display(), review.comments) for review in behind(finding)]


def evidence_for(user: User) -> QuerySet[Evidence]:
    """The files of the milestones that the person reviews or has reviewed, up to the round of the review."""
    mine = own(user).filter(
        state__in=PENDING | DELIVERED,
        milestone=OuterRef("report__milestone"),
        round__gte=OuterRef("report__round"),
    )
    return Evidence.objects.filter(Exists(mine))


def findings_waiting(user: User) -> QuerySet[Finding]:
    """Findings that wait for the person's confirmation, the longest waiting first."""
    awards = funding.readable_by_agency(user, Role.MANAGER, Role.DEPUTY, Role.HEAD)
    return (
        Finding.objects.filter(
            confirmed_at__isnull=True,
            milestone__state=MilestoneState.UNDER_REVIEW,
            milestone__award__in=awards.values("pk"),
        )
        .exclude(milestone__award__in=_delivered_by(user).values("milestone__award"))
        .select_related(
            "milestone__award__proposal__call__programme",
            "milestone__award__organisation",
            "milestone__award__policy",
            "milestone__award__pi",
        )
        .order_by("pk")
    )
