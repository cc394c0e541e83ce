"""Writes of proceedings and votes. Every write locks the award first."""

from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding import queries as funding
from rdfast.funding.operations import lock_award
from rdfast.funding.states import Termination
from rdfast.people.models import User
from rdfast.proceedings import queries, rules
from rdfast.proceedings.models import Proceeding, Vote
from rdfast.proceedings.states import MACHINE, Kind, State


class WordsMissing(RuleBroken):
    """A notice, a reply, a vote and a signature say why."""


class AlreadyRunning(RuleBroken):
    """One proceeding of a kind runs at a time."""


@one_transaction
def open_(
    award_id: int,
    kind: str,
    *,
    reason: str,
    possible_outcome: str,
    by: User | None,
    at: datetime,
    amount: int | None = None,
) -> Proceeding:
    """Open a proceeding; `by` None means the clock. Raises AlreadyRunning; the notice follows in `flow/proceeding.py`."""
    award = lock_award(award_id)
    if by is not None:
        theirs = funding.relations(award, by)
        if not rules.may_open(kind, award_state=award.state, relations=theirs):
            raise NotPossibleNow(award)
    _ensure_words(reason, "reason")
    _ensure_words(possible_outcome, "possible_outcome")
    if kind == Kind.RECOVERY and (amount or 0) <= 0:
        raise WordsMissing(_("Write an amount above zero."), field="amount")
    if queries.running(award, Kind(kind)).exists():
        raise AlreadyRunning(_("A proceeding of this kind is running already."))
    proceeding = Proceeding.objects.create(
        award=award,
        kind=kind,
        reason=reason,
        possible_outcome=possible_outcome,
        amount=amount if kind == Kind.RECOVERY else None,
        opened_by=by,
        opened_at=at,
    )
    audit.began(proceeding, by=by, at=at, reason=reason, data={"amount": amount} if amount else {})
    return proceeding


@one_transaction
def notice(proceeding: Proceeding, *, reply_by: datetime, by: User | None, at: datetime) -> Proceeding:
    """The notice of a proceeding that the caller has just opened: reason, reply date, possible outcome."""
    proceeding.notice(at=at, reply_by=reply_by)
    proceeding.save(update_fields=["state", "noticed_at", "reply_by"])
    audit.moved(proceeding, by=by, at=at)
    return proceeding


def lock_proceeding(proceeding_id: int) -> Proceeding:
    """Hold the award, then the proceeding."""
    award_id = Proceeding.objects.filter(pk=proceeding_id).aggregate(award=Max("award"))["award"] or 0
    award = lock_award(award_id)
    proceeding = lock(Proceeding, proceeding_id)
    proceeding.award = award
    return proceeding


@one_transaction
def hear(proceeding_id: int, *, reply: str, by: User | None, at: datetime) -> Proceeding:
    """The applicant side replies; `by` None: the reply date passed in silence, and the votes go on without it."""
    proceeding = lock_proceeding(proceeding_id)
    if by is not None:
        _ensure_may(proceeding, "hear", by)
        _ensure_words(reply, "reply")
    proceeding.hear(reply=reply, by=by, at=at)
    proceeding.save(update_fields=["state", "reply", "replied_by", "heard_at"])
    audit.moved(proceeding, by=by, at=at, reason=reply)
    return proceeding


@one_transaction
def vote(
    proceeding_id: int, *, is_for: bool, termination_kind: str, reason: str, by: User, at: datetime
) -> Proceeding:
    """One uninvolved member's vote. The one that completes the panel decides or dismisses by majority."""
    proceeding = lock_proceeding(proceeding_id)
    if proceeding.state != State.HEARD:
        raise NotPossibleNow(proceeding)
    ensure(
        queries.may_vote(proceeding, by),
        _("Only committee members who took no part in the matter vote, each once."),
    )
    _ensure_words(reason, "reason")
    ends_award = proceeding.kind != Kind.RECOVERY
    if is_for and ends_award and termination_kind not in Termination.values:
        raise WordsMissing(_("Say how the award should end."), field="termination_kind")
    Vote.objects.create(
        proceeding=proceeding,
        member=by,
        is_for=is_for,
        termination_kind=termination_kind if is_for and ends_award else "",
        reason=reason,
        at=at,
    )
    audit.record("proceeding.voted", of=proceeding, by=by, at=at, reason=reason, data={"for": is_for})
    _count(proceeding, at=at)
    return proceeding


def _count(proceeding: Proceeding, *, at: datetime) -> None:
    votes = [rules.Ballot(vote.is_for, vote.termination_kind) for vote in proceeding.votes.all()]
    if len(votes) < proceeding.award.policy.terms.votes:
        return
    tally = {"for": sum(vote.is_for for vote in votes), "votes": len(votes)}
    if rules.carries(votes):
        ends = rules.ends_as(votes) if proceeding.kind != Kind.RECOVERY else ""
        proceeding.decide(termination_kind=ends, at=at)
        proceeding.save(update_fields=["state", "termination_kind", "decided_at"])
    else:
        proceeding.dismiss(at=at, conclusion="")
        proceeding.save(update_fields=["state", "ended_at", "conclusion"])
    audit.moved(proceeding, by=None, at=at, data=tally)


@one_transaction
def sign(proceeding_id: int, *, conclusion: str, by: User, at: datetime) -> Proceeding:
    """The second approver puts what was voted for into effect; never who opened it or voted."""
    proceeding = _lock_for_signature(proceeding_id, "effect", by)
    proceeding.effect(by=by, at=at, conclusion=conclusion)
    proceeding.save(update_fields=["state", "signed_by", "ended_at", "conclusion"])
    audit.moved(proceeding, by=by, at=at, reason=conclusion)
    return proceeding


@one_transaction
def refuse(proceeding_id: int, *, conclusion: str, by: User, at: datetime) -> Proceeding:
    """The second approver refuses what was voted for, with a reason; the proceeding ends."""
    proceeding = _lock_for_signature(proceeding_id, "dismiss", by)
    _ensure_words(conclusion, "conclusion")
    return _dismiss(proceeding, conclusion, by, at)


@one_transaction
def drop(proceeding: Proceeding, *, conclusion: str, at: datetime) -> Proceeding:
    """What it was about is gone: the award has ended otherwise, or runs again. The caller holds the award."""
    return _dismiss(proceeding, conclusion, None, at)


def _dismiss(proceeding: Proceeding, conclusion: str, by: User | None, at: datetime) -> Proceeding:
    proceeding.dismiss(at=at, conclusion=conclusion)
    proceeding.save(update_fields=["state", "ended_at", "conclusion"])
    audit.moved(proceeding, by=by, at=at, reason=conclusion)
    return proceeding


def _lock_for_signature(proceeding_id: int, move: str, by: User) -> Proceeding:
    proceeding = lock_proceeding(proceeding_id)
    _ensure_may(proceeding, move, by)
    involved = proceeding.opened_by_id == by.pk or proceeding.votes.filter(member=by).exists()
    ensure(not involved, _("Who opened the proceeding or voted in it does not sign it."))
    return proceeding


def _ensure_may(proceeding: Proceeding, move: str, by: User) -> None:
    if proceeding.state not in MACHINE.sources_of(move):
        raise NotPossibleNow(proceeding)
    allowed = rules.may(move, state=proceeding.state, relations=queries.relations(proceeding, by))
    ensure(allowed, _("You cannot do this in this proceeding."))


def _ensure_words(text: str, field: str) -> None:
    if not text.strip():
        raise WordsMissing(_("Write this part; the other side reads it."), field=field)
