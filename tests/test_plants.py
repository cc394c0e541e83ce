"""The bugs that the proofs plant still have their places in the code."""

from pathlib import Path

from django.conf import settings

from tests.prove.plants import PLANTS


def test_every_planted_bug_has_its_place_exactly_once() -> None:
    lost = [
        plant.bug
        for plant in PLANTS
        if plant.file and Path(settings.BASE_DIR, plant.file).read_text().count(plant.old) != 1
    ]
    assert lost == []
