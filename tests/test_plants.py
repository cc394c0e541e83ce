"""The proofs are what they say: planted bugs have their places, and a whole run leaves nothing out."""

from pathlib import Path

from django.conf import settings

from tests.prove.plants import PLANTS
from tests.prove.random_steps import POSSIBLE, WHOLE, Played, left_out, legal_moves


def test_every_planted_bug_has_its_place_exactly_once() -> None:
    lost = [
        plant.bug
        for plant in PLANTS
        if plant.file and Path(settings.BASE_DIR, plant.file).read_text().count(plant.old) != 1
    ]
    assert lost == []


def test_a_whole_random_run_has_made_every_legal_move_and_done_every_operation() -> None:
    assert len(left_out(Played(steps=WHOLE))) == len(legal_moves()) + len(POSSIBLE)
    assert left_out(Played(steps=WHOLE - 1)) == []
