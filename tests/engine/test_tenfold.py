"""A few forms twice; `make prove PROOF=tenfold` sends every form of the path ten times."""

from itertools import islice

import pytest

from tests import make
from tests.prove.path import beside, path
from tests.prove.playing import surroundings
from tests.prove.tenfold import Tenfold


@pytest.mark.usefixtures("fresh_database")
def test_forms_sent_twice_leave_the_state_of_once() -> None:
    player = Tenfold("tenfold", times=2)
    with surroundings(player):
        w = make.world()
        player.play(beside(w))
        player.play(islice(path(w), 2))
    assert player.violations == []
    assert player.forms["researcher:propose"] == 1
