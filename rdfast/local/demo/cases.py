"""What happened to each proposal of the demonstration before the visitor arrives.

A case is a generator: it yields how long to wait and gets the time it has become. Between the cases' steps every
deadline acts through the same sweep as always.
"""

import heapq
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from itertools import count

from rdfast.flow.deadlines import settle_down
from rdfast.local.demo.play import Play
from rdfast.timers import queries as timers

Case = Generator[timedelta, datetime, None]
Script = Callable[[Play], Case]


def _days(days: float) -> timedelta:
    return timedelta(days=days)


def draft(play: Play) -> Case:
    play.draft((yield _days(0)))


def submitted(play: Play) -> Case:
    play.submit((yield _days(0)))


def returned(play: Play) -> Case:
    play.submit((yield _days(0)))
    play.give_back((yield _days(0.5)))


def declined(play: Play) -> Case:
    play.submit((yield _days(0)))
    play.decline((yield _days(1.2)))


def withdrawn(play: Play) -> Case:
    play.submit((yield _days(0)))
    play.withdraw((yield _days(0.3)))


def recommended(play: Play) -> Case:
    play.submit((yield _days(0)))
    play.approve((yield _days(0.4)))


def offered(play: Play) -> Case:
    play.submit((yield _days(0)))
    play.approve((yield _days(0.6)))


def offered_by_two(play: Play) -> Case:
    yield from recommended(play)
    play.approve_second((yield _days(0.3)))


def refused(play: Play) -> Case:
    yield from offered(play)
    play.refuse((yield _days(2)))


def ready(play: Play) -> Case:
    yield from offered(play)
    play.sign((yield _days(0.3)))


def approved(play: Play) -> Case:
    yield from ready(play)
    play.approve_tranche(1, (yield _days(0.3)))


def paid(play: Play) -> Case:
    yield from approved(play)
    now = yield _days(0.4)
    play.release(1, now)
    play.settle(1, now)


def claimed(play: Play) -> Case:
    yield from paid(play)
    play.claim(75, (yield _days(15)))


def reviewers_accept(play: Play) -> Case:
    yield from paid(play)
    play.accept_reviews((yield _days(47)))


def reported(play: Play) -> Case:
    yield from reviewers_accept(play)
    play.report(1, (yield _days(1)))


def found(play: Play, grade: str) -> Case:
    yield from reported(play)
    play.review(grade, (yield _days(3)))


def finding_waits(play: Play) -> Case:
    yield from found(play, "passed")


def conditional(play: Play) -> Case:
    yield from found(play, "conditional")
    play.confirm((yield _days(1)))


def half_reviewed(play: Play) -> Case:
    yield from reported(play)
    play.review("passed", (yield _days(2)), most=1)


def passed(play: Play) -> Case:
    yield from found(play, "passed")
    play.confirm((yield _days(1)))
    play.claim(80, (yield _days(2)))
    play.accept_claim((yield _days(2)))


def second_payment(play: Play) -> Case:
    yield from passed(play)
    play.pay(2, (yield _days(1)))


def nothing_after_payment(play: Play) -> Case:
    """The team is paid and never reports: the milestone runs over, and after its days of grace is missed."""
    yield from paid(play)


# Which text plays which script, begun how many days before the visitor arrives.
CASES: list[tuple[str, Script, float]] = [
    ("law", draft, 1),
    ("farm", submitted, 0.1),
    ("dementia", submitted, 1.6),
    ("cell", submitted, 2.6),
    ("tidal", returned, 1.5),
    ("noise", returned, 52),
    ("paper", declined, 9),
    ("steel", withdrawn, 14),
    ("sat", recommended, 0.8),
    ("photo", offered_by_two, 2),
    ("steel", refused, 12),
    ("noise", offered, 36),
    ("cement", ready, 1.2),
    ("quantum", approved, 2),
    ("flood", claimed, 20),
    ("gan", paid, 48),
    ("weld", half_reviewed, 54),
    ("mrna", finding_waits, 55),
    ("hand", nothing_after_payment, 64),
    ("kelp", nothing_after_payment, 88),
    ("hydrogen", conditional, 66),
    ("solid", passed, 62),
    ("gale", second_payment, 80),
]


def perform(plays: list[tuple[Play, Script, datetime]], *, until: datetime) -> None:
    """Play all cases side by side in the order of time, up to `until`, letting every deadline act on its way."""
    order = count()
    waiting: list[tuple[datetime, int, Case]] = []
    for play, script, begins_at in plays:
        case = script(play)
        heapq.heappush(waiting, (begins_at + next(case), next(order), case))
    while waiting and waiting[0][0] <= until:
        at, _number, case = heapq.heappop(waiting)
        _let_deadlines_act(until=at)
        try:
            heapq.heappush(waiting, (at + case.send(at), next(order), case))
        except StopIteration:
            continue
    _let_deadlines_act(until=until)
    settle_down(at=until)


def _let_deadlines_act(*, until: datetime) -> None:
    while (due := timers.next_due()) is not None and due <= until:
        settle_down(at=due)
