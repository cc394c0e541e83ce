"""The database knows the legal moves: every pair of states of every machine is tried against it."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from rdfast.appeals.queries import appealable
from rdfast.core.refusals import RuleBroken
from rdfast.flow import appealing, changing, moving, proceeding, stopping
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import MACHINES
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> None:
    """One row of every kind, with nothing but the state guard to say no to a state."""
    w = make.world()
    at = make.MONDAY
    award = make.reported(w).award
    make.claimed(w, award)
    make.recovery(w, award)
    stopping.ask_to_stop(award.pk, reason="It cannot work.", by=w.hana, at=at)
    moving.propose_end(award.pk, reason="Agreed.", lesson="Heat.", by=w.minjun, at=at)
    changing.propose(
        award.pk, amount=award.amount + 1, promises=[], reason="More.", base_version=award.version,
        once=make.uuid4(), by=w.hana, at=at,
    )  # fmt: skip
    proceeding.open_(
        award.pk, "special_review", reason="Doubts.", possible_outcome="An end.", by=w.minjun, at=at
    )
    (event,) = appealable(award.proposal, at=at)
    appealing.file(award.proposal_id, event.pk, text="No reason.", by=w.hana, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in MACHINES:
            _drop_checks(cursor, model)


def _drop_checks(cursor: Any, model: type[Model]) -> None:
    table = model._meta.db_table
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def _put(cursor: Any, model: type[Model], state: str) -> int:
    """Bring a row into the state past every guard, as only a superuser can."""
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute(f"UPDATE {model._meta.db_table} SET state = %s WHERE id = %s", [state, row.pk])
    cursor.execute("SET LOCAL session_replication_role = origin")
    return int(row.pk)


def _refused_by(statement: str, parameters: list[Any]) -> str:
    """The name of the constraint that refuses the statement; empty when it passes."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(statement, parameters)
            transaction.set_rollback(True)
    except IntegrityError as refusal:
        return str(refusal.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return ""


@pytest.mark.usefixtures("rows")
def test_the_database_allows_exactly_the_listed_moves() -> None:
    for model, machine in MACHINES.items():
        tried = 0
        for source in machine.states.values:
            with connection.cursor() as cursor:
                pk = _put(cursor, model, source)
            for target in machine.states.values:
                if source == target:
                    continue
                table = model._meta.db_table
                refused = _refused_by(f"UPDATE {table} SET state = %s WHERE id = %s", [target, pk])
                allowed = machine.allows(source, target)
                assert (refused == "only_listed_moves") != allowed, (table, source, target, refused)
                tried += 1
        assert tried == len(machine.states) * (len(machine.states) - 1)


@pytest.mark.usefixtures("rows")
def test_the_database_lets_nothing_begin_outside_the_first_state() -> None:
    for model, machine in MACHINES.items():
        columns = [f.column for f in model._meta.concrete_fields if f.column not in {"id", "state"}]
        names = ", ".join(columns)
        for state in machine.states.values:
            table = model._meta.db_table
            refused = _refused_by(
                f"INSERT INTO {table} (state, {names}) SELECT %s, {names} FROM {table} LIMIT 1", [state]
            )
            # The copied row may then meet its unique key; what matters here is who refused first.
            assert (refused == "only_listed_moves") == (state != machine.first), (table, state, refused)


def test_update_bulk_update_and_sql_are_refused_like_any_other_move() -> None:
    proposal = make.submitted(make.world())
    attempts = [
        lambda: Proposal.objects.filter(pk=proposal.pk).update(state="lapsed"),
        lambda: _bulk_update(proposal),
        lambda: Proposal.objects.bulk_create([_copy_in(proposal, "approved")]),
        lambda: Proposal.objects.create(**_fields(proposal, "approved")),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="proposal cannot"), transaction.atomic():
            attempt()
    proposal.refresh_from_db()
    assert proposal.state == "submitted"


def test_a_legal_move_without_its_history_is_refused_at_commit() -> None:
    proposal = make.submitted(make.world())
    with pytest.raises(IntegrityError, match="without history"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="approved")
        _check_deferred()


def test_a_move_there_and_back_needs_history_for_both_ways() -> None:
    proposal = make.submitted(make.world(), provisional=108_000_000)
    with pytest.raises(IntegrityError, match="without history"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="recommended")
        Proposal.objects.filter(pk=proposal.pk).update(state="submitted")
        _check_deferred()


def test_a_new_row_without_its_history_is_refused_at_commit() -> None:
    proposal = make.submitted(make.world())
    with pytest.raises(IntegrityError, match="without history"), transaction.atomic():
        Proposal.objects.create(**_fields(proposal, "draft"))
        _check_deferred()


def test_an_unlisted_move_in_memory_is_refused_in_words() -> None:
    proposal = make.draft(make.world())
    with pytest.raises(RuleBroken, match="no longer possible"):
        proposal.approve(at=make.MONDAY)
    assert proposal.state == "draft"


def _check_deferred() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _fields(proposal: Proposal, state: str) -> dict[str, Any]:
    return {
        "call": proposal.call,
        "policy": proposal.policy,
        "pi": proposal.pi,
        "state": state,
        "once": make.uuid4(),
        "created_at": make.MONDAY,
        "submitted_at": make.MONDAY,
    }


def _copy_in(proposal: Proposal, state: str) -> Proposal:
    return Proposal(**_fields(proposal, state))


def _bulk_update(proposal: Proposal) -> None:
    proposal.state = "lapsed"
    Proposal.objects.bulk_update([proposal], ["state"])
