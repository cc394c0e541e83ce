"""Money goes out: a gate opens, the manager approves, the finance officer releases, the bank confirms."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.working_days import after_days
from rdfast.flow import holding
from rdfast.flow.telling import finance_officers, heads, managers, pi, signatories, tell, together
from rdfast.funding import payments, queries
from rdfast.funding.models import Award, NewAccount, Tranche
from rdfast.funding.operations import PaymentAccount
from rdfast.funding.rules import GateFacts, gate_is_open
from rdfast.funding.states import ENDED, LIVE, PAID, SUSPENDED, Cause, TrancheState
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.milestones.models import Milestone
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of

# After a suspension, money that should have been accounted for meanwhile gets so long.
ACCOUNT_AGAIN_DAYS = 30


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
        accepted=boxes[BoxKind.EXPENSE],
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
    _expect_account(tranche, tranche.account_by or at, at=at)
    people = together(pi(award.proposal), signatories(award))
    tell(people, "tranche_released", event=last_of(tranche), at=at, tranche=tranche, award=award)
    return tranche


def _expect_account(tranche: Tranche, account_by: datetime, *, at: datetime) -> None:
    reminders = [account_by - timedelta(days=days) for days in (30, 7)]
    timers.set(Kind.ACCOUNT, of=tranche, due_at=account_by, at=at, remind_at=reminders)


@boundaries.commit
def settle(tranche_id: int, *, by: User, at: datetime) -> Tranche:
    """The bank confirmed the payment: it can now be accounted for."""
    tranche = payments.settle(tranche_id, by=by, at=at)
    award = tranche.award
    tell(pi(award.proposal), "tranche_settled", event=last_of(tranche), at=at, tranche=tranche, award=award)
    return tranche


@boundaries.commit
def bounce(tranche_id: int, *, reason: str, by: User, at: datetime) -> Tranche:
    """The bank sent it back, therefore: nothing is to be accounted for, and another account is needed."""
    tranche = payments.bounce(tranche_id, reason=reason, by=by, at=at)
    award = tranche.award
    timers.cancel(Kind.ACCOUNT, of=tranche, at=at)
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
    people = [user for user in finance_officers(award.proposal) if user != by]
    tell(people, "account_given", event=last_of(award), at=at, account=given, award=award)
    return given


@boundaries.commit
def check_account(account_id: int, *, by: User, at: datetime) -> NewAccount:
    """The account is right, therefore: what bounced is ready again, once the award is live."""
    account = payments.check_account(account_id, by=by, at=at)
    award = account.award
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
        account_by = after_days(at, ACCOUNT_AGAIN_DAYS)
        payments.put_off(tranche, account_by=account_by)
        timers.cancel(Kind.ACCOUNT, of=tranche, at=at)
        _expect_account(tranche, account_by, at=at)


def payment_late(tranche: Tranche, *, at: datetime) -> None:
    """The clock: approval or release is late; the head is told."""
    event = audit.record("tranche.late", of=tranche, by=None, at=at)
    award = tranche.award
    people = together(heads(award.proposal), managers(award.proposal), finance_officers(award.proposal))
    tell(people, "payment_late", event=event, at=at, tranche=tranche, award=award)


def account_overdue(tranche: Tranche, *, at: datetime) -> None:
    """The clock: money is not accounted for in time; the award is suspended, and everyone told every week."""
    event = audit.record("tranche.account_overdue", of=tranche, by=None, at=at)
    award = tranche.award
    timers.set(Kind.ACCOUNT, of=tranche, due_at=at + timedelta(days=7), at=at)
    people = together(pi(award.proposal), signatories(award), managers(award.proposal), heads(award.proposal))
    tell(people, "account_overdue", event=event, at=at, tranche=tranche, award=award)
    reason = _("Payment %(number)s was not accounted for in time.") % {"number": tranche.number}
    holding.suspend(award, Cause.ACCOUNT_OVERDUE, reason=reason, by=None, at=at)
