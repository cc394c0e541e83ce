"""The people of a deadline day, for locust: researchers who each hand in one proposal, and others who browse.

Started by `day.py` as a process of its own, for locust replaces the standard library's sockets. It knows only
addresses and forms; what it is told stands in the file that RDFAST_DAY names.
"""

import itertools
import json
import os
from datetime import date, timedelta
from pathlib import Path

import gevent
from locust import between, events, task
from locust.contrib.fasthttp import FastHttpUser
from locust.exception import StopUser

from tests.bench.filled import form_in

DAY = json.loads(Path(os.environ["RDFAST_DAY"]).read_text())
_researchers = iter(DAY["researchers"])
_unfinished = set(DAY["researchers"])
_officials = itertools.cycle(DAY["officials"])
_arrived = Path(DAY["acknowledged"]).open("a", buffering=1)  # noqa: SIM115 - open as long as the process


class Person(FastHttpUser):
    """Somebody with an account and a browser."""

    abstract = True
    wait_time = between(1, 3)
    email = ""

    def sign_in(self) -> None:
        """The sign-in page, filled in and sent."""
        typed = form_in(self.client.get("/sign-in/", name="sign-in page").text)
        self.send("/sign-in/", "sign in", {**typed, "username": self.email, "password": DAY["password"]})

    def send(self, address: str, name: str, typed: dict[str, str]) -> str:
        """Post a form; gives where it leads. Anything but a redirect is a refusal."""
        with self.client.post(
            address, data=typed, name=name, allow_redirects=False, catch_response=True
        ) as answer:
            if answer.status_code != 302:
                answer.failure(f"refused with {answer.status_code}")
                raise StopUser
            return str(answer.headers["Location"])

    def look(self, address: str, name: str) -> dict[str, str]:
        """Open a page; gives its form as it stands."""
        answer = self.client.get(address, name=name)
        if answer.status_code != 200:
            raise StopUser
        return form_in(answer.text)


class Researcher(Person):
    """Signs in, begins a draft, saves it twice on the way, submits it, reads that it has arrived, and goes."""

    @task
    def spend_the_day(self) -> None:
        self.email = next(_researchers, "")
        try:
            if self.email:
                self.hand_in()
        finally:
            _unfinished.discard(self.email)
            if not _unfinished:
                gevent.spawn_later(1, self.environment.runner.quit)  # not from within a person it stops
        raise StopUser

    def hand_in(self) -> None:
        self.sign_in()
        self.wait()
        call = f"/my/calls/{DAY['call']}/propose/"
        draft = self.send(call, "begin a draft", self.look(call, "page of the call"))
        for part, name in ((_texts(), "save the texts"), (_team_and_money(), "save team and money")):
            typed = self.look(draft, "proposal form")
            self.wait()
            self.send(draft, name, {**typed, **part, "action": "save"})
        typed = self.look(draft, "proposal form")
        self.wait()
        where = self.send(draft, "submit", {**typed, **_milestones(), "action": "submit"})
        _arrived.write(json.dumps({"email": self.email, "where": where}) + "\n")
        self.look(where, "page of the proposal")


class Official(Person):
    """A manager, finance officer or auditor who looks at lists and pages."""

    fixed_count = len(DAY["officials"])

    def on_start(self) -> None:
        self.email, self.pages = next(_officials)
        self.sign_in()

    @task
    def browse(self) -> None:
        for page in self.pages:
            self.look(page, "official's page")
            self.wait()


def _texts() -> dict[str, str]:
    return {
        "topic": str(DAY["topic"]),
        "title_ko": "마감일에 낸 과제",
        "title_en": "Handed in on the last day",
        "abstract_ko": "계면의 안정성을 확인한다. " * 20,
        "abstract_en": "Find out whether the interface holds. " * 20,
        "aim": "A cell of 1 Ah that keeps 80 % after 100 cycles. " * 10,
    }


def _team_and_money() -> dict[str, str]:
    return {
        **_rows("team", [{"name": "이하람", "email": "", "task": "합성", "effort_percent": "50"}] * 2),
        "asked_amount": "3억 6,000만원",
        "asked_provisional": "60,000,000",
        "own_cash": "30,000,000",
        "own_kind": "10,000,000",
        "other_projects_as_pi": "0",
        f"budget-{DAY['categories'][0]}-1": "250,000,000",
        f"budget-{DAY['categories'][1]}-2": "1억 5천만",
    }


def _milestones() -> dict[str, str]:
    first, second = (date.today() + timedelta(days=days) for days in (60, 150))  # noqa: DTZ011 - a day in a form
    planned = [("1Ah 단셀", first, "40"), ("모듈", second, "60")]
    rows = [
        {"title": title, "criterion": "100회 후 80 %", "due_on": due.isoformat(), "share_percent": share}
        for title, due, share in planned
    ]
    return _rows("milestones", rows)


def _rows(prefix: str, rows: list[dict[str, str]]) -> dict[str, str]:
    head = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    return head | {f"{prefix}-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


@events.quitting.add_listener
def _write_times(environment, **_more) -> None:
    """Every request's name, count, failures and times in milliseconds."""
    told = [
        {
            "name": entry.name,
            "count": entry.num_requests,
            "failed": entry.num_failures,
            **{f"p{p}": entry.get_response_time_percentile(p / 100) for p in (50, 95, 99)},
        }
        for entry in environment.stats.entries.values()
    ]
    why = [f"{each.name}: {each.error} ({each.occurrences})" for each in environment.stats.errors.values()]
    Path(DAY["times"]).write_text(json.dumps({"entries": told, "errors": why}))
