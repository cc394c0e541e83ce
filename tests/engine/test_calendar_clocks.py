"""The clocks of the second half over real calendars; every date written here can be checked in one.

Instants come in UTC, as the running product has them, and are read on the clocks of the installation's country.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from rdfast.appeals.queries import appealable
from rdfast.audit.models import Event
from rdfast.core.refusals import NotAllowed
from rdfast.core.working_days import end_of
from rdfast.flow import (
    appealing,
    confirming,
    granting,
    moving,
    performing,
    planning,
    proceeding,
    recovering,
    stopping,
)
from rdfast.plans.models import Plan
from rdfast.reports.disputes import of_proposal
from rdfast.settlement.models import Recovery
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
Read = Callable[[str], datetime]
KOREA, NEW_YORK, BERLIN = ("Asia/Seoul", "KR"), ("America/New_York", "US"), ("Europe/Berlin", "DE")


@pytest.fixture
def clocks_of(settings: Any) -> Callable[[tuple[str, str]], Read]:
    """Set the country up; gives what reads an instant from its clocks."""

    def set_up(country: tuple[str, str]) -> Read:
        settings.TIME_ZONE, settings.HOLIDAY_COUNTRY = country
        return lambda text: timezone.make_aware(datetime.fromisoformat(text)).astimezone(UTC)

    return set_up


def _shown(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _due(kind: str, of: Any) -> str:
    """When the pending deadline is due, as people read it."""
    timer = Timer.objects.get(
        kind=kind, subject_kind=of._meta.label_lower, subject_id=of.pk, status="pending"
    )
    return _shown(timer.due_at)


def _all_clocks(at: datetime) -> dict[str, str]:
    """Everything in the second half that can begin to run, begun at one instant; when each is due."""
    w = make.world(at=at, provisional_awards_per_pi=9)
    award = make.signed(w, at=at)
    due = {"plan": _due("plan_due", award.plan), "confirmation": _due("confirm", award)}
    plan = make.plan_handed_in(award, at=at)
    due["decision on the plan"] = _due("decide_plan", plan)
    # Handed in on its last day: sooner than that day it is not due again.
    Plan.objects.update(due_at=at)
    planning.return_(plan.pk, reason="Say more.", by=w.minjun, at=at)
    due["returned plan"] = _due("plan_due", plan)
    confirming.extend(award.pk, days=90, reason="A crack.", by=w.doyun, at=at)
    due["extended confirmation"] = _due("confirm", award)
    stopping.ask_to_stop(award.pk, reason="It does not hold.", by=w.hana, at=at)
    end = moving.propose_end(award.pk, reason="Agreed.", lesson="Use oxide.", by=w.minjun, at=at)
    due["second signature"] = _due("second_motion", end)
    due["suspension"] = _due("resolve", make.suspended(award, at=at))
    notice = proceeding.open_(
        award.pk, "termination", reason="A car.", possible_outcome="End.", by=w.minjun, at=at
    )
    due["reply"] = _due("reply", notice)
    proceeding.reply(notice.pk, text="A cell tester.", by=w.hana, at=at)
    due["decision in the proceeding"] = _due("decide_proceeding", notice)

    award = make.paid(w, at=at).award
    recovery = make.recovery(w, award, at=at)
    due["objection"] = _due("contest", recovery)
    recovering.contest(recovery.pk, objection="Here they are.", by=w.sejin, at=at)
    due["determination"] = _due("determine", recovery)
    recovering.determine(recovery.pk, amount=1, determination="Some.", by=w.minjun, at=at)
    due["demand"] = _due("demand", recovery)
    due["answer to a change"] = _due("answer_change", make.change(award, w.hana, at=at, amount=70_000_000))

    declined = make.submitted(w, at=at)
    granting.decline(declined.pk, reason="Vague.", by=w.minjun, at=at)
    declined.refresh_from_db()
    (possible,) = of_proposal(declined, at=at).possible
    due["appeal"] = _shown(possible.until)
    assert appealable(declined, at=possible.until - timedelta(seconds=1)) == [possible.event]
    assert appealable(declined, at=possible.until) == []
    appeal = appealing.file(declined.pk, possible.event.pk, text="It is not.", by=w.hana, at=at)
    due["decision on the appeal"] = _due("decide_appeal", appeal)

    ended = make.ended(w, at=at)
    return {**due, "last claim": _due("final_claim", ended), "closing": _due("close", ended)}


# What each kind of term comes to; the columns of the table below.
TERMS: dict[str, list[str]] = {
    "10 working days": ["decision on the plan", "returned plan"],
    "10 days": ["appeal", "demand"],
    "14 days": ["answer to a change"],
    "20 days": ["reply", "objection"],
    "30 days": ["plan", "decision in the proceeding", "determination", "decision on the appeal"],
    "60 days": ["suspension"],
    "90 days": ["last claim"],
    "180 days": ["confirmation", "closing"],
    "270 days": ["extended confirmation"],
}
# These are due on a day, all day long; the others at the time of day at which they began.
ON_A_DAY = {"plan", "confirmation", "extended confirmation"}


@pytest.mark.parametrize(
    ("country", "begun", "days"),
    [
        # Lunar New Year 2027: Saturday 6 to Monday 8 February, and Tuesday in place of the Sunday.
        (KOREA, "2027-01-29 10:00", "02-16 02-08 02-12 02-18 02-28 03-30 04-29 07-28 10-26"),
        # Chuseok 2026: Thursday 24 to Saturday 26 September.
        (KOREA, "2026-09-14 10:00", "09-30 09-24 09-28 10-04 10-14 11-13 12-13 03-13 06-11"),
        # Thirty days after 30 January: 29 February in 2028, 1 March in 2027.
        (KOREA, "2028-01-30 10:00", "02-11 02-09 02-13 02-19 02-29 03-30 04-29 07-28 10-26"),
        (KOREA, "2027-01-30 10:00", "02-16 02-09 02-13 02-19 03-01 03-31 04-30 07-29 10-27"),
        # An hour is lost on 14 March 2027 and doubled on 7 November, in Germany on 28 March and 31 October.
        (NEW_YORK, "2027-03-01 23:30", "03-15 03-11 03-15 03-21 03-31 04-30 05-30 08-28 11-26"),
        (NEW_YORK, "2027-10-25 00:30", "11-08 11-04 11-08 11-14 11-24 12-24 01-23 04-22 07-21"),
        (BERLIN, "2027-03-15 23:30", "03-31 03-25 03-29 04-04 04-14 05-14 06-13 09-11 12-10"),
        (BERLIN, "2027-10-18 00:30", "11-01 10-28 11-01 11-07 11-17 12-17 01-16 04-15 07-14"),
    ],
)
def test_every_term_ends_on_the_day_that_a_calendar_says(
    clocks_of: Callable[[tuple[str, str]], Read], country: tuple[str, str], begun: str, days: str
) -> None:
    due = _all_clocks(clocks_of(country)(begun))
    second_signature = due.pop("second signature")
    assert second_signature[11:] == begun[11:]  # twenty-four hours, none of them on a day of 23 or 25
    expected = {
        clock: f"{day} {'23:59' if clock in ON_A_DAY else begun[11:]}"
        for clocks, day in zip(TERMS.values(), days.split(), strict=True)
        for clock in clocks
    }
    assert {clock: shown[5:] for clock, shown in due.items()} == expected


def _diary(since: datetime, *kinds: str) -> list[str]:
    """When each of these happened, as people read it."""
    events = Event.objects.filter(kind__in=kinds, at__gt=since).order_by("at", "pk")
    return [f"{_shown(event.at)} {event.kind.split('.')[1]}" for event in events]


@pytest.mark.parametrize(
    ("country", "noticed", "diary"),
    [
        (
            KOREA,
            "2028-01-20 10:00",
            [
                "2028-02-09 10:00",
                "2028-02-19 10:00",
                "2028-03-20 23:59",
                "2028-04-04 23:59",
                "2028-04-14 23:59",
            ],
        ),
        (
            KOREA,
            "2027-01-20 10:00",
            [
                "2027-02-09 10:00",
                "2027-02-19 10:00",
                "2027-03-21 23:59",
                "2027-04-05 23:59",
                "2027-04-15 23:59",
            ],
        ),
        (
            NEW_YORK,
            "2027-02-10 23:30",
            [
                "2027-03-02 23:30",
                "2027-03-12 23:30",
                "2027-04-11 23:59",
                "2027-04-26 23:59",
                "2027-05-06 23:59",
            ],
        ),
        (
            BERLIN,
            "2027-10-02 00:30",
            [
                "2027-10-22 00:30",
                "2027-11-01 00:30",
                "2027-12-01 23:59",
                "2027-12-16 23:59",
                "2027-12-26 23:59",
            ],
        ),
    ],
)
def test_a_debt_that_nobody_answers_runs_by_the_calendar(
    clocks_of: Callable[[tuple[str, str]], Read], country: tuple[str, str], noticed: str, diary: list[str]
) -> None:
    at = clocks_of(country)(noticed)
    w = make.world(at=at, account_days=400)
    make.recovery(w, make.paid(w, at=at).award, at=at)
    make.run_to(at + timedelta(days=100))
    steps = ["determine", "demand", "run_over", "dun", "refer"]
    found = _diary(at, *(f"recovery.{step}" for step in steps))
    assert found == [f"{day} {step}" for day, step in zip(diary, steps, strict=True)]


@pytest.mark.parametrize(
    ("country", "suspended", "diary"),
    [
        (KOREA, "2027-12-20 10:00", "2028-02-18 2028-03-03 2028-03-23 2028-04-22"),
        (KOREA, "2026-12-20 10:00", "2027-02-18 2027-03-04 2027-03-24 2027-04-23"),
        (NEW_YORK, "2027-01-10 23:30", "2027-03-11 2027-03-25 2027-04-14 2027-05-14"),
    ],
)
def test_a_suspension_that_nobody_resolves_runs_by_the_calendar(
    clocks_of: Callable[[tuple[str, str]], Read], country: tuple[str, str], suspended: str, diary: str
) -> None:
    at = clocks_of(country)(suspended)
    w = make.world(at=at)
    make.suspended(make.signed(w, at=at), at=at)
    make.run_to(at + timedelta(days=125))
    steps = ["award.unresolved", "proceeding.begin", "proceeding.hear", "proceeding.late"]
    assert _diary(at, *steps) == [
        f"{day} {suspended[11:]} {step.split('.')[1]}" for day, step in zip(diary.split(), steps, strict=True)
    ]


def test_instalments_stop_the_closing_and_a_missed_one_gives_it_thirty_days(
    clocks_of: Callable[[tuple[str, str]], Read],
) -> None:
    at = clocks_of(KOREA)("2027-11-01 10:00")
    w = make.world(at=at)
    award = make.ended(w, at=at)
    assert _due("close", award) == "2028-04-29 10:00"
    make.run_to(at + timedelta(days=120))
    steps = ["recovery.notice", "recovery.determine", "recovery.demand"]
    assert _diary(at, *steps) == [
        "2028-01-30 10:00 notice",
        "2028-02-19 10:00 determine",
        "2028-02-29 10:00 demand",
    ]
    recovery = Recovery.objects.get()
    now = at + timedelta(days=120)
    recovering.agree_instalments(recovery.pk, [(recovery.amount, date(2028, 5, 31))], by=w.finn, at=now)
    assert not Timer.objects.filter(kind="close", status="pending").exists()
    make.run_to(end_of(date(2028, 5, 31)))
    assert not Event.objects.filter(kind="award.close_overdue").exists()
    assert _due("close", award) == "2028-06-30 23:59"


def test_the_final_report_is_due_sixty_days_after_the_last_milestone(
    clocks_of: Callable[[tuple[str, str]], Read],
) -> None:
    at = clocks_of(KOREA)("2027-08-16 10:00")
    w = make.world(at=at, account_days=900)
    award = make.confirmed(w, at=at)
    milestone = make.passed_next(w, award, at=award.confirmed_at or at)
    assert _shown(milestone.reported_at or at) == "2027-12-31 00:00"
    assert _due("final_report", award) == "2028-02-29 23:59"


def test_a_failed_milestone_waits_ten_working_days_over_chuseok(
    clocks_of: Callable[[tuple[str, str]], Read],
) -> None:
    at = clocks_of(KOREA)("2026-07-29 10:00")
    milestone = make.passed(make.world(at=at), at=at, grade="failed")
    assert _shown(milestone.reported_at or at) == "2026-09-14 00:00"
    assert _due("act_on_failure", milestone) == "2026-09-30 00:00"


def test_leave_lasts_to_the_last_minute_of_a_day_that_is_an_hour_short(
    clocks_of: Callable[[tuple[str, str]], Read],
) -> None:
    read = clocks_of(NEW_YORK)
    at = read("2026-12-01 10:00")
    w = make.world(at=at, account_days=400)
    milestone = make.paid(w, at=at).award.milestones.get(number=1)
    now = read("2027-02-20 10:00")
    make.run_to(now)
    assert _diary(at, "milestone.miss") == ["2027-02-13 23:59 miss"]
    performing.give_leave(milestone.pk, until=date(2027, 3, 14), reason="Flu.", by=w.minjun, at=now)
    report: dict[str, Any] = {"text": "Late.", "files": [], "by": w.hana}
    with pytest.raises(NotAllowed):
        performing.report(milestone.pk, **report, at=read("2027-03-15 00:00"))
    assert performing.report(milestone.pk, **report, at=read("2027-03-14 23:59")).state == "reported"
