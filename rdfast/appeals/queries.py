"""Reads of appeals, and what can be appealed against."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from rdfast.appeals import rules
from rdfast.appeals.models import Appeal
from rdfast.appeals.states import Against, State
from rdfast.audit.models import Event
from rdfast.audit.operations import Subject
from rdfast.audit.queries import last_entry, took_part
from rdfast.core.working_days import after_days
from rdfast.funding.models import Award
from rdfast.funding.states import RUNNING, SUSPENDED, Termination
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.programmes.models import Appointment, Policy
from rdfast.proposals import queries as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import State as ProposalState
from rdfast.reviews.models import Finding
from rdfast.settlement.models import Recovery
from rdfast.settlement.states import RecoveryState

Role = Appointment.Role


def appealable(proposal: Proposal, *, at: datetime) -> list[Event]:
    """What the applicant side may still appeal against in this story at `at`, newest first: each decision once."""
    if proposal.policy is None:
        return []
    appealed = Appeal.objects.filter(decision=OuterRef("pk"))
    found = decisions_about(proposal).filter(~Exists(appealed), at__lte=at).order_by("-id")
    return [
        event for event in found if at < appeal_by(event, proposal.policy) and still_stands(event, proposal)
    ]


def decisions_about(proposal: Proposal) -> QuerySet[Event]:
    """The decisions in this story of the kinds that can be appealed against, whether their days are over or not."""
    return Event.objects.filter(matter_id=proposal.pk, kind__in=rules.DECISIONS)


def appeal_by(decision: Event, policy: Policy) -> datetime:
    """Until when an appeal against the decision is taken."""
    return after_days(decision.at, policy.terms.appeal_days)


def still_stands(event: Event, proposal: Proposal) -> bool:
    """Whether the decision is in force: what was lifted or overtaken meanwhile harms nobody."""
    return _STANDS[rules.DECISIONS[event.kind]](event, proposal)


def _finding_stands(event: Event, proposal: Proposal) -> bool:
    finding = Finding.objects.select_related("milestone__award").get(pk=event.subject_id)
    milestone = finding.milestone
    judged = milestone.state in {MilestoneState.CONDITIONAL, MilestoneState.FAILED}
    return judged and milestone.award.state in RUNNING and bool(finding.round == milestone.round)


def _suspension_stands(event: Event, proposal: Proposal) -> bool:
    award = Award.objects.get(pk=event.subject_id)
    return award.state in SUSPENDED and award.suspended_at == event.at


def _termination_stands(event: Event, proposal: Proposal) -> bool:
    return bool(Award.objects.get(pk=event.subject_id).termination_kind == Termination.FOR_CAUSE)


def _recovery_stands(event: Event, proposal: Proposal) -> bool:
    return bool(Recovery.objects.get(pk=event.subject_id).state == RecoveryState.DETERMINED)


_STANDS: dict[Against, Callable[[Event, Proposal], bool]] = {
    Against.DECLINE: lambda event, proposal: bool(proposal.state == ProposalState.DECLINED),
    Against.ROUTING: lambda event, proposal: bool(proposal.state == ProposalState.ROUTED),
    Against.FINDING: _finding_stands,
    Against.SUSPENSION: _suspension_stands,
    Against.TERMINATION: _termination_stands,
    Against.RECOVERY: _recovery_stands,
}


def on_applicant_side(user: User) -> QuerySet[Appeal]:
    """Appeals about proposals that the person leads or signs for, newest first."""
    mine = proposals.on_applicant_side(user)
    return _with_names(Appeal.objects.filter(proposal__in=mine.order_by().values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Appeal]:
    """Appeals about proposals that the person may read for the agency, newest first."""
    readable = proposals.readable_by_agency(user, *roles)
    return _with_names(Appeal.objects.filter(proposal__in=readable.order_by().values("pk")))


def for_committee(user: User) -> QuerySet[Appeal]:
    """Appeals that the committee member decides or has decided: those whose matter they took no part in."""
    others = Event.objects.filter(matter_id=OuterRef("proposal_id"), actor=user)
    readable = readable_by_agency(user, Role.COMMITTEE)
    return readable.filter(~Exists(others)) | readable.filter(decided_by=user)


def findings_judged(user: User) -> QuerySet[Finding]:
    """The evaluations that the committee member judges on appeal."""
    against = for_committee(user).filter(against=Against.FINDING).order_by()
    return Finding.objects.filter(pk__in=against.values("decision__subject_id"))


def waiting(user: User) -> QuerySet[Appeal]:
    """Appeals that wait for this member's decision, the longest waiting first."""
    return for_committee(user).filter(state=State.FILED).order_by("filed_at", "pk")


def may(move: str, appeal: Appeal, user: User) -> bool:
    """Whether the person may decide the appeal now."""
    return rules.may(
        move,
        state=appeal.state,
        relations=proposals.relations(appeal.proposal, user),
        took_part=took_part(user, appeal.proposal_id),
    )


def is_appealed(subject: Subject, decision: str) -> bool:
    """Whether an appeal against the newest decision of this kind about this very object waits for its own."""
    newest = last_entry(subject, decision)
    return newest is not None and Appeal.objects.filter(decision=newest, state=State.FILED).exists()


def open_about(award: Award) -> bool:
    """Whether an appeal about the award waits for its decision."""
    return Appeal.objects.filter(proposal=award.proposal_id, state=State.FILED).exists()


def _with_names(appeals: QuerySet[Appeal]) -> QuerySet[Appeal]:
    return appeals.select_related(
        "proposal__call__programme",
        "proposal__organisation",
        "proposal__pi",
        "proposal__policy",
        "award",
        "decision",
        "filed_by",
        "decided_by",
    ).order_by("-pk")
