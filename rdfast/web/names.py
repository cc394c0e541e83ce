"""How a state is shown: in the words of its stage, with a tone that only repeats what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from django.apps import apps
from django_fsm import FSMField


class Tone(StrEnum):
    """What a state means for the person who reads it."""

    IDLE = "idle"  # not begun, nobody waits
    ACTIVE = "active"  # under way, as it should be
    WAITING = "waiting"  # somebody has to act
    GOOD = "good"  # ended well
    BAD = "bad"  # broken, refused or late
    ENDED = "ended"  # over, without judgement


@dataclass(frozen=True)
class StateName:
    """How one state is shown."""

    words: str
    tone: Tone


_TONES: Mapping[Tone, str] = {
    Tone.IDLE: "draft planned scheduled",
    Tone.ACTIVE: "provisional open released decided",
    Tone.WAITING: (
        "submitted returned recommended reopened offered due proposed opened noticed heard filed reported "
        "under_review conditional invited ready contested determined demanded"
    ),
    Tone.GOOD: "approved confirmed completed accepted partly_accepted agreed upheld passed settled paid carried",
    Tone.BAD: (
        "declined provisional_suspended confirmed_suspended terminated rejected failed overdue missed bounced "
        "held disallowed dunned referred"
    ),
    Tone.ENDED: (
        "routed merged withdrawn lapsed closed refused stale dismissed effected superseded locked recused "
        "expired cancelled waived written_off"
    ),
}
_TONE_OF = {state: tone for tone, states in _TONES.items() for state in states.split()}

# The same code means something else for these.
_EXCEPTIONS = {
    ("review", "accepted"): Tone.ACTIVE,
    ("review", "submitted"): Tone.GOOD,
    ("review", "declined"): Tone.ENDED,
    ("tranche", "approved"): Tone.WAITING,
}


@cache
def _words() -> dict[str, dict[str, str]]:
    """The words of every machine, from the state field of its model: `{"proposal": {"draft": …}}`."""
    fields = {
        model._meta.model_name: field
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, FSMField)
    }
    return {str(machine): dict(field.choices or []) for machine, field in fields.items()}


def state_name(machine: str, state: str) -> StateName:
    """How to show `state` of `machine`, which is the name of its model in small letters."""
    words = _words().get(machine, {}).get(state, state.replace("_", " "))
    return StateName(str(words), _EXCEPTIONS.get((machine, state), _TONE_OF.get(state, Tone.IDLE)))
