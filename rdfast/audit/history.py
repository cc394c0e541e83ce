"""The database's demand that every move leaves its history."""

import pgtrigger

from rdfast.core.guards import Guard, refusal


def guard(subject_kind: str) -> Guard:
    """Refuse, at commit, a new row or a change of state without an event that tells of it."""
    return Guard(
        name="moves_leave_history",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
        timing=pgtrigger.Deferred,
        declare=[("came_from", "text := ''")],
        func=f"""
            IF TG_OP = 'UPDATE' THEN
                IF OLD.state = NEW.state THEN RETURN NULL; END IF;
                came_from := OLD.state;
            END IF;
            IF NOT EXISTS (
                SELECT FROM audit_event
                WHERE subject_kind = '{subject_kind}' AND subject_id = NEW.id
                AND from_state = came_from AND to_state = NEW.state AND transaction = txid_current()
            ) THEN
                {refusal("moves_leave_history", f"{subject_kind} % came to % without history", "NEW.id", "NEW.state")}
            END IF;
            RETURN NULL;
        """,
    )
