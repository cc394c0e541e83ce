"""Writes of recoveries: money asked back. Every write locks the award first; only here it becomes receivable."""

from datetime import date, datetime

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.core.amounts import written
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding import queries as funding
from rdfast.funding.operations import lock_award
from rdfast.funding.queries import relations
from rdfast.funding.states import ENDED
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import WAYS, BoxKind, What
from rdfast.people.models import User
from rdfast.settlement import queries, rules
from rdfast.settlement.models import Instalment, Recovery
from rdfast.settlement.states import ON_TOP, OPEN_RECOVERY, RECOVERY, Origin

# The arrow of a demand, by where its money lies.
_DEMANDED = {
    Origin.ADVANCES: What.DISALLOWED,
    Origin.EXPENSE: What.DISALLOWED_LATE,
    Origin.ON_TOP: What.CHARGED,
}


class RecoveryRefused(RuleBroken):
    """Something in the recovery does not fit; `field` names it."""


class AskedBackBefore(RuleBroken):
    """The same money is asked back already: the form was sent twice."""


class AgreedBefore(RuleBroken):
    """The same instalments are agreed already: the form was sent twice."""


@one_transaction
def propose(
    award_id: int, *, kind: str, origin: str, amount: int, reason: str, by: User | None, at: datetime
) -> Recovery:
    """Ask `amount` (minor units) back. `by` None: the clock, or a decision that was made elsewhere.

    Raises RecoveryRefused when less lies there than is asked back, other open recoveries counted; AskedBackBefore
    when somebody asks the same back for the same reason as an open recovery does.
    """
    award = lock_award(award_id)
    theirs = relations(award, by) if by else frozenset()
    allowed = by is None or rules.may_propose_recovery(award_state=award.state, relations=theirs)
    ensure(allowed, _("You cannot ask money of this award back."))
    _need(reason, "reason")
    if (kind in ON_TOP) != (origin == Origin.ON_TOP):
        message = _("Surcharges and interest come on top of the award; everything else lies in it.")
        raise RecoveryRefused(message, field="origin")
    if amount <= 0:
        raise RecoveryRefused(_("Write an amount above zero."), field="amount")
    same = award.recoveries.filter(kind=kind, origin=origin, amount=amount, reason=reason)
    if by is not None and same.filter(state__in=OPEN_RECOVERY).exists():
        message = _(
            "This is asked back already, for the same reason. If it is another sum, write another reason."
        )
        raise AskedBackBefore(message, field="reason")
    most = queries.most_to_recover(award, origin)
    if most is not None and amount > most:
        message = _("At most %(most)s can be asked back from there.")
        raise RecoveryRefused(message % {"most": written(most)}, field="amount")
    number = (award.recoveries.aggregate(last=Max("number"))["last"] or 0) + 1
    recovery = Recovery.objects.create(
        award=award,
        number=number,
        kind=kind,
        origin=origin,
        amount=amount,
        reason=reason,
        proposed_by=by,
        proposed_at=at,
    )
    audit.began(recovery, by=by, at=at, reason=reason, data={"amount": amount, "kind": kind})
    return recovery


@one_transaction
def notice(recovery_id: int, *, by: User | None, at: datetime) -> Recovery:
    """Tell those who would pay; they may contest it."""
    recovery = _lock_for(recovery_id, "notice", by)
    recovery.notice(at=at)
    recovery.save(update_fields=["state", "noticed_at"])
    audit.moved(recovery, by=by, at=at, reason=recovery.reason, data={"amount": recovery.amount})
    return recovery


@one_transaction
def contest(recovery_id: int, *, objection: str, by: User, at: datetime) -> Recovery:
    """The applicant side objects, once; a manager then determines."""
    recovery = _lock_for(recovery_id, "contest", by)
    _need(objection, "objection")
    recovery.contest(objection=objection, by=by, at=at)
    recovery.save(update_fields=["state", "objection", "contested_by", "contested_at"])
    audit.moved(recovery, by=by, at=at, reason=objection)
    return recovery


@one_transaction
def determine(
    recovery_id: int, *, amount: int, determination: str, by: User | None, at: datetime
) -> Recovery:
    """What is to be paid: at most what was proposed. `by` None: nobody contested it in time."""
    recovery = _lock_for(recovery_id, "determine", by)
    if by is not None:
        _need(determination, "determination")
    if not 0 < amount <= recovery.amount:
        message = _("Determine an amount of at most %(most)s, or dismiss the recovery.")
        raise RecoveryRefused(message % {"most": written(recovery.amount)}, field="amount")
    recovery.determine(amount=amount, determination=determination, by=by, at=at)
    recovery.save(update_fields=["state", "amount", "determination", "determined_by", "determined_at"])
    audit.moved(recovery, by=by, at=at, reason=determination, data={"amount": amount})
    return recovery


@one_transaction
def demand(recovery_id: int, *, at: datetime) -> Recovery:
    """The clock: nothing stands against it any more. The money is owed from now on."""
    recovery = lock_recovery(recovery_id)
    recovery.demand(at=at)
    recovery.save(update_fields=["state", "demanded_at"])
    event = audit.moved(recovery, by=None, at=at, data={"amount": recovery.amount})
    what, key = _DEMANDED[Origin(recovery.origin)], f"demand:{recovery.pk}"
    if what == What.CHARGED:
        # What comes on top belongs to the envelope that the award began in.
        ledger.move(
            what,
            envelope_id=recovery.award.envelope_id,
            award_id=recovery.award_id,
            amount=recovery.amount,
            at=at,
            key=key,
            event=event,
        )
    else:
        _move(what, recovery, recovery.amount, key=key, event=event, at=at)
    return recovery


@one_transaction
def fall_behind(recovery_id: int, move: str, *, at: datetime) -> Recovery:
    """The clock: not paid in time, dunned, or referred to the tax office."""
    recovery = lock_recovery(recovery_id)
    getattr(recovery, move)()
    recovery.save(update_fields=["state"])
    audit.moved(recovery, by=None, at=at, data={"amount": queries.owed(recovery)})
    return recovery


@one_transaction
def agree_instalments(recovery_id: int, rows: list[tuple[int, date]], *, by: User, at: datetime) -> Recovery:
    """Give what is owed new dates, in parts of (amount, day). An overdue debt is demanded anew with them."""
    recovery = lock_recovery(recovery_id)
    _ensure_takes_money(recovery, by)
    owed = queries.owed(recovery)
    if not owed:
        raise NotPossibleNow(recovery)
    if rows == [(each.amount, each.due_on) for each in queries.plan_of(recovery)]:
        raise AgreedBefore(_("These instalments are agreed already. Nothing was changed."))
    _ensure_plan(rows, owed, at)
    plan = (recovery.instalments.aggregate(last=Max("plan"))["last"] or 0) + 1
    Instalment.objects.bulk_create(
        Instalment(recovery=recovery, plan=plan, number=number, amount=amount, due_on=due_on)
        for number, (amount, due_on) in enumerate(rows, start=1)
    )
    agreed = {"plan": plan, "owed": owed, "parts": len(rows)}
    audit.record("recovery.instalments", of=recovery, by=by, at=at, data=agreed)
    if recovery.state in RECOVERY.sources_of("reschedule"):
        recovery.reschedule()
        recovery.save(update_fields=["state"])
        audit.moved(recovery, by=by, at=at)
    return recovery


def _ensure_plan(rows: list[tuple[int, date]], owed: int, at: datetime) -> None:
    if sum(amount for amount, _day in rows) != owed:
        message = _("The instalments must add up to the %(owed)s that are still owed.")
        raise RecoveryRefused(message % {"owed": written(owed)}, field="instalments")
    before = timezone.localdate(at)
    for index, (amount, due_on) in enumerate(rows):
        if amount <= 0:
            raise RecoveryRefused(_("Write an amount above zero."), field=f"instalments-{index}-amount")
        if due_on <= before:
            message = _("Every instalment is due later than the one before it, the first after today.")
            raise RecoveryRefused(message, field=f"instalments-{index}-due_on")
        before = due_on


@one_transaction
def dismiss(recovery_id: int, *, conclusion: str, by: User, at: datetime) -> Recovery:
    """Nothing is asked back after all."""
    recovery = _lock_for(recovery_id, "dismiss", by)
    return _drop(recovery, "dismiss", conclusion, by=by, at=at)


@one_transaction
def dismiss_upheld(recovery_id: int, *, conclusion: str, by: User, at: datetime) -> Recovery:
    """An appeal was upheld before the demand; who may decide it was asked there."""
    return _drop(lock_recovery(recovery_id), "dismiss", conclusion, by=by, at=at)


@one_transaction
def give_up(recovery_id: int, move: str, *, conclusion: str, by: User, at: datetime) -> Recovery:
    """Waive or write off what is still owed, signed by a second approver with a reason."""
    recovery = _lock_for(recovery_id, move, by)
    owed = queries.owed(recovery)
    ended = _drop(recovery, move, conclusion, by=by, at=at, data={"amount": owed or recovery.amount})
    event: Event = vars(ended)["last_event"]
    if owed:
        what = What.UNCHARGED if recovery.origin == Origin.ON_TOP else What.WRITTEN_OFF
        _move(what, ended, owed, key=f"{move}:{recovery.pk}", event=event, at=at)
    elif recovery.origin == Origin.ADVANCES and recovery.award.state in ENDED:
        # Waived before its demand. Of an award that runs it can still be spent; of one that has ended it would be
        # asked back again.
        for what in (What.DISALLOWED, What.WRITTEN_OFF):
            _move(what, ended, recovery.amount, key=f"{what}:{move}:{recovery.pk}", event=event, at=at)
    return ended


@one_transaction
def back_on_plan(recovery_id: int, *, by: User, at: datetime) -> Recovery:
    """What was behind turns out to have been paid on its day: the instalments go on as agreed."""
    recovery = _lock_for(recovery_id, "reschedule", by)
    recovery.reschedule()
    recovery.save(update_fields=["state"])
    audit.moved(recovery, by=by, at=at)
    return recovery


def _drop(
    recovery: Recovery,
    move: str,
    conclusion: str,
    *,
    by: User,
    at: datetime,
    data: dict[str, int] | None = None,
) -> Recovery:
    _need(conclusion, "conclusion")
    getattr(recovery, move)(by=by, at=at, conclusion=conclusion)
    recovery.save(update_fields=["state", "ended_by", "ended_at", "conclusion"])
    audit.moved(recovery, by=by, at=at, reason=conclusion, data=data)
    return recovery


def lock_recovery(recovery_id: int) -> Recovery:
    """Hold the award, then the recovery."""
    award_id = Recovery.objects.filter(pk=recovery_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    recovery = lock(Recovery, recovery_id)
    recovery.award = award
    return recovery


def _lock_for(recovery_id: int, move: str, by: User | None) -> Recovery:
    recovery = lock_recovery(recovery_id)
    if recovery.state not in RECOVERY.sources_of(move):
        raise NotPossibleNow(recovery)
    if by is not None:
        allowed = rules.may_recover(
            move,
            state=recovery.state,
            relations=relations(recovery.award, by),
            is_proposer=recovery.proposed_by_id == by.pk,
        )
        ensure(allowed, _("You cannot do this with this recovery."))
    return recovery


def _ensure_takes_money(recovery: Recovery, by: User) -> None:
    allowed = rules.may_take_money(relations=relations(recovery.award, by))
    ensure(allowed, _("Only a finance officer of the programme can do this."))


def _need(text: str, field: str) -> None:
    if not text.strip():
        raise RecoveryRefused(_("Give a reason."), field=field)


def _move(what: What, recovery: Recovery, amount: int, *, key: str, event: Event, at: datetime) -> None:
    kept = funding.on_its_way(recovery.award) if WAYS[what].source == BoxKind.ADVANCES else None
    ledger.move_across(
        what, award_id=recovery.award_id, amount=amount, at=at, key=key, event=event, kept=kept
    )
