"""Stories that an accountant and a lawyer can follow: each act, and where every won lies at the end.

The work asks for ₩240,000,000, of which ₩60,000,000 is granted at first: ₩24,000,000 at the signature and
₩36,000,000 once the first milestone is passed. `manage.py story NAME` plays one on the running stack; the tests play
all of them and compare boxes and deadlines with those written here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from rdfast.core.working_days import start_of
from rdfast.local.demo.long_play import LongPlay

# How many days pass before an act, or how they follow from the time it is.
Days = float | Callable[[datetime], float]
# What an act is, what happens, and how many days pass before it.
Act = tuple[str, Callable[[datetime], object], Days]
Acts = Iterator[Act]


def days_before(days: Days, now: datetime) -> timedelta:
    """How long it is until an act."""
    return timedelta(days=days(now) if callable(days) else days)


@dataclass(frozen=True)
class Story:
    """One story: what it shows, its acts, and what is true at its end. Amounts in won; boxes not named are empty."""

    title: str
    acts: Callable[[LongPlay], Acts]
    state: str
    boxes: dict[str, int] = field(default_factory=dict)
    deadlines: frozenset[str] = frozenset()
    total: int = 240_000_000
    provisional: int = 60_000_000


def _granted(play: LongPlay) -> Acts:
    yield "the researcher submits", play.submit, 0
    yield "the manager grants 60,000,000", play.approve, 0.3
    yield "the signatory signs", play.sign, 1


def _paid(play: LongPlay) -> Acts:
    yield from _granted(play)
    yield (
        "the first 24,000,000 are approved, released and confirmed by the bank",
        lambda at: play.pay(1, at),
        1,
    )
    yield "the researcher hands in the plan", play.plan, 10
    yield "the manager accepts the plan", play.accept_plan, 3


def _first_passed(play: LongPlay) -> Acts:
    yield from _paid(play)
    yield "the first milestone opens; reviewers accept", play.accept_reviews, 32
    yield "the researcher reports it", lambda at: play.report(1, at), 5
    yield "the reviewers find it passed", lambda at: play.review("passed", at), 4
    yield "the manager confirms the finding", play.confirm, 1
    yield "the researcher accounts for all 24,000,000", lambda at: play.claim_sum(24_000_000, at), 1
    yield "the finance officer accepts", lambda at: play.accept_part(24_000_000, at), 2


def _confirmed(play: LongPlay) -> Acts:
    yield from _first_passed(play)
    yield "the manager proposes to confirm the award over 240,000,000", play.propose_confirmation, 1
    yield "the second approver signs", play.sign_second, 0.5


def happy(play: LongPlay) -> Acts:
    yield from _confirmed(play)
    yield "the rest, 216,000,000, is paid", lambda at: play.pay(_last(play), at), 1
    yield "the researcher accounts for 216,000,000", lambda at: play.claim_sum(216_000_000, at), 60
    yield (
        "the finance officer checks every receipt and accepts",
        lambda at: play.accept_part(216_000_000, at),
        5,
    )
    yield "the last milestone opens; reviewers accept", play.accept_reviews, 31
    yield "the researcher reports it", lambda at: play.report(_last_milestone(play), at), 5
    yield "the reviewers find it passed", lambda at: play.review("passed", at), 4
    yield "the manager confirms the finding", play.confirm, 1
    yield "the researcher gives the final report: completed", play.final_report, 20
    yield "the finance officer closes the award", play.close, 10


def honest_failure(play: LongPlay) -> Acts:
    yield from _paid(play)
    yield "the researcher accounts for 20,000,000", lambda at: play.claim_sum(20_000_000, at), 20
    yield "the finance officer accepts", lambda at: play.accept_part(20_000_000, at), 1
    yield "the researcher finds that the idea cannot work, and asks to end", play.ask_to_stop, 5
    yield "the manager proposes a technical termination with its lesson", play.propose_end, 1
    yield "the second approver signs", play.sign_second, 0.5
    yield "nobody claims the last 4,000,000: asked back as unspent, determined, demanded", _nothing, 121
    yield "the organisation pays 4,000,000 back", lambda at: play.pay_back(4_000_000, at), 1
    yield "the finance officer remits what was paid back", play.remit, 1
    yield "the finance officer closes the award", play.close, 1


def for_cause(play: LongPlay) -> Acts:
    yield from _paid(play)
    yield (
        "the manager opens a proceeding for termination",
        lambda at: play.open_proceeding("termination", at),
        5,
    )
    yield "the signatory replies", play.reply, 10
    yield "three uninvolved members vote: for cause", lambda at: play.vote("ccc", at), 5
    yield "the second approver signs: terminated", play.sign_measure, 1
    yield (
        "the finance officer asks 24,000,000 back for cause",
        lambda at: play.ask_back("for_cause", "advances", 24_000_000, at),
        1,
    )
    yield "the signatory contests it", play.contest, 10
    yield "the manager determines 18,000,000", lambda at: play.determine(18_000_000, at), 10
    yield "the researcher accounts for the other 6,000,000", lambda at: play.claim_sum(6_000_000, at), 1
    yield "the finance officer accepts", lambda at: play.accept_part(6_000_000, at), 1
    yield (
        "demanded after the time to appeal; paid in three parts of 6,000,000",
        lambda at: play.agree_instalments([6_000_000, 6_000_000, 6_000_000], at),
        12,
    )
    yield "the first part arrives", lambda at: play.pay_back(6_000_000, at), 28
    yield "the second part arrives", lambda at: play.pay_back(6_000_000, at), 30
    yield "the organisation is bankrupt: overdue, dunned, referred", _nothing, 70
    yield "the second approver writes the last 6,000,000 off", play.write_off, 5
    yield "the finance officer remits what was paid back", play.remit, 1
    yield "the finance officer closes the award", play.close, 1


def lapse(play: LongPlay) -> Acts:
    yield "the researcher submits", play.submit, 0
    yield "the manager grants 60,000,000", play.approve, 0.3
    yield "nobody signs, and after the warnings the offer lapses", _nothing, 31


def two_misses(play: LongPlay) -> Acts:
    yield from _paid(play)
    yield "the researcher accounts for all 24,000,000", lambda at: play.claim_sum(24_000_000, at), 20
    yield "the finance officer accepts", lambda at: play.accept_part(24_000_000, at), 1
    yield "the first milestone is missed; day 180 and the second miss suspend the award", _nothing, 151


def change_of_money(play: LongPlay) -> Acts:
    yield from _paid(play)
    yield (
        "the researcher proposes 100,000,000 and thirty days more",
        lambda at: play.propose_change(100_000_000, at, later=20),
        1,
    )
    yield "the manager agrees", play.agree_change, 1


def change_below_paid(play: LongPlay) -> Acts:
    yield from _paid(play)
    yield "the researcher proposes only 20,000,000", lambda at: play.propose_change(20_000_000, at), 1
    yield (
        "the manager agrees: it stands at the 24,000,000 paid, 4,000,000 is asked back",
        play.agree_change,
        1,
    )
    yield "not contested, determined, demanded", _nothing, 32
    yield "the organisation pays 4,000,000 back", lambda at: play.pay_back(4_000_000, at), 1


def bounced(play: LongPlay) -> Acts:
    yield from _granted(play)
    yield "the manager approves the first payment", lambda at: play.approve_tranche(1, at), 0.2
    yield "the finance officer releases it", lambda at: play.release(1, at), 0.5
    yield "the bank sends it back", lambda at: play.bounce(1, at), 1
    yield "the signatory gives another account", play.give_account, 1
    yield "the finance officer checks it: ready again", play.check_account, 1
    yield "approved, released and confirmed a second time", lambda at: play.pay(1, at), 1


def no_to_the_grant(play: LongPlay) -> Acts:
    yield "the researcher submits", play.submit, 0
    yield "the manager approves; above the limit that is a recommendation", play.approve, 0.3
    yield "the second approver says no", play.refuse_grant, 0.3
    yield "the manager declines", play.decline, 0.5


def suspended_while_approved(play: LongPlay) -> Acts:
    yield from _granted(play)
    yield "the manager approves the first payment", lambda at: play.approve_tranche(1, at), 0.2
    yield (
        "a special review suspends the award the same day",
        lambda at: play.open_proceeding("special_review", at),
        0.1,
    )


def ended_with_claims(play: LongPlay) -> Acts:
    yield from _paid(play)
    yield "the researcher accounts for 20,000,000", lambda at: play.claim_sum(20_000_000, at), 5
    yield "the researcher asks to end", play.ask_to_stop, 1
    yield "the manager proposes the end", play.propose_end, 1
    yield "the second approver signs: terminated while the claim waits", play.sign_second, 0.5
    yield "the finance officer accepts 15,000,000 of it", lambda at: play.accept_part(15_000_000, at), 2
    yield "the last 9,000,000 are asked back as unspent, determined, demanded", _nothing, 121
    yield "the organisation pays them back", lambda at: play.pay_back(9_000_000, at), 1
    yield "the finance officer remits what was paid back", play.remit, 1
    yield "the finance officer closes the award", play.close, 1


def found_after_closing(play: LongPlay) -> Acts:
    yield from happy(play)
    yield (
        "an audit finds 5,000,000 that should not have been accepted",
        lambda at: play.ask_back("disallowed", "expense", 5_000_000, at),
        30,
    )
    yield "not contested, determined, demanded", _nothing, 31
    yield "the organisation pays 5,000,000 back", lambda at: play.pay_back(5_000_000, at), 1


def appeal_without_money(play: LongPlay) -> Acts:
    yield "the researcher submits", play.submit, 0
    yield "the manager declines", play.decline, 1
    yield "the researcher appeals", play.appeal, 5
    yield "the ministry cuts what the envelope has left", play.cut_everything, 1
    yield "the appeal is upheld: reopened, first in line, clock stopped", play.uphold, 3
    yield "the money comes back: the decision clock starts", play.allot_again, 20
    yield "another manager grants 60,000,000", play.approve_by_deputy, 1


def year_end(play: LongPlay) -> Acts:
    yield from _first_passed(play)
    yield (
        "the year ends: a billion is carried over, the rest goes back",
        play.end_year,
        _until_the_year_is_over(play),
    )
    yield (
        "the second payment, 36,000,000 of the old year's money, is paid all the same",
        lambda at: play.pay(2, at),
        1,
    )


def _until_the_year_is_over(play: LongPlay) -> Callable[[datetime], float]:
    def days(now: datetime) -> float:
        over = start_of(date(play.stage.call.envelope.year + 1, 1, 2))
        return max(0.0, (over - now) / timedelta(days=1))

    return days


def _nothing(_at: datetime) -> None:
    """Only the clock acts."""


def _last(play: LongPlay) -> int:
    """The number of the payment that is ready."""
    return play.award.tranches.get(state="ready").number


def _last_milestone(play: LongPlay) -> int:
    return play.award.milestones.exclude(state="superseded").latest("number").number


STORIES: dict[str, Story] = {
    "happy": Story("the happy path to closing", happy, "closed", {"expense": 240_000_000}),
    "honest-failure": Story(
        "the idea did not work, and the money was properly spent",
        honest_failure,
        "closed",
        {"expense": 20_000_000, "remitted": 4_000_000},
    ),
    "for-cause": Story(
        "terminated for cause; a contested recovery paid in parts, the rest written off",
        for_cause,
        "closed",
        {"expense": 6_000_000, "remitted": 12_000_000, "written_off": 6_000_000},
    ),
    "lapse": Story("nobody signs", lapse, "lapsed"),
    "two-misses": Story(
        "two milestones missed: on hold",
        two_misses,
        "provisional_suspended",
        {"expense": 24_000_000, "obligated": 36_000_000},
        frozenset({"act_on_failure", "resolve"}),
    ),
    "change": Story(
        "a change moves money",
        change_of_money,
        "provisional",
        {"advances": 24_000_000, "obligated": 76_000_000},
        frozenset({"account", "confirm", "open_milestone"}),
    ),
    "change-below-paid": Story(
        "a change below what was paid",
        change_below_paid,
        "provisional",
        {"advances": 20_000_000, "recovered": 4_000_000},
        frozenset({"account", "answer_invitation", "confirm", "open_milestone", "report_due"}),
    ),
    "bounced": Story(
        "the bank sends a payment back",
        bounced,
        "provisional",
        {"advances": 24_000_000, "obligated": 36_000_000},
        frozenset({"account", "confirm", "open_milestone", "plan_due"}),
    ),
    "no-to-the-grant": Story(
        "the second approver says no", no_to_the_grant, "declined", total=400_000_000, provisional=110_000_000
    ),
    "suspended-while-approved": Story(
        "suspended while a payment is approved",
        suspended_while_approved,
        "provisional_suspended",
        {"obligated": 60_000_000},
        frozenset({"confirm", "open_milestone", "plan_due", "reply", "resolve"}),
    ),
    "appeal-without-money": Story(
        "an appeal is won when the money is gone",
        appeal_without_money,
        "offered",
        {"reserved": 60_000_000},
        frozenset({"sign"}),
    ),
    "year-end": Story(
        "a year ends while the award runs",
        year_end,
        "provisional",
        {"expense": 24_000_000, "advances": 36_000_000},
        frozenset({"account", "confirm", "open_milestone"}),
    ),
    "ended-with-claims": Story(
        "terminated while a claim waits",
        ended_with_claims,
        "closed",
        {"expense": 15_000_000, "remitted": 9_000_000},
    ),
    "found-after-closing": Story(
        "a disallowed cost is found after closing",
        found_after_closing,
        "closed",
        {"expense": 235_000_000, "recovered": 5_000_000},
    ),
}
