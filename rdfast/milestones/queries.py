"""Reads of milestones."""

from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone

from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.milestones import rules
from rdfast.milestones.models import Evidence, Milestone
from rdfast.milestones.states import BEHIND, LOST, State
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of, pending

Role = Appointment.Role


def relations(milestone: Milestone, user: User) -> frozenset[Relation]:
    """How the person stands to the milestone: as to its award."""
    return funding.relations(milestone.award, user)


def report_is_taken(milestone: Milestone, *, at: datetime) -> bool:
    """Whether a report of the milestone would still be taken at `at`; if not, its leave is missing or has run out."""
    return rules.report_is_taken(
        milestone.state, leave_until=milestone.leave_until, today=timezone.localdate(at)
    )


def days_if_signed(award: Award, *, at: datetime) -> list[tuple[Milestone, date]]:
    """Each milestone of an offered award, in order, with the day it is due if the agreement is signed at `at`."""
    milestones = list(award.milestones.order_by("number"))
    days = rules.days_after_signing(
        [milestone.due_on for milestone in milestones],
        timezone.localdate(at),
        award.policy.terms.milestone_opens_days,
        ends_on=award.proposal.call.work_ends_on,
    )
    return list(zip(milestones, days, strict=True))


def on_applicant_side(user: User) -> QuerySet[Milestone]:
    """Milestones of the awards that the person leads or signs for."""
    return with_award(Milestone.objects.filter(award__in=funding.on_applicant_side(user).values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Milestone]:
    """Milestones of the awards that the person may read for the agency."""
    return with_award(
        Milestone.objects.filter(award__in=funding.readable_by_agency(user, *roles).values("pk"))
    )


def with_award(milestones: QuerySet[Milestone]) -> QuerySet[Milestone]:
    """The milestones with what their pages show of the award."""
    return milestones.select_related(
        "award__proposal__call__programme", "award__policy", "award__pi", "award__organisation"
    )


def misses_in_a_row(award: Award) -> int:
    """How many of the award's milestones were missed one after the other, up to the last whose time has come."""
    come = award.milestones.exclude(state__in=[State.PLANNED, State.SUPERSEDED]).order_by("-number")
    states = list(come.values_list("state", flat=True))
    return next((index for index, state in enumerate(states) if state != State.MISSED), len(states))


def is_unanswered(milestone: Milestone) -> bool:
    """Whether the milestone was not reached and the programme has yet to say what follows."""
    return milestone.state in LOST and (
        due_at_of(Kind.ACT_ON_FAILURE, milestone._meta.label_lower, milestone.pk) is not None
    )


def to_answer(user: User, *, today: date) -> QuerySet[Milestone]:
    """Lost milestones that wait for the answer of this manager or head, the longest waiting first.

    One that may still be reported, by leave, waits for its report.
    """
    asked = pending().filter(kind=Kind.ACT_ON_FAILURE, subject_kind=Milestone._meta.label_lower)
    lost = readable_by_agency(user, Role.MANAGER, Role.DEPUTY, Role.HEAD).filter(state__in=LOST)
    unanswered = lost.filter(pk__in=asked.order_by().values("subject_id"))
    return unanswered.exclude(state=State.MISSED, leave_until__gte=today).order_by("pk")


def first_is_passed(award: Award) -> bool:
    """Whether the first milestone that still applies is passed. One that was lost, and is answered, is followed by the next."""
    of_award = award.milestones.exclude(state=State.SUPERSEDED).order_by("number")
    first = next((each for each in of_award if each.state not in LOST or is_unanswered(each)), None)
    return first is not None and first.state == State.PASSED


def last_that_applies(award: Award) -> Milestone | None:
    """The milestone with which the work ends."""
    return award.milestones.exclude(state=State.SUPERSEDED).order_by("number").last()


def all_reached(award: Award) -> bool:
    """Whether nothing lies ahead any more and the last milestone is passed. One missed on the way is behind."""
    last = last_that_applies(award)
    return last is not None and last.state == State.PASSED and not work_lies_ahead(award)


def work_lies_ahead(award: Award) -> bool:
    """Whether some milestone is still to be reached."""
    return award.milestones.exclude(state__in=BEHIND).exists()


def evidence() -> QuerySet[Evidence]:
    """Every file of every report, with its milestone."""
    return Evidence.objects.select_related("report__milestone__award__proposal__call")
