"""Whatever waits for somebody has a clock."""

from typing import Any

from rdfast.appeals.models import Appeal
from rdfast.changes.models import Change
from rdfast.funding.models import Motion, Tranche
from rdfast.funding.states import RUNNING
from rdfast.proceedings.models import Proceeding
from rdfast.reports.offenders import offenders
from rdfast.settlement.models import Claim, Recovery
from rdfast.timers.kinds import Kind

# What each waits for in each state, and the clock that says so until it comes. A dead one raised its alarm.
_CLOCKS: dict[type[Any], dict[str, Kind]] = {
    Tranche: {
        "ready": Kind.APPROVE_TRANCHE,
        "approved": Kind.RELEASE_TRANCHE,
        "released": Kind.SETTLE_TRANCHE,
    },
    Claim: {"submitted": Kind.DECIDE_CLAIM},
    Recovery: {
        "proposed": Kind.NOTICE_RECOVERY,
        "noticed": Kind.CONTEST,
        "contested": Kind.DETERMINE,
        "determined": Kind.DEMAND,
        "demanded": Kind.PAY,
        "overdue": Kind.DUN,
        "dunned": Kind.REFER,
        "referred": Kind.DUN,
    },
    Motion: {"proposed": Kind.SECOND_MOTION},
    Change: {"proposed": Kind.ANSWER_CHANGE},
    Proceeding: {
        "noticed": Kind.REPLY,
        "heard": Kind.DECIDE_PROCEEDING,
        "decided": Kind.DECIDE_PROCEEDING,
    },
    Appeal: {"filed": Kind.DECIDE_APPEAL},
}


def what_waits_has_a_clock() -> list[str]:
    """One sentence for each row that waits for somebody without anything that would remind them."""
    found = []
    for model, kinds in _CLOCKS.items():
        label = model._meta.label_lower
        for state, kind in kinds.items():
            found += offenders(
                label + " {} is {} and has no clock",
                f"""
                SELECT m.id, m.state FROM {model._meta.db_table} m WHERE m.state = %s AND NOT EXISTS (
                    SELECT FROM timers_timer t WHERE t.subject_kind = %s AND t.subject_id = m.id
                    AND t.kind = %s AND t.status IN ('pending', 'dead')
                )
                """,  # noqa: S608 - the table name is the model's own
                [state, label, kind],
            )
    return found + offenders(
        "plan {} of a running award is submitted and has no clock",
        """
        SELECT p.id FROM plans_plan p JOIN funding_award a ON a.id = p.award_id
        WHERE p.state = 'submitted' AND a.state = ANY(%s) AND NOT EXISTS (
            SELECT FROM timers_timer t WHERE t.subject_kind = 'plans.plan' AND t.subject_id = p.id
            AND t.kind = 'decide_plan' AND t.status IN ('pending', 'dead')
        )
        """,
        [sorted(RUNNING)],
    )
