"""A short random run over every operation, legal and not; `make prove PROOF=random` is the long one.

`RDFAST_SEED` and `RDFAST_STEPS` replay or lengthen it.
"""

import os
import random

import pytest

from tests.prove.chance import Chance, stage
from tests.prove.random_steps import EVERYTHING, Played, moves_of_history, play

SEED = int(os.environ.get("RDFAST_SEED", "20261123"))
STEPS = int(os.environ.get("RDFAST_STEPS", "1000"))


@pytest.mark.usefixtures("fresh_database")
def test_no_step_of_a_random_run_breaks_an_invariant() -> None:
    coin, played = random.Random(SEED), Played()
    chance = Chance(stage(coin), coin)
    play(chance, STEPS, played, SEED)
    assert played.violations == []

    missing = {name for name in POSSIBLE if not chance.tried[name]}
    assert not missing, f"seed {SEED} never did {missing}; did {chance.tried}"
    assert not chance.tried["tamper"]
    assert (
        sum(count for (_name, _met, outcome), count in chance.cells.items() if outcome != "done")
        > STEPS // 20
    )
    assert len(moves_of_history()) > 35
