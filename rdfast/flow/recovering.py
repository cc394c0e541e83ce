"""Money is asked back: proposed, noticed, contested, determined, demanded, paid – or dunned, referred, given up."""

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from rdfast.appeals.queries import is_appealed
from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.amounts import written
from rdfast.core.working_days import after_days, end_of
from rdfast.flow import closing, paying
from rdfast.flow.telling import (
    TOLD_AGAIN,
    finance_officers,
    heads,
    managers,
    pi,
    second_approvers,
    signatories,
    tell,
    together,
)
from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.settlement import auditing, queries, recoveries, repayments
from rdfast.settlement.models import AuditSample, Claim, Recovery, Repayment
from rdfast.settlement.operations import lock_claim
from rdfast.settlement.recoveries import RecoveryRefused
from rdfast.settlement.states import ON_TOP, RECOVERY, Origin, RecoveryKind, RecoveryState
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind

State = RecoveryState


@boundaries.commit
def propose(
    award_id: int, *, kind: str, origin: str, amount: int, reason: str, by: User, at: datetime
) -> Recovery:
    """Somebody of the agency asks money back; a finance officer gives the notice."""
    recovery = recoveries.propose(
        award_id, kind=kind, origin=origin, amount=amount, reason=reason, by=by, at=at
    )
    timers.set(Kind.NOTICE_RECOVERY, of=recovery, due_at=at + TOLD_AGAIN, at=at)
    people = [user for user in finance_officers(recovery.award.proposal) if user != by]
    _tell(people, "recovery_proposed", recovery, at=at)
    return recovery


def notice_late(recovery: Recovery, *, at: datetime) -> None:
    """The clock: proposed, and no notice given: nobody can claim that money meanwhile. Told again every week."""
    if recovery.state != State.PROPOSED:
        return  # an older release beside this one moved it on, and left this clock behind
    audit.record("recovery.late", of=recovery, by=None, at=at)
    timers.again(Kind.NOTICE_RECOVERY, of=recovery, due_at=at + TOLD_AGAIN, at=at)
    people = finance_officers(recovery.award.proposal)
    _tell(people, "recovery_proposed", recovery, at=at)


def open_(
    award_id: int, *, kind: str, amount: int, reason: str, at: datetime, origin: str = Origin.ADVANCES
) -> Recovery:
    """Proposed and noticed at once, by the clock or because of a decision that others signed."""
    recovery = recoveries.propose(
        award_id, kind=kind, origin=origin, amount=amount, reason=reason, by=None, at=at
    )
    return _notice(recovery, by=None, at=at)


@boundaries.commit
def notice(recovery_id: int, *, by: User, at: datetime) -> Recovery:
    """Notice is given, therefore: twenty days to contest it (Innovation Act art. 33)."""
    return _notice(recoveries.lock_recovery(recovery_id), by=by, at=at)


def _notice(recovery: Recovery, *, by: User | None, at: datetime) -> Recovery:
    noticed = recoveries.notice(recovery.pk, by=by, at=at)
    timers.cancel(Kind.NOTICE_RECOVERY, of=noticed, at=at)
    due_at = after_days(at, noticed.award.policy.terms.contest_days)
    timers.set(Kind.CONTEST, of=noticed, due_at=due_at, at=at, remind_at=[due_at - timedelta(days=5)])
    _tell(_payers(noticed), "recovery_noticed", noticed, at=at, due_at=due_at)
    return noticed


@boundaries.commit
def contest(recovery_id: int, *, objection: str, by: User, at: datetime) -> Recovery:
    """Contested, therefore: a manager determines within thirty days."""
    recovery = recoveries.contest(recovery_id, objection=objection, by=by, at=at)
    timers.cancel(of=recovery, at=at)
    due_at = after_days(at, recovery.award.policy.terms.determine_days)
    timers.set(Kind.DETERMINE, of=recovery, due_at=due_at, at=at)
    _tell(managers(recovery.award.proposal), "recovery_contested", recovery, at=at, due_at=due_at)
    return recovery


def contest_passed(recovery: Recovery, *, at: datetime) -> None:
    """The clock: nobody contested the recovery; it is determined in full."""
    determined = recoveries.determine(recovery.pk, amount=recovery.amount, determination="", by=None, at=at)
    _determined(determined, at=at)


@boundaries.commit
def determine(recovery_id: int, *, amount: int, determination: str, by: User, at: datetime) -> Recovery:
    """A manager heard the objection and determines what is to be paid."""
    asked = recoveries.lock_recovery(recovery_id).amount
    recovery = recoveries.determine(recovery_id, amount=amount, determination=determination, by=by, at=at)
    _determined(recovery, at=at)
    if recovery.amount < asked:
        _let_claim_again(recovery, at=at)
    return recovery


def _determined(recovery: Recovery, *, at: datetime) -> None:
    timers.cancel(of=recovery, at=at)
    due_at = after_days(at, recovery.award.policy.terms.appeal_days)
    timers.set(Kind.DEMAND, of=recovery, due_at=due_at, at=at)
    _tell(_payers(recovery), "recovery_determined", recovery, at=at, due_at=due_at)


def determination_late(recovery: Recovery, *, at: datetime) -> None:
    """The clock: a contested recovery waits too long; the head is told, again every week."""
    audit.record("recovery.late", of=recovery, by=None, at=at)
    timers.again(Kind.DETERMINE, of=recovery, due_at=at + TOLD_AGAIN, at=at)
    proposal = recovery.award.proposal
    _tell(together(heads(proposal), managers(proposal)), "recovery_late", recovery, at=at)


@boundaries.commit
def dismiss(recovery_id: int, *, conclusion: str, by: User, at: datetime) -> Recovery:
    """A manager finds that nothing is to be paid back."""
    recovery = recoveries.dismiss(recovery_id, conclusion=conclusion, by=by, at=at)
    _ended(recovery, at=at)
    _let_claim_again(recovery, at=at)
    return recovery


def dismiss_upheld(recovery_id: int, *, conclusion: str, by: User, at: datetime) -> Recovery:
    """An appeal against the recovery was upheld."""
    recovery = recoveries.dismiss_upheld(recovery_id, conclusion=conclusion, by=by, at=at)
    _ended(recovery, at=at)
    _let_claim_again(recovery, at=at)
    return recovery


def last_claim_passed(award: Award, *, at: datetime) -> None:
    """The clock: what was not claimed in time after the end is asked back as unspent (decree art. 26)."""
    rest = closing.unclaimed(award, at=at)
    if rest:
        reason = _("Paid, and not accounted for by the last day for claims after the end of the work.")
        open_(award.pk, kind=RecoveryKind.UNSPENT, amount=rest, reason=reason, at=at)


def demand(recovery: Recovery, *, at: datetime) -> None:
    """The clock: the time to appeal passed, therefore the money is owed, within thirty days (art. 34).

    While an appeal against it waits for its decision nothing is demanded.
    """
    if is_appealed(recovery, "recovery.determine"):
        timers.set(Kind.DEMAND, of=recovery, due_at=at + TOLD_AGAIN, at=at)
        return
    demanded = recoveries.demand(recovery.pk, at=at)
    award = demanded.award
    due_at = _pay_by(timezone.localdate(at) + timedelta(days=award.policy.terms.pay_days))
    _set_pay(demanded, due_at, at=at)
    paying.close_accounted(award, at=at)
    _tell(_payers(demanded), "recovery_demanded", demanded, at=at, due_at=due_at)


def payment_missed(recovery: Recovery, *, at: datetime) -> None:
    """The clock: the day to pay has passed. What instalments cover moves on to the next of them."""
    following = queries.next_instalment_on(recovery)
    if following is not None and _pay_by(following) > at:
        _set_pay(recovery, _pay_by(following), at=at)
        return
    overdue = recoveries.fall_behind(recovery.pk, "run_over", at=at)
    due_at = after_days(at, overdue.award.policy.terms.dun_after_days)
    timers.set(Kind.DUN, of=overdue, due_at=due_at, at=at)
    _tell(_payers(overdue), "recovery_overdue", overdue, at=at, due_at=due_at)
    closing.go_on(overdue.award, at=at)


def dun(recovery: Recovery, *, at: datetime) -> None:
    """The clock: still unpaid. Dunned with a last date; or, once referred, told to the head again every week."""
    if recovery.state == State.REFERRED:
        audit.record("recovery.late", of=recovery, by=None, at=at)
        _tell_of_referral(recovery, at=at)
        return
    dunned = recoveries.fall_behind(recovery.pk, "dun", at=at)
    due_at = after_days(at, dunned.award.policy.terms.dun_days)
    timers.set(Kind.REFER, of=dunned, due_at=due_at, at=at, remind_at=[due_at - timedelta(days=5)])
    _tell(_payers(dunned), "recovery_dunned", dunned, at=at, due_at=due_at)


def refer(recovery: Recovery, *, at: datetime) -> None:
    """The clock: dunned in vain; collected as national tax arrears from now on (art. 34)."""
    referred = recoveries.fall_behind(recovery.pk, "refer", at=at)
    _tell(_payers(referred), "recovery_referred", referred, at=at)
    _tell_of_referral(referred, at=at)


def _tell_of_referral(recovery: Recovery, *, at: datetime) -> None:
    timers.again(Kind.DUN, of=recovery, due_at=at + TOLD_AGAIN, at=at)
    proposal = recovery.award.proposal
    # The second approver may give it up, the finance officer agree instalments.
    approvers = second_approvers(proposal, other_than=recovery.proposed_by)
    people = together(heads(proposal), approvers, finance_officers(proposal))
    _tell(people, "recovery_unpaid", recovery, at=at)


@boundaries.commit
def agree_instalments(recovery_id: int, rows: list[tuple[int, date]], *, by: User, at: datetime) -> Recovery:
    """Paid in parts, therefore: the clock waits for the next part, and closing for no longer."""
    recovery = recoveries.agree_instalments(recovery_id, rows, by=by, at=at)
    timers.cancel(of=recovery, at=at)
    _set_pay(recovery, _pay_by(rows[0][1]), at=at)
    _tell(_payers(recovery), "recovery_instalments", recovery, at=at, due_at=_pay_by(rows[0][1]))
    closing.stand_still(recovery.award, at=at)
    return recovery


@boundaries.commit
def receive(
    recovery_id: int, *, reference: str, received_on: date, amount: int, by: User, at: datetime
) -> Repayment:
    """Money arrived: it counts towards the demand, and what is too much can be given back."""
    missed = _missed_instalment(recovery_id)
    repayment = repayments.receive(
        recovery_id, reference=reference, received_on=received_on, amount=amount, by=by, at=at
    )
    recovery = Recovery.objects.select_related("award").get(pk=recovery_id)
    paying.consider(recovery.award, at=at)
    if recovery.state == State.PAID:
        _ended(recovery, at=at, template="recovery_paid")
        return repayment
    following = queries.next_instalment_on(recovery)
    if recovery.state == State.DEMANDED and following is not None:
        timers.cancel(Kind.PAY, of=recovery, at=at)
        # What is behind with one instalment stays due at once; what is ahead waits for the next.
        _set_pay(recovery, max(_pay_by(following), at + timedelta(hours=1)), at=at)
    elif missed and received_on <= missed and following and _pay_by(following) > at:
        # The bank had it in time; only its record came after the day.
        recovery = recoveries.back_on_plan(recovery_id, by=by, at=at)
        timers.cancel(of=recovery, at=at)
        _set_pay(recovery, _pay_by(following), at=at)
        closing.stand_still(recovery.award, at=at)
    return repayment


def _missed_instalment(recovery_id: int) -> date | None:
    """The day of the instalment for whose sake the recovery is behind."""
    recovery = Recovery.objects.filter(pk=recovery_id, state__in=RECOVERY.sources_of("reschedule")).first()
    return queries.next_instalment_on(recovery) if recovery else None


@boundaries.commit
def give_back(repayment_id: int, *, by: User, at: datetime) -> Repayment:
    """What nobody owed goes back to the payer."""
    return repayments.give_back(repayment_id, by=by, at=at)


@boundaries.commit
def remit(recovery_id: int, *, amount: int, by: User, at: datetime) -> None:
    """What was paid back goes on to the treasury."""
    repayments.remit(recovery_id, amount=amount, by=by, at=at)


@boundaries.commit
def waive(recovery_id: int, *, conclusion: str, by: User, at: datetime) -> Recovery:
    """A second approver waives it, with a reason."""
    return _give_up(recovery_id, "waive", conclusion, by=by, at=at)


@boundaries.commit
def write_off(recovery_id: int, *, conclusion: str, by: User, at: datetime) -> Recovery:
    """A second approver writes it off, with a reason: it cannot be collected."""
    return _give_up(recovery_id, "write_off", conclusion, by=by, at=at)


def _give_up(recovery_id: int, move: str, conclusion: str, *, by: User, at: datetime) -> Recovery:
    recovery = recoveries.give_up(recovery_id, move, conclusion=conclusion, by=by, at=at)
    paying.close_accounted(recovery.award, at=at)
    paying.consider(recovery.award, at=at)
    _ended(recovery, at=at)
    _let_claim_again(recovery, at=at)
    return recovery


@boundaries.commit
def disallow_late(claim_id: int, *, amount: int, reason: str, by: User, at: datetime) -> Recovery:
    """The full check of a decided claim found a cost that should not have been accepted: it is asked back."""
    claim = lock_claim(claim_id)
    if claim.checked_at is None:
        auditing.check(claim_id, by=by, at=at)
    accepted = sum(line.accepted_amount or 0 for line in claim.lines.all())
    if amount > accepted:
        message = _("Of this claim %(accepted)s was accepted.") % {"accepted": written(accepted)}
        raise RecoveryRefused(message, field="amount")
    return propose(
        claim.award_id,
        kind=RecoveryKind.DISALLOWED,
        origin=Origin.EXPENSE,
        amount=amount,
        reason=reason,
        by=by,
        at=at,
    )


@boundaries.commit
def check(claim_id: int, *, by: User, at: datetime) -> Claim:
    """Every receipt of a drawn claim was looked at, and nothing was wrong."""
    return auditing.check(claim_id, by=by, at=at)


@boundaries.commit
def draw_sample(programme_id: int, year: int, *, by: User, at: datetime) -> AuditSample:
    """The year's random draw of claims for a full check."""
    return auditing.draw(programme_id, year, by=by, at=at)


def _ended(recovery: Recovery, *, at: datetime, template: str = "recovery_ended") -> None:
    timers.cancel(of=recovery, at=at)
    if recovery.noticed_at is not None:
        _tell(_payers(recovery), template, recovery, at=at)
    closing.go_on(recovery.award, at=at)


def _let_claim_again(recovery: Recovery, *, at: datetime) -> None:
    """What was asked back of the advances, and is asked back no more before its demand, can be claimed again."""
    if recovery.origin == Origin.ADVANCES and recovery.demanded_at is None:
        paying.give_more_time(recovery.award, at=at)


def _set_pay(recovery: Recovery, due_at: datetime, *, at: datetime) -> None:
    reminders = [due_at - timedelta(days=days) for days in (14, 3)]
    timers.set(Kind.PAY, of=recovery, due_at=due_at, at=at, remind_at=reminders)


def _pay_by(day: date) -> datetime:
    return end_of(day)


def _payers(recovery: Recovery) -> list[User]:
    return together(pi(recovery.award.proposal), signatories(recovery.award))


def _tell(
    people: list[User], template: str, recovery: Recovery, *, at: datetime, due_at: datetime | None = None
) -> None:
    tell(
        people,
        template,
        event=last_of(recovery),
        at=at,
        recovery=recovery,
        award=recovery.award,
        owed=queries.owed(recovery) or recovery.amount,
        on_top=recovery.kind in ON_TOP,
        due_at=due_at,
    )
