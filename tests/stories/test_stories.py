"""Every story ends with the boxes and the deadlines that it says, and no invariant is broken on the way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.hashers import make_password

from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.ledger.queries import boxes_of_award
from rdfast.local.demo import cast
from rdfast.local.demo.long_play import LongPlay
from rdfast.local.demo.stories import STORIES, Story, days_before
from rdfast.local.demo.texts import BY_CODE
from rdfast.reports.invariants import broken
from rdfast.timers import queries as timers
from tests import make

pytestmark = pytest.mark.django_db


def _play(story: Story) -> LongPlay:
    stage = cast.make(at=make.MONDAY - timedelta(days=30))
    pi = cast.account("pi", "Pi", stage.organisations["hanbit"], hashed=make_password("x"))
    return LongPlay(stage, replace(BY_CODE["law"], total=story.total, provisional=story.provisional), pi)


def _let_time_pass(until: datetime) -> None:
    while (due := timers.next_due()) is not None and due <= until:
        settle_down(at=due)
    settle_down(at=until)


def _told(story: Story, play: LongPlay) -> Iterator[datetime]:
    at = make.MONDAY
    for _words, act, days in story.acts(play):
        at += days_before(days, at)
        _let_time_pass(at)
        act(at)
        settle_down(at=at)
        yield at


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_story_ends_with_the_boxes_and_deadlines_it_says(name: str) -> None:
    story = STORIES[name]
    play = _play(story)
    at = list(_told(story, play))[-1]
    award = Award.objects.filter(proposal=play.proposal_id).first()
    state = award.state if award else play.proposal.state
    boxes = {kind: held for kind, held in boxes_of_award(award.pk).items() if held} if award else {}
    ahead = {timer.kind for timer in timers.ahead_in(play.proposal_id)}
    assert (state, boxes, ahead) == (story.state, story.boxes, set(story.deadlines))
    assert broken(at=at) == []
