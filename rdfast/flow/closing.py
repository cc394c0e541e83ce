"""An ended award is settled: what was not claimed is asked back, and once nothing is open it is closed."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from rdfast.appeals.queries import open_about
from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.amounts import written
from rdfast.core.refusals import ManyRulesBroken, RuleBroken
from rdfast.core.working_days import after_days
from rdfast.flow import more_time
from rdfast.flow.telling import TOLD_AGAIN, finance_officers, heads, managers, pi, signatories, tell, together
from rdfast.funding import operations as funding
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.standing import NotSettled
from rdfast.funding.states import ENDED
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.people.models import User
from rdfast.settlement import queries
from rdfast.settlement.models import Claim, Recovery
from rdfast.settlement.states import OPEN_RECOVERY, RecoveryState
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of

# Once instalments stop it no more, an award is closed within so long.
DAYS_TO_CLOSE = 30


def unclaimed(award: Award, *, at: datetime) -> int:
    """The clock: the time for the last claim is over. Returns what is to be asked back now, in minor units.

    While claims wait, or the bank has yet to confirm a payment, the rest is looked at again every week.
    """
    if award.state not in ENDED:
        return 0
    room = queries.room_for_claims(award)
    if room > 0:
        audit.record("award.claim_overdue", of=award, by=None, at=at, data={"amount": room})
    if _is_waiting(award, room):
        timers.again(Kind.FINAL_CLAIM, of=award, due_at=at + TOLD_AGAIN, at=at, is_late=False)
    return max(room, 0)


def _is_waiting(award: Award, room: int) -> bool:
    """Whether some of what is out is neither to be asked back now nor asked back already."""
    asked_back = sum(
        recovery.amount
        for recovery in award.recoveries.filter(state__in=OPEN_RECOVERY, origin="advances")
        if recovery.demanded_at is None
    )
    return ledger.boxes_of_award(award.pk)[BoxKind.ADVANCES] > room + asked_back


def give_more_time(award: Award, *, at: datetime, claim: Claim | None = None) -> None:
    """Something of an ended award's money can be claimed, or claimed again, perhaps after a refused `claim`."""
    if award.state not in ENDED or queries.room_for_claims(award) <= 0:
        return
    until = more_time.until(award, at=at, claim=claim)
    now_due_at = due_at_of(Kind.FINAL_CLAIM, award._meta.label_lower, award.pk)
    if until is None:
        timers.bring_forward(Kind.FINAL_CLAIM, of=award, at=at)
    elif now_due_at is None or now_due_at < until:
        timers.cancel(Kind.FINAL_CLAIM, of=award, at=at)
        reminders = [until - timedelta(days=days) for days in (14, 8, 3)]
        clock = timers.set(Kind.FINAL_CLAIM, of=award, due_at=until, at=at, remind_at=reminders)
        more_time.note(clock, award, at=at, claim=claim)


def end_claims(award: Award, *, at: datetime) -> None:
    """Everything of an ended award is accounted for: no last claim is waited for any more."""
    if award.state in ENDED and not ledger.boxes_of_award(award.pk)[BoxKind.ADVANCES]:
        timers.cancel(Kind.FINAL_CLAIM, of=award, at=at)


def stand_still(award: Award, *, at: datetime) -> None:
    """Instalments run: the clock of the closing stops until they end, or are not kept."""
    timers.cancel(Kind.CLOSE, of=award, at=at)


def go_on(award: Award, *, at: datetime) -> None:
    """The clock of the closing goes on once no instalments stop it."""
    if award.state in ENDED and not _is_pending(Kind.CLOSE, award) and not _instalments_run(award):
        timers.set(Kind.CLOSE, of=award, due_at=after_days(at, DAYS_TO_CLOSE), at=at)


def closing_late(award: Award, *, at: datetime) -> None:
    """The clock: the award was not closed in time; finance officers and the head are told, again every week until it is."""
    if award.state not in ENDED:
        return
    event = audit.record("award.close_overdue", of=award, by=None, at=at)
    timers.again(Kind.CLOSE, of=award, due_at=at + TOLD_AGAIN, at=at)
    people = together(heads(award.proposal), finance_officers(award.proposal))
    tell(people, "award_close_overdue", event=event, at=at, award=award)


@boundaries.commit
def close(award_id: int, *, by: User, at: datetime) -> Award:
    """The finance officer closes it: nothing is open any more. Raises ManyRulesBroken with everything that is."""
    award = funding.lock_award(award_id)
    funding.ensure_may_award(award, "close", by)
    open_: list[RuleBroken] = [NotSettled(each) for each in what_is_open(award)]
    if open_:
        raise ManyRulesBroken(open_)
    closed = standing.close(award_id, by=by, at=at)
    timers.cancel(of=closed, at=at)
    people = together(pi(closed.proposal), signatories(closed), managers(closed.proposal))
    tell(people, "award_closed", event=last_of(closed), at=at, award=closed)
    return closed


def what_is_open(award: Award) -> list[str]:
    """What keeps the award from being closed, in sentences; empty when nothing does."""
    found = []
    advances = ledger.boxes_of_award(award.pk)[BoxKind.ADVANCES]
    if advances:
        found.append(_("%(open)s was paid and is not accounted for yet.") % {"open": written(advances)})
    found += [
        _("Recovery %(number)s is still open.") % {"number": recovery.number}
        for recovery in award.recoveries.filter(state__in=OPEN_RECOVERY)
        if not _is_kept(recovery)
    ]
    to_remit = sum(queries.to_remit_of(award.pk).values())
    if to_remit:
        found.append(_("%(amount)s was paid back; remit it first.") % {"amount": written(to_remit)})
    unmatched = ledger.second_set_of_award(award.pk)[BoxKind.UNMATCHED]
    if unmatched:
        found.append(
            _("%(amount)s was received beyond what is owed; give it back first.")
            % {"amount": written(unmatched)}
        )
    if open_about(award):
        found.append(_("An appeal waits for its decision."))
    return found


def is_accounted_for(award: Award) -> bool:
    """Whether the applicant side has nothing more to do: all is accounted for, and nothing asked back or disputed."""
    return (
        not ledger.boxes_of_award(award.pk)[BoxKind.ADVANCES]
        and not award.recoveries.filter(state__in=OPEN_RECOVERY).exists()
        and not open_about(award)
    )


def _instalments_run(award: Award) -> bool:
    return any(_is_kept(recovery) for recovery in award.recoveries.filter(state__in=OPEN_RECOVERY))


def _is_kept(recovery: Recovery) -> bool:
    """Whether it is paid in instalments that are kept: once one is missed, it is overdue and demanded no more."""
    return recovery.state == RecoveryState.DEMANDED and bool(queries.plan_of(recovery))


def _is_pending(kind: Kind, award: Award) -> bool:
    return due_at_of(kind, award._meta.label_lower, award.pk) is not None
