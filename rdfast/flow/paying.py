"""Money goes out: a gate opens, the manager approves, the finance officer releases, the bank confirms."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.working_days import after_days
from rdfast.flow import closing, holding, more_time
from rdfast.flow.more_time import MORE_DAYS
from rdfast.flow.telling import TOLD_AGAIN, finance_officers, heads, managers, pi, signatories, tell, together
from rdfast.funding import payments, queries
from rdfast.funding.models import Award, NewAccount, Tranche
from rdfast.funding.operations import PaymentAccount
from rdfast.funding.rules import GateFacts, gate_is_open
from rdfast.funding.states import ENDED, LIVE, PAID, RUNNING, SUSPENDED, Cause, TrancheState
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.milestones.models import Milestone
from rdfast.people.models import User
from rdfast.settlement import queries as settlement
from rdfast.settlement.models import Claim
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import due_at_of, late_subjects

# Where paid money lies that nothing is owed for any more.
_ACCOUNTED = (BoxKind.EXPENSE, BoxKind.RECOVERED, BoxKind.REMITTED, BoxKind.WRITTEN_OFF)
# What a payment waits for, by its state.
_NEXT = {
    TrancheState.READY: Kind.APPROVE_TRANCHE,
    TrancheState.APPROVED: Kind.RELEASE_TRANCHE,
    TrancheState.RELEASED: Kind.SETTLE_TRANCHE,
}


def gate_facts(tranche: Tranche) -> GateFacts:
    """What the tranche's gate depends on, read from the award's rows and boxes."""
    award = tranche.award
    boxes = ledger.boxes_of_award(award.pk)
    before = Milestone.objects.filter(award=award, number=tranche.after_milestone or 0)
    return GateFacts(
        award_state=award.state,
        tranche_state=tranche.state,
        amount=tranche.amount,
        obligated=boxes[BoxKind.OBLIGATED],
        milestone_states=list(before.values_list("state", flat=True)),
        earlier_unpaid=queries.unpaid_before(tranche),
        earlier_paid=queries.paid_before(tranche),
        accounted=sum(boxes[kind] for kind in _ACCOUNTED),
    )


def consider(award: Award, *, at: datetime) -> None:
    """Make ready every tranche whose gate has opened. Asked after signing, findings, payments, claims and accounts."""
    if award.state in LIVE:
        for tranche in queries.bounced_payable(award):
            _ask_for_approval(payments.pay_again(tranche.pk, at=at), at=at)
    for tranche in award.tranches.filter(state=TrancheState.SCHEDULED).order_by("number"):
        tranche.award = award
        if not gate_is_open(gate_facts(tranche), award.policy.terms):
            break
        _ask_for_approval(payments.make_ready(tranche.pk, at=at), at=at)


def _ask_for_approval(ready: Tranche, *, at: datetime) -> None:
    award = ready.award
    due_at = after_days(at, award.policy.terms.approve_tranche_days)
    timers.set(Kind.APPROVE_TRANCHE, of=ready, due_at=due_at, at=at)
    people = managers(award.proposal)
    tell(people, "tranche_ready", event=last_of(ready), at=at, tranche=ready, award=award, due_at=due_at)


@boundaries.commit
def approve(tranche_id: int, *, by: User, at: datetime) -> Tranche:
    """The manager's yes to a payment; the finance officer is told."""
    tranche = payments.approve(tranche_id, by=by, at=at)
    award = tranche.award
    timers.cancel(Kind.APPROVE_TRANCHE, of=tranche, at=at)
    due_at = after_days(at, award.policy.terms.release_tranche_days)
    timers.set(Kind.RELEASE_TRANCHE, of=tranche, due_at=due_at, at=at)
    officers = [user for user in finance_officers(award.proposal) if user != by]
    tell(
        officers,
        "tranche_approved",
        event=last_of(tranche),
        at=at,
        tranche=tranche,
        award=award,
        due_at=due_at,
    )
    return tranche


@boundaries.commit
def release(tranche_id: int, *, by: User, at: datetime) -> Tranche:
    """Money is out, therefore: a date by which it must be accounted for."""
    tranche = payments.release(tranche_id, by=by, at=at)
    award = tranche.award
    timers.cancel(Kind.RELEASE_TRANCHE, of=tranche, at=at)
    due_at = after_days(at, award.policy.terms.settle_tranche_days)
    timers.set(Kind.SETTLE_TRANCHE, of=tranche, due_at=due_at, at=at)
    _expect_account(tranche, tranche.account_by or at, at=at)
    people = together(pi(award.proposal), signatories(award))
    tell(people, "tranche_released", event=last_of(tranche), at=at, tranche=tranche, award=award)
    return tranche


def _expect_account(tranche: Tranche, account_by: datetime, *, at: datetime) -> Timer:
    reminders = [account_by - timedelta(days=days) for days in (30, 7)]
    return timers.set(Kind.ACCOUNT, of=tranche, due_at=account_by, at=at, remind_at=reminders)


@boundaries.commit
def settle(tranche_id: int, *, by: User, at: datetime) -> Tranche:
    """The bank confirmed the payment: it can now be accounted for."""
    tranche = payments.settle(tranche_id, by=by, at=at)
    award = tranche.award
    timers.cancel(Kind.SETTLE_TRANCHE, of=tranche, at=at)
    tell(pi(award.proposal), "tranche_settled", event=last_of(tranche), at=at, tranche=tranche, award=award)
    soonest = after_days(at, MORE_DAYS)
    if award.state in RUNNING and tranche.account_by is not None and tranche.account_by < soonest:
        # The bank's word came late: whoever can claim only from now on gets time from now on.
        _put_off(tranche, soonest, at=at)
    closing.give_more_time(award, at=at)
    return tranche


@boundaries.commit
def bounce(tranche_id: int, *, reason: str, by: User, at: datetime) -> Tranche:
    """The bank sent it back, therefore: nothing is to be accounted for, and another account is needed."""
    tranche = payments.bounce(tranche_id, reason=reason, by=by, at=at)
    award = tranche.award
    timers.cancel(Kind.SETTLE_TRANCHE, Kind.ACCOUNT, of=tranche, at=at)
    close_accounted(award, at=at)
    people = together(pi(award.proposal), signatories(award), managers(award.proposal))
    tell(
        people,
        "tranche_bounced",
        event=last_of(tranche),
        at=at,
        tranche=tranche,
        award=award,
        reason=reason,
        ended=award.state in ENDED,
    )
    return tranche


@boundaries.commit
def give_account(award_id: int, *, account: PaymentAccount, by: User, at: datetime) -> NewAccount:
    """Another account is there; a finance officer checks it before anything goes there."""
    given = payments.give_account(award_id, account=account, by=by, at=at)
    award = given.award
    timers.cancel(Kind.CHECK_ACCOUNT, of=award, at=at)
    due_at = after_days(at, award.policy.terms.settle_tranche_days)
    timers.set(Kind.CHECK_ACCOUNT, of=award, due_at=due_at, at=at)
    people = [user for user in finance_officers(award.proposal) if user != by]
    tell(people, "account_given", event=last_of(award), at=at, account=given, award=award)
    return given


@boundaries.commit
def check_account(account_id: int, *, by: User, at: datetime) -> NewAccount:
    """The account is right, therefore: what bounced is ready again, once the award is live."""
    account = payments.check_account(account_id, by=by, at=at)
    award = account.award
    timers.cancel(Kind.CHECK_ACCOUNT, of=award, at=at)
    people = together(pi(award.proposal), signatories(award))
    tell(
        people,
        "account_checked",
        event=last_of(award),
        at=at,
        account=account,
        award=award,
        suspended=award.state in SUSPENDED,
    )
    consider(award, at=at)
    return account


def account_unchecked(award: Award, *, at: datetime) -> None:
    """The clock: nobody checked the new account; finance officers are told, again every week."""
    given = award.new_accounts.filter(checked_at__isnull=True).first()
    if given is None:
        return
    event = audit.record("award.account_unchecked", of=award, by=None, at=at)
    timers.again(Kind.CHECK_ACCOUNT, of=award, due_at=at + TOLD_AGAIN, at=at)
    officers = finance_officers(award.proposal)
    tell(officers, "account_given", event=event, at=at, account=given, award=award)


def close_accounted(award: Award, *, at: datetime) -> None:
    """End the account-by clock of every paid tranche that is accounted for or asked back, the earliest first."""
    covered = queries.paid_total(award) - ledger.boxes_of_award(award.pk)[BoxKind.ADVANCES]
    for tranche in award.tranches.filter(state__in=PAID).order_by("account_by", "number"):
        tranche.award = award
        if tranche.amount > covered:
            return
        covered -= tranche.amount
        timers.cancel(Kind.ACCOUNT, of=tranche, at=at)


def expect_accounts_again(award: Award, *, at: datetime) -> None:
    """The award runs again: money whose date has passed, and that is still out, gets another. The caller holds the award."""
    for tranche in award.tranches.filter(state__in=PAID, account_by__lte=at).order_by("number"):
        tranche.award = award
        if due_at_of(Kind.ACCOUNT, tranche._meta.label_lower, tranche.pk) is None:
            continue
        _put_off(tranche, after_days(at, MORE_DAYS), at=at)


def _put_off(tranche: Tranche, account_by: datetime, *, at: datetime, claim: Claim | None = None) -> None:
    payments.put_off(tranche, account_by=account_by)
    timers.cancel(Kind.ACCOUNT, of=tranche, at=at)
    clock = _expect_account(tranche, account_by, at=at)
    more_time.note(clock, tranche, at=at, claim=claim)


def give_more_time(award: Award, *, at: datetime, claim: Claim | None = None) -> None:
    """The agency's word came, and something can be claimed, or claimed again, perhaps after a refused `claim`.

    What is late already keeps its day until it is put right. The caller holds the award.
    """
    closing.give_more_time(award, at=at, claim=claim)
    if award.state not in RUNNING:
        return
    settled = award.tranches.filter(state=TrancheState.SETTLED)
    settled = settled.exclude(pk__in=late_subjects(Kind.ACCOUNT, award.matter_id))
    for tranche in [each for each in settled.select_related("award") if settlement.is_claimable(each)]:
        until = more_time.until(tranche, at=at, claim=claim)
        if until is None:
            timers.bring_forward(Kind.ACCOUNT, of=tranche, at=at)
        elif tranche.account_by is not None and tranche.account_by < until:
            _put_off(tranche, until, claim=claim, at=at)


def payment_late(tranche: Tranche, *, at: datetime) -> None:
    """The clock: the approval, the release or the bank's word is late; the head is told, again every week."""
    award, waits_for = tranche.award, _NEXT.get(TrancheState(tranche.state))
    if waits_for is None or due_at_of(waits_for, tranche._meta.label_lower, tranche.pk):
        return  # an older release beside this one moved it on, and left this clock behind
    event = audit.record("tranche.late", of=tranche, by=None, at=at)
    timers.again(waits_for, of=tranche, due_at=at + TOLD_AGAIN, at=at)
    people = together(heads(award.proposal), managers(award.proposal))
    tell(people, "payment_late", event=event, at=at, tranche=tranche, award=award, page="manager:tranche")
    if waits_for != Kind.APPROVE_TRANCHE:
        officers = finance_officers(award.proposal)
        tell(
            officers, "payment_late", event=event, at=at, tranche=tranche, award=award, page="finance:tranche"
        )


def account_overdue(tranche: Tranche, *, at: datetime) -> None:
    """The clock: money is not accounted for in time; the award is suspended, and everyone told every week.

    Nobody is suspended for what waits for the agency: its word on a claim, on a payment or on what it asks back.
    """
    award, since = tranche.award, tranche.account_by or at
    if award.state not in RUNNING:
        return  # an older release beside this one ended it, and left this clock behind
    if not settlement.is_claimable(tranche):
        timers.again(Kind.ACCOUNT, of=tranche, due_at=at + TOLD_AGAIN, at=at, is_late=False)
        return
    timers.again(Kind.ACCOUNT, of=tranche, due_at=at + TOLD_AGAIN, at=at)
    event = audit.record("tranche.account_overdue", of=tranche, by=None, at=at)
    people = together(pi(award.proposal), signatories(award), managers(award.proposal), heads(award.proposal))
    tell(people, "account_overdue", event=event, at=at, tranche=tranche, award=award)
    reason = _("Payment %(number)s was not accounted for in time.") % {"number": tranche.number}
    holding.suspend(award, Cause.ACCOUNT_OVERDUE, reason=reason, by=None, at=at, since=since)
