"""Reads of proposals."""

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum, prefetch_related_objects

from rdfast.audit.models import Event
from rdfast.audit.queries import actors_of
from rdfast.core.once import once_a_page
from rdfast.people.models import Organisation, User
from rdfast.people.queries import set_apart_from
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation, relations_of
from rdfast.proposals import rules
from rdfast.proposals.models import BudgetLine, PlannedMilestone, Proposal, TeamMember
from rdfast.proposals.rules import Facts, MemberFacts, PlannedMilestoneFacts
from rdfast.proposals.states import ANSWERABLE, UNANSWERED, WITH_THE_AGENCY, State

Role = Appointment.Role
DECIDERS = (Role.MANAGER, Role.DEPUTY, Role.HEAD, Role.SECOND_APPROVER)
_SAYS_NO = ("proposal.decline", "proposal.route")
_READERS = (*DECIDERS, Role.FINANCE, Role.AUDITOR)
# What others than its authors may read: what the agency has, and what was taken back from it.
_HANDED_IN = Q(state__in=WITH_THE_AGENCY) | Q(state=State.WITHDRAWN, first_submitted_at__isnull=False)


def relations(proposal: Proposal, user: User) -> frozenset[Relation]:
    """How the person stands to the proposal. Who signs for the organisation acts for a PI who has left."""
    theirs = relations_of(
        user,
        programme_id=proposal.call.programme_id,
        pi_id=proposal.pi_id,
        applicants=applicants_of(proposal),
        organisation_id=proposal.organisation_id or 0,
    )
    if Relation.SIGNATORY in theirs and not proposal.pi.is_active:
        return theirs | {Relation.PI}
    return theirs


@once_a_page
def applicants_of(proposal: Proposal) -> frozenset[int]:
    """The accounts of everyone who works on it."""
    return frozenset({proposal.pi_id, *(member.user_id for member in proposal.team.all() if member.user_id)})


def applicant_side_of(proposal: Proposal) -> frozenset[int]:
    """Who works on it and who signs for its organisation: the people whom its applicants know by name."""
    signing = User.objects.filter(organisation=proposal.organisation_id, is_signatory=True)
    return applicants_of(proposal) | set(signing.values_list("pk", flat=True))


def may(move: str, proposal: Proposal, user: User) -> bool:
    """Whether the person may take the move with the proposal now.

    Two approvals are two people, and after an upheld appeal another person answers (forbidden pairs). A proposal
    that waits for money is answered once it is there.
    """
    first_approver = move in {"approve", "send_back"} and proposal.recommended_by_id == user.pk
    waits = proposal.waits_since is not None and move in {"approve", "recommend"}
    return not (first_approver or waits or has_said_no(proposal, user)) and rules.may(
        move,
        state=proposal.state,
        relations=relations(proposal, user),
        escalated=proposal.escalated_at is not None,
    )


def has_said_no(proposal: Proposal, user: User) -> bool:
    """Whether the person once declined or passed it on: after an upheld appeal somebody else answers."""
    return user.pk in who_said_no(proposal)


def who_said_no(proposal: Proposal) -> set[int]:
    """The accounts of everyone who once declined it or passed it on."""
    return set() if proposal.turned_down_by_id is None else actors_of(proposal, *_SAYS_NO)


def own(user: User) -> QuerySet[Proposal]:
    """The person's own proposals, newest first."""
    return Proposal.objects.filter(pi=user).select_related("call__programme").order_by("-pk")


def led_by(user: User) -> QuerySet[Proposal]:
    """Proposals that the person leads, and those handed in by a PI who has left, whose organisation they sign for."""
    mine = Q(pi=user)
    if user.is_signatory and user.organisation_id:
        mine |= _HANDED_IN & Q(organisation=user.organisation_id, pi__is_active=False)
    return Proposal.objects.filter(mine).select_related("call__programme")


def on_applicant_side(user: User) -> QuerySet[Proposal]:
    """The person's own proposals, and those handed in for the organisation that they sign for, newest first."""
    mine = Q(pi=user)
    if user.is_signatory and user.organisation_id:
        mine |= _HANDED_IN & Q(organisation=user.organisation_id)
    return (
        Proposal.objects.filter(mine).select_related("call__programme", "pi", "organisation").order_by("-pk")
    )


def readable_by_agency(user: User, *roles: str) -> QuerySet[Proposal]:
    """What the programmes that the person serves have received, without what a conflict of interest hides."""
    served = Appointment.objects.filter(user=user, role__in=roles or _READERS)
    received = Proposal.objects.filter(
        _HANDED_IN, call__programme__in=served.values("programme")
    ).select_related(
        "call__programme",
        "call__envelope",
        "organisation",
        "pi",
        "topic",
        "policy",
        "recommended_by",
        "assigned_to",
    )
    return without_conflicts_of(user, received)


def without_conflicts_of(user: User, proposals: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Those of `proposals` with which the person has no conflict: the list form of `has_conflict`."""
    people, places = set_apart_from(user)
    return proposals.exclude(pi__in=people).exclude(organisation__in=places).exclude(team__user__in=people)


def inbox(user: User) -> QuerySet[Proposal]:
    """Proposals that wait for this person's decision, the longest waiting first.

    Managers see what was submitted, second approvers what was recommended by somebody else, heads what ran
    over its deadline.
    """
    held = list(user.appointments.filter(role__in=DECIDERS).values_list("role", "programme"))
    programmes = {role: {programme for each, programme in held if each == role} for role in DECIDERS}
    managed = programmes[Role.MANAGER] | programmes[Role.DEPUTY]
    said_no = Event.objects.filter(
        subject_kind=Proposal._meta.label_lower, subject_id=OuterRef("pk"), kind__in=_SAYS_NO, actor=user
    )
    all_mine = readable_by_agency(user, *DECIDERS).filter(Q(turned_down_by=None) | ~Exists(said_no))
    submitted = all_mine.filter(state__in=ANSWERABLE, waits_since=None, call__programme__in=managed)
    seconded = all_mine.filter(
        state=State.RECOMMENDED, call__programme__in=programmes[Role.SECOND_APPROVER]
    ).exclude(recommended_by=user)
    late = all_mine.filter(
        state__in=UNANSWERED,
        escalated_at__isnull=False,
        call__programme__in=programmes[Role.HEAD],
    ).exclude(recommended_by=user)
    return (submitted | seconded | late).order_by("submitted_at", "pk")


def _reopened() -> QuerySet[Proposal]:
    """Proposals whose appeal was upheld and which were not answered since: the first in line for money."""
    return Proposal.objects.filter(turned_down_by__isnull=False, state__in=UNANSWERED)


def line_for_money(envelope_id: int) -> QuerySet[Proposal]:
    """Reopened proposals that money of the envelope is kept for: those served already, then the first in line first."""
    return (
        _reopened().filter(call__envelope=envelope_id).order_by(F("waits_since").asc(nulls_first=True), "pk")
    )


def waiting_for_money(envelope_id: int) -> QuerySet[Proposal]:
    """Those of the line whose turn has not come."""
    return line_for_money(envelope_id).filter(waits_since__isnull=False)


def envelopes_waited_for() -> list[int]:
    """The envelopes whose money somebody waits for."""
    waiting = _reopened().filter(waits_since__isnull=False).order_by()
    return list(waiting.values_list("call__envelope", flat=True).distinct())


def kept_for_others(envelope_id: int, *, than: int) -> int:
    """What is kept for reopened proposals other than this one, whether their turn has come or not, in minor units."""
    others = line_for_money(envelope_id).exclude(pk=than).order_by()
    return others.aggregate(total=Sum("asked_provisional"))["total"] or 0


def kept_ahead_of(proposal: Proposal) -> int:
    """What is kept for reopened proposals that come before one which is answered now, in minor units.

    All of them come before an outsider. Within the line only those served and ahead of it do: if whoever stands behind
    counted too, two would block each other.
    """
    envelope_id = proposal.call.envelope_id
    if proposal.turned_down_by_id is None:
        return kept_for_others(envelope_id, than=proposal.pk)
    ahead = line_for_money(envelope_id).filter(waits_since=None, pk__lt=proposal.pk).order_by()
    return ahead.aggregate(total=Sum("asked_provisional"))["total"] or 0


def with_everything(proposals: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """The proposals with all their rows, for a page that shows one whole."""
    return proposals.select_related(
        "call__programme", "call__envelope", "organisation", "pi", "topic", "policy", "recommended_by"
    ).prefetch_related(
        "team",
        Prefetch("budget", queryset=BudgetLine.objects.select_related("category")),
        Prefetch("planned_milestones", queryset=PlannedMilestone.objects.order_by("number")),
    )


def read_team(proposal: Proposal) -> None:
    """Read its people once, with their organisations, for everybody who asks about them afterwards."""
    team = TeamMember.objects.select_related("user__organisation")
    prefetch_related_objects([proposal], Prefetch("team", queryset=team))


def budget_total(proposal: Proposal) -> int:
    """The sum of all budget lines."""
    return proposal.budget.aggregate(total=Sum("amount"))["total"] or 0


def budget_years(proposal: Proposal) -> int:
    """How many years the budget covers."""
    return proposal.budget.order_by().values("year").distinct().count()


def facts(proposal: Proposal) -> Facts:
    """What completeness depends on, read from the proposal's rows."""
    return Facts(
        title_ko=proposal.title_ko,
        title_en=proposal.title_en,
        abstract_ko=proposal.abstract_ko,
        abstract_en=proposal.abstract_en,
        aim=proposal.aim,
        has_topic=proposal.topic_id is not None,
        has_organisation=proposal.organisation_id is not None,
        asked_amount=proposal.asked_amount,
        asked_provisional=proposal.asked_provisional,
        own_cash=proposal.own_cash,
        own_kind=proposal.own_kind,
        budget_total=budget_total(proposal),
        work_ends_on=proposal.call.work_ends_on,
        milestones=[
            PlannedMilestoneFacts(m.title, m.criterion, m.due_on, m.share_percent)
            for m in proposal.planned_milestones.all()
        ],
        team=[
            MemberFacts(m.name, m.task, m.effort_percent, is_official=_is_official(m.user))
            for m in proposal.team.all()
        ],
    )


def _is_official(user: User | None) -> bool:
    place = user.organisation if user else None
    return place is not None and place.kind == Organisation.Kind.AGENCY
