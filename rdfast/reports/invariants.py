"""What is always true, in every committed state; each invariant names its offenders.

The numbers and sentences are those of docs/invariants.md. Reading only; safe on a running installation.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from rdfast.appeals.models import Appeal
from rdfast.appeals.states import MACHINE as APPEAL
from rdfast.changes.models import Change
from rdfast.changes.states import MACHINE as CHANGE
from rdfast.core.machines import Machine
from rdfast.funding.models import Award, Motion, Tranche
from rdfast.funding.states import AWARD, MOTION, TRANCHE
from rdfast.milestones.models import Milestone
from rdfast.milestones.states import MACHINE as MILESTONE
from rdfast.plans.models import Plan
from rdfast.plans.states import MACHINE as PLAN
from rdfast.proceedings.models import Proceeding
from rdfast.proceedings.states import MACHINE as PROCEEDING
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import MACHINE as PROPOSAL
from rdfast.reports import agreements, clocks
from rdfast.reports.offenders import offenders
from rdfast.reports.roles import nobody_acts_in_two_roles
from rdfast.reviews.models import Review
from rdfast.reviews.states import MACHINE as REVIEW
from rdfast.settlement.models import Claim, Recovery
from rdfast.settlement.states import MACHINE as CLAIM
from rdfast.settlement.states import RECOVERY

MACHINES: dict[type[Any], Machine] = {
    Proposal: PROPOSAL,
    Award: AWARD,
    Motion: MOTION,
    Tranche: TRANCHE,
    Milestone: MILESTONE,
    Plan: PLAN,
    Review: REVIEW,
    Claim: CLAIM,
    Recovery: RECOVERY,
    Change: CHANGE,
    Proceeding: PROCEEDING,
    Appeal: APPEAL,
}
# How long a due deadline may wait for the sweep before it counts as stuck.
PATIENCE = timedelta(minutes=5)


def boxes_add_up(at: datetime) -> list[str]:
    """1. The boxes of an envelope add up to its net allotment, and every balance is the sum of its arrows."""
    return (
        offenders(
            "the boxes of envelope {} are off by {}",
            "SELECT envelope_id, sum(balance) FROM ledger_box GROUP BY 1 HAVING sum(balance) <> 0",
        )
        + offenders(
            "box {} ({} of award {}) holds {}, its arrows say {}",
            """
        SELECT b.id, b.kind, b.award_id, b.balance, m.total FROM ledger_box b, LATERAL (
            SELECT coalesce((SELECT sum(amount) FROM ledger_arrow WHERE target_id = b.id), 0)
                 - coalesce((SELECT sum(amount) FROM ledger_arrow WHERE source_id = b.id), 0) AS total
        ) m WHERE b.balance <> m.total
        """,
        )
        + agreements.years_pass_on_what_they_give()
    )


def no_box_is_negative(at: datetime) -> list[str]:
    """2. No box is negative; nothing is committed beyond the envelope or the limit before confirmation."""
    return offenders(
        "box {} ({}) is negative: {}",
        "SELECT id, kind, balance FROM ledger_box WHERE balance < 0 AND kind NOT IN ('treasury', 'outside')",
    ) + offenders(
        "award {} over {} exceeds what may be granted of {} before its confirmation",
        """
        SELECT a.id, a.amount, a.asked_amount FROM funding_award a JOIN programmes_policy p ON p.id = a.policy_id
        WHERE a.amount > a.asked_amount OR (
            a.state IN ('offered', 'provisional', 'provisional_suspended')
            AND a.amount * 100 > a.asked_amount * coalesce((p.values->>'raise_with_plan_percent')::bigint, 75)
        )
        """,
    )


def paid_money_is_accounted_or_exposed(at: datetime) -> list[str]:
    """3. Per award: released − bounced = expense + advances + receivable + recovered + remitted + written off.

    What is receivable is what the award's demands still ask for.
    """
    return (
        offenders(
            "award {} was paid {} but its boxes hold {}",
            """
        SELECT a.id, paid.total, held.total FROM funding_award a, LATERAL (
            SELECT coalesce(sum(p.amount), 0) AS total FROM funding_payment p
            JOIN funding_tranche t ON t.id = p.tranche_id WHERE t.award_id = a.id
            AND NOT EXISTS (SELECT FROM funding_bounce b WHERE b.payment_id = p.id)
        ) paid, LATERAL (
            SELECT coalesce(sum(balance), 0) AS total FROM ledger_box WHERE award_id = a.id
            AND kind IN ('expense', 'advances', 'receivable', 'recovered', 'remitted', 'written_off')
        ) held WHERE paid.total <> held.total
        """,
        )
        + _recoveries_match_the_boxes()
        + agreements.agreements_stand_at_what_is_theirs()
        + agreements.payments_stand_in_their_envelopes()
        + agreements.demands_take_what_they_ask()
    )


def nothing_is_paid_twice(at: datetime) -> list[str]:
    """4. At most one un-bounced release per tranche; claims liquidate at most what was settled."""
    return (
        agreements.only_live_awards_pay()
        + offenders(
            "tranche {} has {} payments while it is {}",
            """
        SELECT t.id, count(p.id), t.state FROM funding_tranche t LEFT JOIN funding_payment p ON p.tranche_id = t.id
            AND NOT EXISTS (SELECT FROM funding_bounce b WHERE b.payment_id = p.id)
        GROUP BY t.id HAVING count(p.id) <> CASE WHEN t.state IN ('released', 'settled') THEN 1 ELSE 0 END
        """,
        )
        + offenders(
            "award {} accounted for {} of {} settled",
            """
        SELECT b.award_id, sum(b.balance), settled.total FROM ledger_box b, LATERAL (
            SELECT coalesce(sum(amount), 0) AS total FROM funding_tranche
            WHERE award_id = b.award_id AND state = 'settled'
        ) settled WHERE b.kind = 'expense' GROUP BY 1, 3 HAVING sum(b.balance) > settled.total
        """,
        )
    )


def _recoveries_match_the_boxes() -> list[str]:
    """What demands still ask for is what lies in *receivable*; on top, in *charged*. Instalments add up to it."""
    left = """
        SELECT r.award_id, r.origin = 'on_top' AS on_top, sum(r.amount - coalesce(p.paid, 0)) AS total
        FROM settlement_recovery r LEFT JOIN (
            SELECT recovery_id, sum(matched) AS paid FROM settlement_repayment GROUP BY 1
        ) p ON p.recovery_id = r.id
        WHERE r.state IN ('demanded', 'overdue', 'dunned', 'referred') GROUP BY 1, 2
    """
    found = offenders(
        "award {} has {} of {} to be paid back, its demands still ask for {}",
        f"""
        SELECT coalesce(b.award_id, o.award_id), coalesce(b.total, 0), coalesce(b.kind, '-'), coalesce(o.total, 0)
        FROM (
            SELECT award_id, kind, kind = 'charged' AS on_top, sum(balance) AS total FROM ledger_box
            WHERE kind IN ('receivable', 'charged') GROUP BY 1, 2
        ) b FULL JOIN ({left}) o USING (award_id, on_top) WHERE coalesce(b.total, 0) <> coalesce(o.total, 0)
        """,  # noqa: S608 - both parts stand above
    )
    return found + offenders(
        "recovery {}: instalments of agreement {} add up to {} of {} owed",
        """
        SELECT i.recovery_id, i.plan, sum(i.amount), e.data->>'owed' FROM settlement_instalment i
        JOIN audit_event e ON e.kind = 'recovery.instalments' AND e.subject_id = i.recovery_id
            AND (e.data->>'plan')::int = i.plan
        GROUP BY 1, 2, 4 HAVING sum(i.amount) <> (e.data->>'owed')::bigint
        """,
    )


def exposed_money_has_a_deadline(at: datetime) -> list[str]:
    """5. Every award with advances or receivable above zero has at least one pending deadline."""
    return offenders(
        "award {} has {} out and no deadline",
        """
        SELECT a.id, sum(b.balance) FROM funding_award a JOIN ledger_box b ON b.award_id = a.id
        WHERE b.kind IN ('advances', 'receivable') AND NOT EXISTS (
            SELECT FROM timers_timer t WHERE t.matter_id = a.proposal_id AND t.status = 'pending'
            AND t.kind IN ('account', 'final_claim', 'close', 'contest', 'determine', 'demand', 'pay', 'dun', 'refer')
        ) GROUP BY 1 HAVING sum(b.balance) > 0
        """,
    )


def caps_held_at_every_release(at: datetime) -> list[str]:
    """6. Exposure caps of programme and organisation held at every approval and release."""
    return offenders(
        "event {} ({}) exceeded a cap: {}",
        """
        SELECT id, kind, data::text FROM audit_event WHERE kind IN ('award.reserved', 'tranche.release') AND NOT (
            (data->'programme_exposure'->>0)::bigint <= (data->'programme_exposure'->>1)::bigint
            AND (data->'organisation_exposure'->>0)::bigint <= (data->'organisation_exposure'->>1)::bigint
        )
        """,
    )


def states_follow_history(at: datetime) -> list[str]:
    """7. Every state equals the last entry of its history, and every entry is a legal move from the one before."""
    found = agreements.nothing_came_too_early()
    for model, machine in MACHINES.items():
        label = model._meta.label_lower
        listed = [f"{move.source}>{move.target}" for move in machine.moves] + [f">{machine.first}"]
        found += offenders(
            label + " {} is {}, its history ends with {}",
            f"""
            SELECT m.id, m.state, last.to_state FROM {model._meta.db_table} m LEFT JOIN LATERAL (
                SELECT to_state FROM audit_event WHERE subject_kind = %s AND subject_id = m.id AND to_state <> ''
                ORDER BY id DESC LIMIT 1
            ) last ON true WHERE m.state IS DISTINCT FROM last.to_state
            """,  # noqa: S608 - the table name is the model's own
            [label],
        )
        found += offenders(
            label + " {}: entry {} goes from {} to {} after {}",
            """
            SELECT subject_id, id, from_state, to_state, before FROM (
                SELECT *, coalesce(lag(to_state) OVER (PARTITION BY subject_id ORDER BY id), '') AS before
                FROM audit_event WHERE subject_kind = %s AND to_state <> ''
            ) entries WHERE from_state <> before OR NOT (from_state || '>' || to_state) = ANY(%s)
            """,
            [label, listed],
        )
    return found


def deadlines_act_once_and_in_time(at: datetime) -> list[str]:
    """8. Every deadline has at most one effect, never before its time, and none is due without being tried.

    What waits for an answer has a clock, and none while it waits for money. A running award has one, whoever's turn
    it is.
    """
    return (
        offenders(
            "timer {} acted at {}, before it was due at {}",
            "SELECT id, ended_at, due_at FROM timers_timer WHERE status = 'done' AND ended_at < due_at",
        )
        + offenders(
            "timer {} ({}) was due at {} and nobody acted",
            """
        SELECT id, kind, due_at FROM timers_timer
        WHERE status = 'pending' AND due_at < %s AND attempts = 0 AND next_try_at < %s
        """,
            [at - PATIENCE, at - PATIENCE],
        )
        + offenders(
            "proposal {} is {} with {} decision clocks, waiting for money since {}",
            """
        SELECT p.id, p.state, count(t.id), coalesce(p.waits_since::text, '-')
        FROM proposals_proposal p LEFT JOIN timers_timer t ON t.subject_kind = 'proposals.proposal'
            AND t.subject_id = p.id AND t.kind IN ('decide', 'second_approval') AND t.status IN ('pending', 'dead')
        WHERE p.state IN ('submitted', 'recommended', 'reopened')
        GROUP BY p.id HAVING (p.waits_since IS NULL) <> (count(t.id) > 0)
        """,
        )
        + offenders(
            "award {} is {} and waits for nobody",
            """
        SELECT a.id, a.state FROM funding_award a
        WHERE a.state IN ('provisional', 'confirmed', 'provisional_suspended', 'confirmed_suspended')
        AND NOT EXISTS (
            SELECT FROM timers_timer t WHERE t.matter_id = a.proposal_id
            AND t.kind <> 'reminder' AND t.status IN ('pending', 'dead')
        )
        """,
        )
        + clocks.what_waits_has_a_clock()
    )


def every_move_and_arrow_has_its_event(at: datetime) -> list[str]:
    """10. Every move and every arrow has exactly one audit event, and every event one cause."""
    found = offenders("event {} has no cause", "SELECT id FROM audit_event WHERE cause = ''")
    found += offenders(
        "event {} moved money of envelope {} {} times the same way",
        """
        SELECT r.event_id, b.envelope_id, count(*) FROM ledger_arrow r JOIN ledger_box b ON b.id = r.source_id
        GROUP BY r.event_id, b.envelope_id, r.what HAVING count(*) > 1
        """,
    )
    for model in MACHINES:
        label = model._meta.label_lower
        found += offenders(
            f"event {{}} tells of a {label} {{}} that is not there",
            f"""
            SELECT e.id, e.subject_id FROM audit_event e WHERE e.subject_kind = %s
            AND NOT EXISTS (SELECT FROM {model._meta.db_table} m WHERE m.id = e.subject_id)
            """,  # noqa: S608 - the table name is the model's own
            [label],
        )
    return found


INVARIANTS: list[Callable[[datetime], list[str]]] = [
    boxes_add_up,
    no_box_is_negative,
    paid_money_is_accounted_or_exposed,
    nothing_is_paid_twice,
    exposed_money_has_a_deadline,
    caps_held_at_every_release,
    states_follow_history,
    deadlines_act_once_and_in_time,
    nobody_acts_in_two_roles,
    every_move_and_arrow_has_its_event,
]


def broken(*, at: datetime) -> list[str]:
    """Every offender against the ten invariants; an empty list means that all hold."""
    return [offender for invariant in INVARIANTS for offender in invariant(at)]


@contextmanager
def snapshot() -> Iterator[None]:
    """Within, every invariant reads one and the same committed state, however busy the installation is."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")  # a look at everything may take its time
        yield
