"""The work under an award ends: everything that was still promised stops, and the settlement's clocks start."""

from datetime import datetime, timedelta

from rdfast.core.working_days import after_days
from rdfast.flow import holding, planning
from rdfast.flow.overtaking import overtake
from rdfast.flow.standing_down import stand_down
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.states import Termination
from rdfast.milestones import operations as milestones
from rdfast.milestones.states import MACHINE
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


def terminate(
    award: Award, *, kind: str, reason: str, lesson: str = "", by: User | None, at: datetime
) -> Award:
    """Terminate, therefore: nothing is paid or promised any more; a last claim is due, then the closing.

    The caller holds the award.
    """
    _stop_clocks(award, at=at)
    ended = standing.terminate(award.pk, kind=kind, reason=reason, lesson=lesson, by=by, at=at)
    _settle_up(ended, by=by, at=at)
    return ended


def complete(award: Award, *, lesson: str, by: User | None, at: datetime) -> Award:
    """Complete, therefore: a last claim is due, then the closing. The caller holds the award."""
    _stop_clocks(award, at=at)
    completed = standing.complete(award.pk, lesson=lesson, by=by, at=at)
    _settle_up(completed, by=by, at=at)
    return completed


def last_claim_by(award: Award, *, at: datetime) -> datetime:
    """By when the last claim is due of an award that ended at `at`."""
    return after_days(at, award.policy.terms.final_claim_days)


def appeal_by(ended: Award, *, at: datetime) -> datetime | None:
    """Until when the termination of the award at `at` can be appealed against; only one for cause can be."""
    is_for_cause = ended.termination_kind == Termination.FOR_CAUSE
    return after_days(at, ended.policy.terms.appeal_days) if is_for_cause else None


def _stop_clocks(award: Award, *, at: datetime) -> None:
    """Of the award and its payments. From now on money that is out is to be accounted for by the last claim."""
    overtake(award, at=at)
    timers.cancel(of=award, at=at)
    planning.stop(award, at=at)
    holding.ask_no_more(award, at=at)
    for tranche in award.tranches.all():
        tranche.award = award
        timers.cancel(Kind.APPROVE_TRANCHE, Kind.RELEASE_TRANCHE, Kind.ACCOUNT, of=tranche, at=at)


def _settle_up(award: Award, *, by: User | None, at: datetime) -> None:
    open_states = MACHINE.sources_of("supersede")
    for milestone in milestones.supersede(award, open_states, by=by, at=at):
        timers.cancel(of=milestone, at=at)
        stand_down(milestone, at=at)
        for finding in milestone.findings.filter(confirmed_at__isnull=True):
            finding.milestone = milestone
            timers.cancel(of=finding, at=at)
    terms = award.policy.terms
    last_claim = last_claim_by(award, at=at)
    reminders = [last_claim - timedelta(days=days) for days in (30, 7)]
    timers.set(Kind.FINAL_CLAIM, of=award, due_at=last_claim, at=at, remind_at=reminders)
    close_by = after_days(last_claim, terms.close_days)
    timers.set(Kind.CLOSE, of=award, due_at=close_by, at=at)
