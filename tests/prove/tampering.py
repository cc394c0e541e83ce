"""What only somebody past the application can try; the database must refuse it at once or at commit."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Max, QuerySet
from django.forms.models import model_to_dict

from rdfast.appeals.models import Appeal
from rdfast.audit.models import Event
from rdfast.changes.models import Change
from rdfast.core.refusals import RuleBroken
from rdfast.decisions.models import Decision
from rdfast.funding.models import Agreement, Award, Bounce, Motion, NewAccount, Payment, Tranche
from rdfast.ledger.models import Arrow, Box
from rdfast.milestones.models import FinalReport, Milestone, MilestoneReport
from rdfast.plans.models import Plan
from rdfast.proceedings.models import Proceeding, Vote
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import MACHINES
from rdfast.reviews.models import Review
from rdfast.settlement.models import AuditSample, Claim, Instalment, Recovery, Repayment
from rdfast.timers.models import Timer
from tests.prove.chance import Chance, NothingThere, NotRefused

# The model whose row is chosen, and what is to become of it.
_CHANGES: list[tuple[Any, str]] = [
    (Proposal, "state = 'approved'"),
    (Proposal, "waits_since = now(), state = 'declined'"),
    (Decision, "reason = 'other'"),
    (Award, "state = 'lapsed'"),
    (Award, "state = 'closed'"),
    (Award, "amount = asked_amount + 1"),
    (Agreement, "gone"),
    (Tranche, "state = 'scheduled'"),
    (Tranche, "released_by_id = approved_by_id"),
    (Payment, "amount = amount + 1"),
    (Bounce, "gone"),
    (NewAccount, "checked_by_id = given_by_id"),
    (Milestone, "state = 'passed'"),
    (MilestoneReport, "text = 'other'"),
    (FinalReport, "gone"),
    (Review, "state = 'locked'"),
    (Plan, "state = 'accepted'"),
    (Plan, "amount = -1"),
    (Motion, "state = 'carried'"),
    (Motion, "decided_by_id = proposed_by_id"),
    (Change, "state = 'agreed'"),
    (Change, "amount = 0"),
    (Proceeding, "state = 'effected'"),
    (Vote, "is_for = NOT is_for"),
    (Vote, "gone"),
    (Appeal, "state = 'upheld'"),
    (Appeal, "decided_at = NULL, reason = ''"),
    (Claim, "state = 'accepted'"),
    (AuditSample, "gone"),
    (Recovery, "state = 'paid'"),
    (Recovery, "state = 'waived'"),
    (Recovery, "amount = 0"),
    (Instalment, "amount = amount + 1"),
    (Repayment, "matched = matched + 1"),
    (Repayment, "gone"),
    (Arrow, "amount = amount + 1"),
    (Arrow, "gone"),
    (Box, "balance = balance + 1"),
    (Event, "reason = 'other'"),
    (Event, "gone"),
    (Timer, "status = 'pending', ended_at = NULL"),
    (Timer, "gone"),
]


def _tampering(model: Any, change: str) -> Callable[[Chance], None]:
    """An operation that changes or deletes one row by SQL. What is so already was not tried."""
    table = model._meta.db_table
    statement = f"DELETE FROM {table}" if change == "gone" else f"UPDATE {table} SET {change}"

    def tamper(c: Chance) -> None:
        key = _any_key(c, _promising(c, model, change))
        c.met = f"{model._meta.model_name}: {change}"
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                before = model.objects.select_for_update().get(pk=key)
                cursor.execute(f"{statement} WHERE id = %s", [key])
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                after = model.objects.filter(pk=key).first()
                if after is None or model_to_dict(after) != model_to_dict(before):
                    raise NotRefused(c.met)
                raise NothingThere  # it was so already
        except DatabaseError as refused:
            raise RuleBroken("refused by the database") from refused

    return tamper


TAMPERINGS = [_tampering(model, change) for model, change in _CHANGES]


def tamper(c: Chance) -> None:
    """Any of them."""
    c.seldom(0.4)
    c.coin.choice(TAMPERINGS)(c)


def _promising(c: Chance, model: Any, change: str) -> QuerySet[Any]:
    """All rows; half the time those where nothing but the history of a legal move would be missing."""
    rows: QuerySet[Any] = model.objects.all()
    if not change.startswith("state = ") or c.coin.random() < 0.5:
        return rows
    target = change.split("'")[1]
    moves = [move for move in MACHINES[model].moves if move.target == target]
    legal = rows.filter(state__in={move.source for move in moves})
    return legal if legal.exists() else rows


def _any_key(c: Chance, rows: QuerySet[Any]) -> int:
    """Of a row at or after a place chosen at random: these tables are long."""
    last = rows.aggregate(last=Max("pk"))["last"]
    if last is None:
        raise NothingThere
    place = c.coin.randint(1, last)
    return int(rows.filter(pk__gte=place).order_by("pk").values_list("pk", flat=True)[0])
