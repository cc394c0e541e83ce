"""Writes of changes. Every write locks the award first; what an agreed one does is told in `flow/changing.py`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.changes import queries, rules
from rdfast.changes.models import Change, ChangedMilestone
from rdfast.changes.states import MACHINE, Side, State
from rdfast.core.amounts import written
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import OutOfDate, RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.milestones.operations import Promise
from rdfast.milestones.queries import is_unanswered
from rdfast.milestones.states import LOST
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User


class ChangeRefused(RuleBroken):
    """Something in the change does not fit; `field` names it."""


class ChangeWaits(RuleBroken):
    """Another change of the award waits for its answer."""


class Stale(RuleBroken):
    """The agreement moved on after the change was drawn up. Whoever moves it overtakes the change, so nobody meets this."""


@one_transaction
def propose(
    award_id: int,
    *,
    amount: int,
    promises: list[Promise],
    reason: str,
    base_version: int,
    once: UUID,
    by: User,
    at: datetime,
) -> Change:
    """Propose a change of a live award. The same `once` finds the same change.

    Raises OutOfDate when the agreement moved on since the form was loaded, ChangeWaits, or ChangeRefused.
    """
    award = lock_award(award_id)
    existing = Change.objects.filter(once=once, award=award).first()
    if existing:
        return existing
    side = rules.side_of(funding.relations(award, by))
    if side is None or not rules.may_propose(award_state=award.state, relations=funding.relations(award, by)):
        raise NotPossibleNow(award)
    if award.version != base_version:
        raise OutOfDate
    if queries.in_hand(award):
        raise ChangeWaits(_("Another change of this award waits for its answer."))
    _ensure_sound(award, amount, promises, reason, timezone.localdate(at))
    change = Change.objects.create(
        award=award,
        number=(award.changes.aggregate(last=Max("number"))["last"] or 0) + 1,
        side=side,
        base_version=base_version,
        replaces_after=_last_begun(award),
        amount=amount,
        reason=reason,
        once=once,
        proposed_by=by,
        proposed_at=at,
        is_free_move=_is_free_move(award, amount, promises, side),
    )
    ChangedMilestone.objects.bulk_create(
        ChangedMilestone(
            change=change,
            number=number,
            title=promise.title,
            criterion=promise.criterion,
            due_on=promise.due_on,
            share_percent=promise.share_percent,
            is_critical=promise.is_critical,
        )
        for number, promise in enumerate(promises, start=1)
    )
    audit.began(change, by=by, at=at, reason=reason, data={"amount": amount})
    return change


def _last_begun(award: Award) -> int:
    begun = award.milestones.exclude(state__in=[MilestoneState.PLANNED, MilestoneState.SUPERSEDED])
    return begun.aggregate(last=Max("number"))["last"] or 0


def _is_free_move(award: Award, amount: int, promises: list[Promise], side: Side) -> bool:
    """One date may be moved once by the applicant alone, if nothing else changes and no loss waits for its answer."""
    if side != Side.APPLICANT or amount != award.amount:
        return False
    if any(is_unanswered(milestone) for milestone in award.milestones.filter(state__in=LOST)):
        return False
    if award.changes.filter(is_free_move=True, state=State.AGREED).exists():
        return False
    planned = list(award.milestones.filter(state="planned").order_by("number"))
    same = [(p.criterion, p.is_critical) for p in promises] == [(m.criterion, m.is_critical) for m in planned]
    wanted = [rules.Ahead(0, p.title, p.due_on, p.share_percent) for p in promises]
    return same and rules.moves_one_date(queries.facts(award).planned, wanted)


def _ensure_sound(award: Award, amount: int, promises: list[Promise], reason: str, today: date) -> None:
    if not reason.strip():
        raise ChangeRefused(_("Say why; the other side reads it."), field="reason")
    if not 0 < amount <= award.asked_amount:
        message = _("Write an amount up to the %(asked)s that the whole work asked for.")
        raise ChangeRefused(message % {"asked": written(award.asked_amount)}, field="amount")
    if not promises and not queries.facts(award).under_way and amount > funding.paid_or_bounced(award):
        raise ChangeRefused(_("Money to come needs a milestone that it works for."), field="milestones")
    days = [promise.due_on for promise in promises]
    ends_on = award.proposal.call.work_ends_on
    for index, day in enumerate(days):
        if not today < day <= ends_on:
            day_message = _("Choose a day after today and up to %(day)s.") % {"day": ends_on.isoformat()}
            raise ChangeRefused(day_message, field=f"milestones-{index}-due_on")
    if days != sorted(set(days)):
        raise ChangeRefused(_("Each milestone must be due after the one before it."), field="milestones")
    for index, promise in enumerate(promises):
        if not (promise.title.strip() and promise.criterion.strip()):
            raise ChangeRefused(
                _("Name each milestone and its criterion."), field=f"milestones-{index}-title"
            )
        if promise.share_percent <= 0:
            share_message = _("Give its share of the money in percent.")
            raise ChangeRefused(share_message, field=f"milestones-{index}-share_percent")


def lock_change(change_id: int) -> Change:
    """Hold the award, then the change."""
    award_id = Change.objects.filter(pk=change_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    change = lock(Change, change_id)
    change.award = award
    return change


@one_transaction
def agree(change_id: int, *, effect: dict[str, Any], by: User, at: datetime) -> Change:
    """The other side agrees; what was shown is kept. A free move needs nobody else. Raises Stale or ChangeRefused."""
    change = lock_change(change_id)
    if not (change.is_free_move and change.proposed_by_id == by.pk and change.state == State.PROPOSED):
        _ensure_may(change, "agree", by)
    if change.award.version != change.base_version:
        raise Stale(_("The agreement has changed since this was proposed. Propose it anew."))
    if change.milestones.filter(due_on__lte=timezone.localdate(at)).exists():
        raise ChangeRefused(_("A day in it has come meanwhile. Refuse it, so that it can be proposed anew."))
    change.agree(by=by, at=at, effect=effect)
    change.save(update_fields=["state", "answered_by", "answered_at", "effect"])
    audit.moved(change, by=by, at=at)
    return change


@one_transaction
def refuse(change_id: int, *, answer: str, by: User, at: datetime) -> Change:
    """The other side refuses, with a reason; the agreement stays as it is."""
    change = lock_change(change_id)
    _ensure_may(change, "refuse", by)
    if not answer.strip():
        raise ChangeRefused(_("Say why; the other side reads it."), field="answer")
    change.refuse(by=by, at=at, answer=answer)
    change.save(update_fields=["state", "answered_by", "answered_at", "answer"])
    audit.moved(change, by=by, at=at, reason=answer)
    return change


@one_transaction
def overtake(award: Award, *, at: datetime) -> Change | None:
    """The agreement moved on otherwise: what waits for an answer is stale. The caller holds the award."""
    change = Change.objects.filter(award=award, state=State.PROPOSED).select_for_update(no_key=True).first()
    if change is None:
        return None
    change.award = award
    change.overtake(at=at)
    change.save(update_fields=["state", "answered_at"])
    audit.moved(change, by=None, at=at)
    return change


def _ensure_may(change: Change, move: str, by: User) -> None:
    if change.state not in MACHINE.sources_of(move):
        raise NotPossibleNow(change)
    ensure(queries.may(move, change, by), _("The other side answers a proposed change."))
