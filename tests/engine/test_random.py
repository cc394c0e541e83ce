"""A short random run over every operation, legal and not; `make prove PROOF=random` is the long one.

`RDFAST_SEED` and `RDFAST_STEPS` replay or lengthen it.
"""

import os
import random

import pytest

from tests.prove.beginnings import scene
from tests.prove.chance import Chance
from tests.prove.random_steps import (
    EVERYTHING,
    Played,
    legal_moves,
    moves_of_history,
    play,
    tamper_with_everything,
)

SEED = int(os.environ.get("RDFAST_SEED", "20261123"))
STEPS = int(os.environ.get("RDFAST_STEPS", "500"))


@pytest.mark.usefixtures("fresh_database")
def test_no_step_of_a_random_run_breaks_an_invariant() -> None:
    coin, played = random.Random(SEED), Played()
    chance = Chance(scene(1), coin, EVERYTHING)
    play(chance, STEPS, played, SEED)
    tamper_with_everything(chance.stage, coin, played, SEED)
    assert played.violations == []

    assert any(name == "tamper" for name, _met, _outcome in played.cells)
    assert not chance.tried["tamper"]
    assert (
        sum(count for (_name, _met, outcome), count in chance.cells.items() if outcome != "done")
        > STEPS // 20
    )
    assert len(legal_moves() & set(moves_of_history())) > 60
