"""What happened to each proposal of the demonstration before the visitor arrives.

A case is a generator: it yields how long to wait and gets the time it has become. Between the cases' steps every
deadline acts through the same sweep as always.
"""

import heapq
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from itertools import count

from rdfast.flow.deadlines import settle_down
from rdfast.local.demo.long_play import LongPlay
from rdfast.timers import queries as timers

Case = Generator[timedelta, datetime, None]
Script = Callable[[LongPlay], Case]


def _days(days: float) -> timedelta:
    return timedelta(days=days)


def draft(play: LongPlay) -> Case:
    play.draft((yield _days(0)))


def submitted(play: LongPlay) -> Case:
    play.submit((yield _days(0)))


def returned(play: LongPlay) -> Case:
    play.submit((yield _days(0)))
    play.give_back((yield _days(0.5)))


def declined(play: LongPlay) -> Case:
    play.submit((yield _days(0)))
    play.decline((yield _days(1.2)))


def withdrawn(play: LongPlay) -> Case:
    play.submit((yield _days(0)))
    play.withdraw((yield _days(0.3)))


def recommended(play: LongPlay) -> Case:
    play.submit((yield _days(0)))
    play.approve((yield _days(0.4)))


def offered(play: LongPlay) -> Case:
    play.submit((yield _days(0)))
    play.approve((yield _days(0.6)))
    if play.proposal.state == "recommended":
        play.approve_second((yield _days(0.3)))


def offered_by_two(play: LongPlay) -> Case:
    yield from recommended(play)
    play.approve_second((yield _days(0.3)))


def refused(play: LongPlay) -> Case:
    yield from offered(play)
    play.refuse((yield _days(2)))


def ready(play: LongPlay) -> Case:
    yield from offered(play)
    play.sign((yield _days(0.3)))


def approved(play: LongPlay) -> Case:
    yield from ready(play)
    play.approve_tranche(1, (yield _days(0.3)))


def paid_without_plan(play: LongPlay) -> Case:
    """Nothing is heard of the plan: on day 30 the award is suspended."""
    yield from approved(play)
    now = yield _days(0.4)
    play.release(1, now)
    play.settle(1, now)


def plan_waits(play: LongPlay) -> Case:
    yield from paid_without_plan(play)
    play.plan((yield _days(1)))


def paid(play: LongPlay) -> Case:
    yield from plan_waits(play)
    play.accept_plan((yield _days(1)))


def claimed(play: LongPlay) -> Case:
    yield from paid(play)
    play.claim(75, (yield _days(13)))


def reviewers_accept(play: LongPlay) -> Case:
    yield from paid(play)
    play.accept_reviews((yield _days(47)))


def reported(play: LongPlay) -> Case:
    yield from reviewers_accept(play)
    play.report(1, (yield _days(1)))


def found(play: LongPlay, grade: str) -> Case:
    yield from reported(play)
    play.review(grade, (yield _days(3)))


def finding_waits(play: LongPlay) -> Case:
    yield from found(play, "passed")


def conditional(play: LongPlay) -> Case:
    yield from found(play, "conditional")
    play.confirm((yield _days(1)))


def half_reviewed(play: LongPlay) -> Case:
    yield from reported(play)
    play.review("passed", (yield _days(2)), most=1)


def passed(play: LongPlay) -> Case:
    yield from found(play, "passed")
    play.confirm((yield _days(1)))
    play.claim(80, (yield _days(2)))
    play.accept_claim((yield _days(2)))


def second_payment(play: LongPlay) -> Case:
    yield from passed(play)
    play.pay(2, (yield _days(1)))


def nothing_after_payment(play: LongPlay) -> Case:
    """The team is paid and never reports: the milestone runs over, and after its days of grace is missed."""
    yield from paid(play)


def routed(play: LongPlay) -> Case:
    play.submit((yield _days(0)))
    play.route((yield _days(1)))


def appealed(play: LongPlay) -> Case:
    yield from declined(play)
    play.appeal((yield _days(3)))


def change_waits(play: LongPlay) -> Case:
    yield from paid(play)
    play.propose_change(play.award.amount + 10_000_000, (yield _days(10)), later=15)


def confirmation_waits(play: LongPlay) -> Case:
    yield from passed(play)
    play.propose_confirmation((yield _days(1)))


def confirmed(play: LongPlay) -> Case:
    yield from confirmation_waits(play)
    play.sign_second((yield _days(0.5)))


def end_asked(play: LongPlay) -> Case:
    yield from paid(play)
    play.claim_sum(play.tranche(1).amount // 2, (yield _days(20)))
    play.accept_claim((yield _days(2)))
    play.ask_to_stop((yield _days(3)))


def ended(play: LongPlay) -> Case:
    yield from end_asked(play)
    play.propose_end((yield _days(1)))
    play.sign_second((yield _days(0.5)))


def votes_wait(play: LongPlay) -> Case:
    yield from paid(play)
    play.open_proceeding("special_review", (yield _days(20)))
    play.reply((yield _days(5)))


def money_asked_back(play: LongPlay) -> Case:
    yield from paid(play)
    play.ask_back("disallowed", "advances", 3_000_000, (yield _days(20)))
    play.contest((yield _days(4)))


def sent_back_by_the_bank(play: LongPlay) -> Case:
    yield from approved(play)
    play.release(1, (yield _days(0.4)))
    play.bounce(1, (yield _days(1)))


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

# The same for the second half; each has a principal investigator of its own, with the name given.
LATER_CASES: list[tuple[str, Script, float, str]] = [
    ("law", paid_without_plan, 40, "한지민"),
    ("farm", plan_waits, 6, "구본석"),
    ("tidal", change_waits, 18, "류하진"),
    ("paper", confirmation_waits, 63, "도경완"),
    ("cell", confirmed, 70, "주예나"),
    ("sat", end_asked, 32, "표민우"),
    ("dementia", ended, 40, "천유림"),
    ("steel", votes_wait, 33, "마은결"),
    ("noise", money_asked_back, 34, "설아름"),
    ("photo", sent_back_by_the_bank, 5, "변지호"),
    ("quantum", routed, 4, "국서윤"),
    ("mrna", appealed, 8, "나도현"),
]


def perform(plays: list[tuple[LongPlay, Script, datetime]], *, until: datetime) -> None:
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
