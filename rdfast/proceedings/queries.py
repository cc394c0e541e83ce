"""Reads of proceedings."""

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet

from rdfast.audit.models import Event
from rdfast.audit.queries import took_part
from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.proceedings import rules
from rdfast.proceedings.models import Proceeding, Vote
from rdfast.proceedings.states import RUNNING, Kind, State
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation

Role = Appointment.Role


def relations(proceeding: Proceeding, user: User) -> frozenset[Relation]:
    """How the person stands to the proceeding: as to its award."""
    return funding.relations(proceeding.award, user)


def on_applicant_side(user: User) -> QuerySet[Proceeding]:
    """Proceedings against awards that the person leads or signs for."""
    return _with_award(Proceeding.objects.filter(award__in=funding.on_applicant_side(user).values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Proceeding]:
    """Proceedings against awards that the person may read for the agency."""
    awards = funding.readable_by_agency(user, *roles)
    return _with_award(Proceeding.objects.filter(award__in=awards.values("pk")))


def for_committee(user: User) -> QuerySet[Proceeding]:
    """Proceedings that the committee member judges or has judged: those whose matter they took no part in."""
    others = Event.objects.filter(matter_id=OuterRef("award__proposal_id"), actor=user)
    own_votes = Vote.objects.filter(proceeding=OuterRef("pk"), member=user)
    readable = readable_by_agency(user, Role.COMMITTEE).filter(
        state__in=[State.HEARD, State.DECIDED, State.EFFECTED, State.DISMISSED]
    )
    return (readable.filter(~Exists(others)) | readable.filter(Exists(own_votes))).order_by("-pk")


def to_vote(user: User) -> QuerySet[Proceeding]:
    """Proceedings that wait for this member's vote, the longest waiting first."""
    voted = Vote.objects.filter(proceeding=OuterRef("pk"), member=user)
    return for_committee(user).filter(~Exists(voted), state=State.HEARD).order_by("pk")


def to_sign(user: User) -> QuerySet[Proceeding]:
    """Measures that were voted for and wait for the second approver's signature."""
    waiting = readable_by_agency(user, Role.SECOND_APPROVER).filter(state=State.DECIDED)
    return waiting.exclude(opened_by=user).exclude(votes__member=user).order_by("pk")


def may_vote(proceeding: Proceeding, user: User) -> bool:
    """Whether the person may vote now."""
    return rules.may_vote(
        state=proceeding.state,
        relations=relations(proceeding, user),
        is_uninvolved=not took_part(user, proceeding.matter_id),
        has_voted=proceeding.votes.filter(member=user).exists(),
    )


def running(award: Award, *kinds: Kind) -> QuerySet[Proceeding]:
    """The award's proceedings of these kinds (all when none is named) that have not ended."""
    found = Proceeding.objects.filter(award=award, state__in=RUNNING)
    return found.filter(kind__in=kinds) if kinds else found


def ended_without_effect(award: Award) -> QuerySet[Proceeding]:
    """Special reviews of the present suspension that came to nothing: voted down, refused or dropped."""
    return Proceeding.objects.filter(
        award=award, kind=Kind.SPECIAL_REVIEW, state=State.DISMISSED, opened_at__gte=award.suspended_at
    )


def passed_review_at(award: Award) -> datetime | None:
    """When a special review of the present suspension was dismissed last by those who judged it, not dropped."""
    judged = ended_without_effect(award).annotate(voters=Count("votes"))
    passed = judged.filter(voters__gte=award.policy.terms.votes)
    return passed.order_by("-ended_at").values_list("ended_at", flat=True).first()


def _with_award(proceedings: QuerySet[Proceeding]) -> QuerySet[Proceeding]:
    return proceedings.select_related(
        "award__proposal__call__programme",
        "award__policy",
        "award__pi",
        "award__organisation",
        "opened_by",
        "replied_by",
        "signed_by",
    ).order_by("-pk")
