"""State machines stated once: the model, the database, the diagram and the tests read the same list.

django-fsm guards attribute assignment only; `.update()`, `bulk_update`, inserts and SQL pass it. So every
machine also brings a database guard made from the same moves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

import django_fsm
import pgtrigger
from django.db import models
from django.utils.translation import gettext as _

from rdfast.core.guards import Guard, refusal
from rdfast.core.refusals import RuleBroken

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Move:
    """One arrow of a machine: its operation, where it leads, and who takes it."""

    name: str
    source: str
    target: str
    who: str


class NotPossibleNow(RuleBroken):
    """The object's state does not allow this move: somebody else was faster, or a deadline passed."""

    def __init__(self, instance: Any) -> None:
        state = instance.get_state_display()
        super().__init__(
            _("This is no longer possible: the state is now “%(state)s”. Nothing was changed.")
            % {"state": state}
        )


class Machine:
    """The states of one kind of object and the only moves between them."""

    def __init__(self, name: str, states: type[models.TextChoices], *, first: str, moves: list[Move]) -> None:
        self.name = name
        self.states = states
        self.first = str(first)
        self.moves = moves

    def field(self) -> Any:
        """The model field that holds the state."""
        return django_fsm.FSMField(default=self.first, choices=self.states.choices, max_length=24)

    def transition(self, name: str) -> Callable[[F], F]:
        """Decorate the model method that performs the move `name`; it sets its own row's fields only.

        Where a move leads may depend on where it comes from: a suspension remembers what it suspends.
        """
        targets = {str(move.source): str(move.target) for move in self.moves if move.name == name}

        def decorate(method: F) -> F:
            take = method
            for source, target in targets.items():
                take = django_fsm.transition(field="state", source=source, target=target)(take)

            @wraps(take)
            def remember_and_take(instance: Any, *args: Any, **kwargs: Any) -> None:
                source = str(instance.state)
                if source not in targets:
                    raise NotPossibleNow(instance)
                take(instance, *args, **kwargs)
                instance.last_move = Move(name, source, targets[source], who="")

            return cast(F, remember_and_take)

        return decorate

    def allows(self, source: str, target: str) -> bool:
        """Whether some move leads from `source` to `target`."""
        return any((move.source, move.target) == (source, target) for move in self.moves)

    def sources_of(self, name: str) -> set[str]:
        """The states in which the move `name` can be taken."""
        return {str(move.source) for move in self.moves if move.name == name}

    def guard(self) -> Guard:
        """The database's own copy of the moves: other updates and inserts elsewhere are refused."""
        listed = ", ".join(sorted({f"'{move.source}>{move.target}'" for move in self.moves}))
        return Guard(
            name="only_listed_moves",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update,
            func=f"""
                IF TG_OP = 'INSERT' THEN
                    IF NEW.state <> '{self.first}' THEN
                        {refusal("only_listed_moves", f"a {self.name} cannot begin as %", "NEW.state")}
                    END IF;
                ELSIF NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) NOT IN ({listed}) THEN
                    {refusal("only_listed_moves", f"a {self.name} cannot go from % to %", "OLD.state", "NEW.state")}
                END IF;
                RETURN NEW;
            """,
        )

    def diagram(self) -> str:
        """The machine as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.first}"]
        lines += [
            f"    {m.source} --> {m.target}: {m.name.strip('_').replace('_', ' ')} ({m.who})"
            for m in self.moves
        ]
        ends = [s for s in self.states.values if not any(m.source == s for m in self.moves)]
        return "\n".join([*lines, *[f"    {end} --> [*]" for end in ends]])
