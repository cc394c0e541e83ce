"""What some mails lead to; `make prove PROOF=letters` opens every link of every story."""

import pytest

from tests.prove.letters import Letters
from tests.prove.path_running import milestones_that_are_missed
from tests.prove.playing import surroundings


@pytest.mark.usefixtures("fresh_database")
def test_whoever_gets_a_mail_can_open_what_it_leads_to() -> None:
    player = Letters("letters")
    with surroundings(player):
        player.play(milestones_that_are_missed())
    assert player.violations + player.closed == []
    assert player.opened > 50
