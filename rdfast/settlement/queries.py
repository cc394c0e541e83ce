"""Reads of claims."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import CharField, Exists, Max, Model, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from rdfast.funding import queries as funding
from rdfast.funding.models import Award, Tranche
from rdfast.funding.states import RUNNING, TrancheState
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind, What
from rdfast.people.models import User
from rdfast.programmes.models import Appointment, Programme
from rdfast.programmes.relations import Relation
from rdfast.settlement import rules
from rdfast.settlement.models import AuditSample, Claim, ClaimLine, Instalment, Receipt, Recovery, Repayment
from rdfast.settlement.states import (
    BEFORE_DEMAND,
    BEHIND,
    DECIDED,
    OPEN_RECOVERY,
    OWED,
    FullCheck,
    Origin,
    State,
)
from rdfast.timers.kinds import Kind

_RETURN = "given_back:"
# What became of paid money once it is no advance any more.
_ACCOUNTED = (
    BoxKind.EXPENSE,
    BoxKind.RECEIVABLE,
    BoxKind.RECOVERED,
    BoxKind.REMITTED,
    BoxKind.WRITTEN_OFF,
)


def relations(claim: Claim, user: User) -> frozenset[Relation]:
    """How the person stands to the claim: as to its award."""
    return funding.relations(claim.award, user)


def on_applicant_side(user: User) -> QuerySet[Claim]:
    """Claims of the awards that the person leads or signs for."""
    return _with_award(Claim.objects.filter(award__in=funding.on_applicant_side(user).values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Claim]:
    """Claims handed in under awards that the person may read for the agency."""
    awards = funding.readable_by_agency(user, *roles)
    return _with_award(Claim.objects.filter(award__in=awards.values("pk")).exclude(state=State.DRAFT))


def waiting(user: User) -> QuerySet[Claim]:
    """Claims that wait for this finance officer, the longest waiting first."""
    mine = readable_by_agency(user, Appointment.Role.FINANCE).filter(state=State.SUBMITTED)
    lines = ClaimLine.objects.filter(claim=OuterRef("pk")).order_by().values("claim")
    total = Subquery(lines.values(total=Sum("amount")))
    return mine.annotate(total=total).order_by("submitted_at", "pk")


def _with_award(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    return claims.select_related(
        "award__proposal__call__programme", "award__policy", "award__pi", "award__organisation", "decided_by"
    )


def accepted_total(award: Award) -> int:
    """What accepted claims have accounted for."""
    return ledger.boxes_of_award(award.pk)[BoxKind.EXPENSE]


def waiting_total(award: Award) -> int:
    """What the award's claims that wait for a decision account for."""
    waiting_lines = ClaimLine.objects.filter(claim__award=award, claim__state=State.SUBMITTED)
    return waiting_lines.aggregate(total=Sum("amount"))["total"] or 0


def room_for_claims(award: Award) -> int:
    """What can still be claimed, or asked back."""
    boxes = ledger.boxes_of_award(award.pk)
    return rules.room_for_claims(
        settled=funding.settled_total(award),
        accounted=sum(boxes[kind] for kind in _ACCOUNTED),
        waiting=waiting_total(award),
        asked_back=_about_to_be_demanded(award, Origin.ADVANCES),
    )


def behind_with_accounts(award: Award, *, at: datetime) -> int:
    """What the applicant side should have claimed by now and can claim, in minor units.

    What waits for the agency is none of it: payments without the bank's word, claims without a decision, what is
    asked back. Claims count towards the payment that is due first.
    """
    not_due = award.tranches.filter(state=TrancheState.SETTLED, account_by__gt=at)
    return max(0, room_for_claims(award) - sum(not_due.values_list("amount", flat=True)))


def is_claimable(tranche: Tranche) -> bool:
    """Whether something of the payment can still be claimed: claims count towards the payment that is due first."""
    if tranche.state != TrancheState.SETTLED:
        return False
    after = Q(account_by__gt=tranche.account_by) | Q(account_by=tranche.account_by, number__gt=tranche.number)
    later = Tranche.objects.filter(after, award=tranche.award_id, state=TrancheState.SETTLED)
    return room_for_claims(tranche.award) > sum(later.values_list("amount", flat=True))


def can_be_done(kind: str, subject: Model) -> bool:
    """Whether what this kind of deadline asks for is left to do: what was claimed, or not confirmed by the bank, waits
    for the agency's word. Nobody is warned of that, and its deadline harms nobody.
    """
    if kind == Kind.ACCOUNT and isinstance(subject, Tranche):
        return subject.award.state in RUNNING and is_claimable(subject)
    if kind == Kind.FINAL_CLAIM and isinstance(subject, Award):
        return room_for_claims(subject) > 0
    return True


def most_to_recover(award: Award, origin: str) -> int | None:
    """The most that may be asked back from there now; None when it comes on top and has no such limit."""
    if origin == Origin.ADVANCES:
        return room_for_claims(award)
    if origin == Origin.EXPENSE:
        return accepted_total(award) - _about_to_be_demanded(award, Origin.EXPENSE)
    return None


def _about_to_be_demanded(award: Award, origin: str) -> int:
    """What recoveries ask back whose money has not moved yet."""
    before = award.recoveries.filter(origin=origin, state__in=BEFORE_DEMAND)
    return before.aggregate(total=Sum("amount"))["total"] or 0


def received(recovery: Recovery) -> int:
    """What was paid and counted towards the demand."""
    return recovery.repayments.aggregate(total=Sum("matched"))["total"] or 0


def owed(recovery: Recovery) -> int:
    """What is still to be paid; nothing before the demand, and nothing once it ended."""
    return recovery.amount - received(recovery) if recovery.state in OWED else 0


def plan_of(recovery: Recovery) -> list[Instalment]:
    """The instalments that count: those agreed last."""
    last = recovery.instalments.aggregate(last=Max("plan"))["last"]
    return list(recovery.instalments.filter(plan=last).order_by("number")) if last else []


def next_instalment_on(recovery: Recovery) -> date | None:
    """The day of the next instalment to be paid, when instalments were agreed."""
    plan = plan_of(recovery)
    agreed = sum(each.amount for each in plan)
    return rules.due_in_plan([(each.amount, each.due_on) for each in plan], paid=agreed - owed(recovery))


def key_of_return(repayment: Repayment) -> str:
    """The key of the arrow that gives back what was received beyond the demand."""
    return f"{_RETURN}{repayment.pk}"


def is_given_back(repayment: Repayment) -> bool:
    """Whether what was received beyond the demand went back."""
    return ledger.has_moved(key_of_return(repayment), amount=repayment.unmatched)


def to_remit_of(award_id: int) -> dict[What, int]:
    """What was paid back under the award and waits to go on to the treasury, by the arrow that takes it there."""
    waiting = {
        What.REMITTED: ledger.boxes_of_award(award_id)[BoxKind.RECOVERED],
        What.REMITTED_ON_TOP: ledger.second_set_of_award(award_id)[BoxKind.COLLECTED],
    }
    return {what: amount for what, amount in waiting.items() if amount}


def came_back(user: User) -> QuerySet[Award]:
    """Awards of this finance officer with money that came back and has to go on, the oldest first.

    Each with what is `to_remit` and `to_give_back`, and the id of the `recovery` to open for it.
    """
    boxes = ledger.came_back()
    here = boxes.filter(award_id=OuterRef("pk")).order_by().values("award_id")
    unowed = Q(kind=BoxKind.UNMATCHED)
    back = Exists(ledger.moved_under(Concat(Value(_RETURN), Cast(OuterRef("pk"), CharField()))))
    repayments = Repayment.objects.filter(award=OuterRef("pk")).order_by("-pk")
    too_much = repayments.filter(~back, unmatched__gt=0)
    return (
        funding.readable_by_agency(user, Appointment.Role.FINANCE)
        .filter(pk__in=boxes.values("award_id"))
        .annotate(
            to_remit=Subquery(here.values(total=Coalesce(Sum("balance", filter=~unowed), 0))),
            to_give_back=Subquery(here.values(total=Coalesce(Sum("balance", filter=unowed), 0))),
            recovery=Coalesce(
                Subquery(too_much.values("recovery")[:1]), Subquery(repayments.values("recovery")[:1])
            ),
        )
        .order_by("pk")
    )


def recoveries_for_applicant(user: User) -> QuerySet[Recovery]:
    """Recoveries the applicant side was told of, the newest first."""
    mine = funding.on_applicant_side(user).order_by()
    return _recoveries(Recovery.objects.filter(award__in=mine.values("pk")).exclude(noticed_at__isnull=True))


def recoveries_readable(user: User, *roles: str) -> QuerySet[Recovery]:
    """Recoveries of awards that the person may read for the agency, the newest first."""
    awards = funding.readable_by_agency(user, *roles).order_by()
    return _recoveries(Recovery.objects.filter(award__in=awards.values("pk")))


def repayments_readable(user: User, *roles: str) -> QuerySet[Repayment]:
    """Money that came in for awards that the person may read for the agency."""
    awards = funding.readable_by_agency(user, *roles).order_by()
    return Repayment.objects.filter(award__in=awards.values("pk")).select_related("recovery")


def open_recoveries(user: User) -> QuerySet[Recovery]:
    """Recoveries that are not ended, of awards this finance officer may read, the oldest first."""
    return recoveries_readable(user, "finance").filter(state__in=OPEN_RECOVERY).order_by("pk")


def to_determine(user: User) -> QuerySet[Recovery]:
    """Contested recoveries that wait for this manager or head, the longest waiting first."""
    readable = recoveries_readable(user, "manager", "deputy", "head").filter(state="contested")
    return readable.exclude(proposed_by=user).order_by("contested_at", "pk")


def to_give_up(user: User) -> QuerySet[Recovery]:
    """Overdue recoveries that this second approver may give up, the oldest first."""
    readable = recoveries_readable(user, "second_approver").filter(state__in=["dunned", "referred"])
    return readable.exclude(proposed_by=user).order_by("pk")


def recoveries_of(award: Award) -> QuerySet[Recovery]:
    """The award's recoveries, oldest first."""
    return award.recoveries.order_by("number")


def _recoveries(recoveries: QuerySet[Recovery]) -> QuerySet[Recovery]:
    return recoveries.select_related(
        "award__proposal__call__programme",
        "award__policy",
        "award__pi",
        "award__organisation",
        "proposed_by",
        "determined_by",
        "ended_by",
        "contested_by",
    ).order_by("-pk")


def unpaid_against(pi: User, organisation_id: int | None) -> int:
    """How many demands against the person's awards or the organisation were not paid in time."""
    theirs = Q(award__pi=pi)
    if organisation_id:
        theirs |= Q(award__organisation=organisation_id)
    return Recovery.objects.filter(theirs, state__in=BEHIND).count()


def decided_in(programme_id: int, year: int) -> list[int]:
    """The ids of the programme's claims decided in the year, in order: the frame of its sample."""
    decided = Claim.objects.filter(
        award__envelope__programme=programme_id, state__in=DECIDED, decided_at__year=year
    )
    return list(decided.order_by("pk").values_list("pk", flat=True))


def undrawn(programmes: QuerySet[Programme], *, years: Iterable[int]) -> list[tuple[Programme, int]]:
    """(programme, year) where claims were decided and the year's sample is not drawn."""
    found = []
    for year in years:
        decided = Claim.objects.filter(
            award__envelope__programme=OuterRef("pk"), state__in=DECIDED, decided_at__year=year
        )
        drawn = AuditSample.objects.filter(programme=OuterRef("pk"), year=year)
        found += [(each, year) for each in programmes.filter(Exists(decided), ~Exists(drawn))]
    return found


def to_check(user: User, *roles: str) -> QuerySet[Claim]:
    """Claims drawn for an audit sample whose receipts were not checked yet, the longest decided first."""
    drawn = readable_by_agency(user, *roles).filter(full_check=FullCheck.SAMPLED, checked_at__isnull=True)
    return drawn.order_by("decided_at", "pk")


def receipts() -> QuerySet[Receipt]:
    """Every receipt, with its claim."""
    return Receipt.objects.select_related("claim__award__proposal__call")
