"""What each deadline does when its time comes, and the sweep that finds them.

A timer has one effect however often, or by however many sweepers, it is found: its subject is locked, then
the timer, then it is checked again that it is pending and due. What somebody else holds is left for the next
sweep, so that several sweepers share the work and a lock that is never given back holds up nobody else.
"""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, InternalError, OperationalError
from django.utils.translation import gettext_lazy as _

from rdfast.appeals.models import Appeal
from rdfast.audit import causes
from rdfast.audit import operations as audit
from rdfast.audit.queries import has_gone_on
from rdfast.changes.models import Change
from rdfast.core import boundaries, limits
from rdfast.core.locks import NotFound, lock_if_free
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.flow import (
    accounting,
    answering,
    appealing,
    changing,
    closing,
    completing,
    confirming,
    evaluating,
    granting,
    holding,
    moving,
    paying,
    performing,
    planning,
    proceeding,
    recovering,
    signing,
    waiting,
)
from rdfast.flow.telling import administrators, managers, pi, signatories, tell, together
from rdfast.funding.models import Award, Motion, Tranche
from rdfast.milestones.models import Milestone
from rdfast.outbox import operations as outbox
from rdfast.people.models import User
from rdfast.plans.models import Plan
from rdfast.proceedings.models import Proceeding
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import envelopes_waited_for
from rdfast.reviews.models import Finding, Review
from rdfast.settlement.models import Claim, Recovery
from rdfast.settlement.queries import can_be_done
from rdfast.timers import operations as timers
from rdfast.timers import queries
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer

logger = logging.getLogger(__name__)

S = TypeVar("S", Proposal, Award)
Subject = (
    Proposal
    | Award
    | Motion
    | Tranche
    | Milestone
    | Plan
    | Review
    | Finding
    | Claim
    | Recovery
    | Change
    | Proceeding
    | Appeal
)
SUBJECTS: dict[str, type[Subject]] = {
    model._meta.label_lower: model
    for model in (
        Proposal,
        Award,
        Motion,
        Tranche,
        Milestone,
        Plan,
        Review,
        Finding,
        Claim,
        Recovery,
        Change,
        Proceeding,
        Appeal,
    )
}
# What happens when nobody acted in time. Silence escalates; it never approves.
ACTIONS: dict[Kind, Callable[..., None]] = {
    Kind.DECIDE: answering.late,
    Kind.SECOND_APPROVAL: answering.late,
    Kind.RESUBMIT: granting.lapse,
    Kind.SIGN: signing.lapse,
    Kind.APPROVE_TRANCHE: paying.payment_late,
    Kind.RELEASE_TRANCHE: paying.payment_late,
    Kind.SETTLE_TRANCHE: paying.payment_late,
    Kind.CHECK_ACCOUNT: paying.account_unchecked,
    Kind.ACCOUNT: paying.account_overdue,
    Kind.OPEN_MILESTONE: performing.open_,
    Kind.REPORT_DUE: performing.run_over,
    Kind.REPORT_MISSED: performing.miss,
    Kind.CURE: performing.fail_uncured,
    Kind.ANSWER_INVITATION: evaluating.expire,
    Kind.DELIVER_REVIEW: evaluating.expire,
    Kind.REACH_QUORUM: evaluating.quorum_missing,
    Kind.CONFIRM_FINDING: evaluating.confirmation_late,
    Kind.DECIDE_CLAIM: accounting.decision_late,
    Kind.ANSWER_CHANGE: changing.answer_late,
    Kind.PLAN_DUE: planning.overdue,
    Kind.DECIDE_PLAN: planning.late,
    Kind.CONFIRM: confirming.run_out,
    Kind.CONFIRM_LATE: confirming.still_late,
    Kind.SECOND_MOTION: moving.escalate,
    Kind.RESOLVE: holding.unresolved,
    Kind.ACT_ON_FAILURE: holding.failure_unanswered,
    Kind.FINAL_REPORT: completing.report_overdue,
    Kind.OPEN_TERMINATION: proceeding.open_termination,
    Kind.REPLY: proceeding.reply_missing,
    Kind.DECIDE_PROCEEDING: proceeding.decision_late,
    Kind.DECIDE_APPEAL: appealing.decision_late,
    Kind.FINAL_CLAIM: recovering.last_claim_passed,
    Kind.CLOSE: closing.closing_late,
    Kind.NOTICE_RECOVERY: recovering.notice_late,
    Kind.CONTEST: recovering.contest_passed,
    Kind.DETERMINE: recovering.determination_late,
    Kind.DEMAND: recovering.demand,
    Kind.PAY: recovering.payment_missed,
    Kind.DUN: recovering.dun,
    Kind.REFER: recovering.refer,
}


class HeldByOthers(Exception):
    """Somebody is at work on the subject; nothing was done."""


class NotToBeTriedAgain(RuleBroken):
    """This deadline has not failed for good, or nothing is left for it to do."""


def sweep(*, at: datetime, limit: int = 500) -> int:
    """Act on what is due at `at`, in order of due time; returns how many had their effect now.

    One failing deadline never blocks the others: its failure is recorded and it is tried again later. Where
    somebody else is at work, the whole matter is left to them and to the next sweep, and this one goes on elsewhere:
    from then on only one matter's deadlines keep their order. It ends after a turn (`limits.TURN`). Afterwards the
    lines that wait for money are served.
    """
    acted, tried, busy = 0, set[int](), set[int | None]()
    waiting, ends_at = queries.due(at, limit=limit), time.monotonic() + limits.TURN
    while waiting and len(tried) < limit and time.monotonic() < ends_at:
        found = waiting.pop(0)
        tried.add(found.pk)
        try:
            has_acted = fire(found, at=at)
        except HeldByOthers:
            busy.add(found.matter_id)
            has_acted = False
        except Exception as error:
            logger.exception("deadline %s failed", found.pk)
            _note_failure(found.pk, error, at=at)
            continue
        acted += has_acted
        if not has_acted:
            left = [each for each in queries.due(at, limit=limit) if each.pk not in tried]
            waiting = _from_anywhere([each for each in left if each.matter_id not in busy])
    _serve_lines(at=at)
    return acted


def _from_anywhere(waiting: list[Timer]) -> list[Timer]:
    """From a matter taken at random on, and then the rest; one matter's deadlines act in their order, however many sweep.

    Sweepers that meet part in this way. Going on in order they would follow each other, each looking at what the
    others have done.
    """
    matters = list(dict.fromkeys(each.matter_id for each in waiting))
    start = random.randrange(len(matters)) if matters else 0  # noqa: S311 - it spreads them, it hides nothing
    later = set(matters[:start])
    return sorted(waiting, key=lambda each: each.matter_id in later)


def _serve_lines(*, at: datetime) -> None:
    """Whoever waits for money is served once there is some; what is wrong with one envelope holds up no other."""
    for envelope_id in envelopes_waited_for():
        try:
            waiting.serve(envelope_id, at=at)
        except (OperationalError, InterfaceError, InternalError):
            raise
        except Exception:
            logger.exception("the line of envelope %s could not be served", envelope_id)


def fire(found: Timer, *, at: datetime) -> bool:
    """Let one deadline have its effect, unless it has ended meanwhile or is not due. Raises HeldByOthers.

    `found` may have been read long before: what a deadline is about never changes, and the rest is read again.
    """
    with causes.because(f"timer:{found.pk}"):
        acted = _fire(found, at=at)
        if acted:
            logger.info("deadline %s acted", found.pk)
        return acted


@boundaries.commit
def _fire(found: Timer, *, at: datetime) -> bool:
    if not _is_known(found):
        return False
    subject = _lock_subject(found)
    timer = timers.claim(found.pk, at=at)
    if timer is None:
        return False
    if _must_warn_first(timer, subject, at=at):
        return True
    timers.done(timer, at=at)
    if timer.about is not None:
        _remind(timer.about, subject, at=at)
    else:
        ACTIONS[Kind(timer.kind)](subject, at=at)
    return True


def _is_known(timer: Timer) -> bool:
    """Whether this release knows what to do; if not, a newer one that runs beside it does."""
    kinds = {timer.kind, timer.about.kind if timer.about else Kind.REMINDER}
    return kinds <= set(Kind.values) and timer.subject_kind in SUBJECTS


def _lock_subject(timer: Timer) -> Subject:
    """Hold the proposal, or the award that everything later belongs to; then read the subject."""
    model = SUBJECTS[timer.subject_kind]
    if model is Proposal:
        return _lock_if_free(Proposal, timer.subject_id, "pi")
    if model is Award:
        return _lock_if_free(Award, timer.subject_id, "proposal__pi")
    if model is Appeal:
        _lock_if_free(Proposal, timer.matter_id or 0)
        return model.objects.get(pk=timer.subject_id)
    _lock_if_free(Award, Award.objects.values_list("pk", flat=True).get(proposal=timer.matter_id))
    return model.objects.get(pk=timer.subject_id)


def _lock_if_free(model: type[S], pk: int, *related: str) -> S:
    """Together with those who will be told."""
    row = lock_if_free(model, pk, *related)
    if row is None:
        raise HeldByOthers
    return row


def _must_warn_first(timer: Timer, subject: Subject, *, at: datetime) -> bool:
    """Shift a harmful deadline whose warning was not delivered long enough ago; the clock stops for a reason.

    A warning that is on its way is not written twice.
    """
    notice = timer.notice
    if notice is None or (timer.warned_at is not None and timer.warned_at <= at - notice):
        return False
    if not can_be_done(timer.kind, subject):
        return False
    until = (timer.warned_at or at) + notice
    timers.postpone(timer, until=until, at=at, remind=not outbox.warns(timer))
    data = {"deadline": timer.kind, "until": until.isoformat()}
    audit.record("clock.stopped", of=subject, by=None, at=at, data=data)
    return True


def _remind(deadline: Timer, subject: Subject, *, at: datetime) -> None:
    if not can_be_done(deadline.kind, subject):
        return
    event = audit.record("deadline.reminded", of=subject, by=None, at=at, data={"deadline": deadline.kind})
    tell(
        _who_must_act(deadline, subject),
        "reminder",
        event=event,
        at=at,
        warns_of=deadline,
        deadline=deadline,
        proposal=_proposal_of(subject),
        subject=subject,
    )


def _who_must_act(deadline: Timer, subject: Subject) -> list[User]:
    if isinstance(subject, Review):
        return [subject.reviewer]
    proposal = _proposal_of(subject)
    if deadline.kind == Kind.SIGN and isinstance(subject, Award):
        return together(signatories(subject), pi(proposal))
    if isinstance(subject, Recovery | Proceeding):
        return together(signatories(subject.award), pi(proposal))
    if deadline.kind in {Kind.CONFIRM, Kind.RESOLVE}:
        return together(pi(proposal), managers(proposal))
    return pi(proposal)


def _proposal_of(subject: Subject) -> Proposal:
    if isinstance(subject, Proposal):
        return subject
    if isinstance(subject, Award):
        return subject.proposal
    if isinstance(subject, Review | Finding):
        return subject.milestone.award.proposal
    if isinstance(subject, Appeal):
        return subject.proposal
    return subject.award.proposal


def _note_failure(timer_id: int, error: Exception, *, at: datetime) -> None:
    """Record the failure; what cannot even be recorded holds up no other deadline.

    Without a database that takes writes nothing can act: then the sweep ends, and no deadline is blamed.
    """
    try:
        _record_failure(timer_id, error, at=at)
    except (OperationalError, InterfaceError, InternalError):
        raise
    except Exception:
        logger.exception("the failure of deadline %s could not be recorded", timer_id)


def _record_failure(timer_id: int, error: Exception, *, at: datetime) -> None:
    """In a transaction of its own; the last failure raises an alarm with the administrators."""
    with causes.because(f"timer:{timer_id}"):
        _fail(timer_id, f"{type(error).__name__}: {error}", at=at)


@boundaries.commit
def _fail(timer_id: int, error: str, *, at: datetime) -> None:
    dead = timers.failed(timer_id, error=error, at=at)
    if dead is None:
        return
    # A deadline without a subject can never act: then the event is about the deadline itself.
    subject = SUBJECTS[dead.subject_kind].objects.filter(pk=dead.subject_id).first()
    event = audit.record("deadline.dead", of=subject or dead, by=None, at=at, data={"deadline": dead.kind})
    tell(administrators(), "deadline_dead", event=event, at=at, deadline=dead)


@boundaries.commit
def try_again(timer_id: int, *, by: User, at: datetime) -> Timer:
    """The administrator's: a new deadline in place of one that failed for good, for its cause is mended.

    The old one stays as it ended. Refuses, and changes nothing, where another took its place or where the matter
    has gone on since: what this deadline would have done is then no longer right.
    """
    ensure(by.is_staff, _("Only administrators can do this."))
    dead = Timer.objects.select_related("about").filter(pk=timer_id).first()
    if dead is None or dead.status != Timer.Status.DEAD or not _is_known(dead):
        raise NotToBeTriedAgain(_("Only a deadline that has failed can be tried again."))
    subject = _hold_subject(dead)
    if queries.was_set_again(dead):
        raise NotToBeTriedAgain(_("This deadline was set again already."))
    ended = dead.about is not None and dead.about.status != Timer.Status.PENDING
    if ended or has_gone_on(subject, since=dead.ended_at or at):
        raise NotToBeTriedAgain(_("The matter has gone on since: this deadline is no longer needed."))

    timer = timers.set_again(dead, at=at)
    audit.record(
        "deadline.set_again", of=subject, by=by, at=at, data={"deadline": dead.kind, "dead": dead.pk}
    )
    return timer


def _hold_subject(timer: Timer) -> Subject:
    try:
        return _lock_subject(timer)
    except HeldByOthers:
        raise NotToBeTriedAgain(_("Somebody is at work on this just now. Try again in a moment.")) from None
    except (NotFound, ObjectDoesNotExist):
        raise NotToBeTriedAgain(_("This does not exist.")) from None


def settle_down(*, at: datetime) -> None:
    """Sweep and deliver until nothing is due at `at` any more."""
    while sweep(at=at):
        outbox.deliver_waiting(at=at)
    while outbox.deliver_waiting(at=at):
        pass
