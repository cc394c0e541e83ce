"""The main job in a real browser, as each person, in Korean and in English: one proposal to its second payment.

Every page on the way is looked at by axe, at 360 px too, and nothing may be said in the browser's console.
"""

import re
from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, Page

from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Review
from tests import make
from tests.browser import LiveSite

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
PHONE, DESK = {"width": 360, "height": 800}, {"width": 1280, "height": 900}


class Desk:
    """One browser, at which one person after the other sits down."""

    def __init__(self, browser: Browser, site: LiveSite) -> None:
        self.site = site
        self.window = browser.new_context(base_url=site.url, viewport=DESK)  # type: ignore[arg-type]
        self.page: Page = self.window.new_page()
        self.said: list[str] = []
        self.page.on(
            "console", lambda message: self.said.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.seen: set[str] = set()

    def sit_down(self, user: User, start: str) -> None:
        """Act as the person, from this page on. Signing in itself is tested once, below."""
        client = Client()
        client.force_login(user)
        self.window.clear_cookies()
        session = client.cookies["sessionid"].value
        self.window.add_cookies([{"name": "sessionid", "value": session, "url": self.site.url}])
        self.page.goto(start)
        self.look()

    def follow(self, pattern: str) -> None:
        """Open the first link in the page whose address matches."""
        links = self.page.locator("main a").all()
        found = next(link for link in links if re.fullmatch(pattern, link.get_attribute("href") or ""))
        found.click()
        self.look()

    def press(self, selector: str) -> None:
        """Press a button and look at what comes."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.look()

    def fill(self, **typed: str) -> None:
        """Type into fields by name; double underscores stand for hyphens."""
        for name, text in typed.items():
            self.page.locator(f"main [name='{name.replace('__', '-')}']").fill(text)

    def tick(self) -> None:
        """Tick the box before what cannot be undone, or the declaration."""
        for box in self.page.locator("main input[name=understood]:visible").all():
            box.check()

    def look(self) -> None:
        """Nothing is wrong with the page: axe, width on a phone, console. Once per kind of page."""
        assert self.said == [], (self.page.url, self.said)
        kind = re.sub(r"\d+", "N", self.page.url) + str(self.page.locator("main form").count())
        if kind in self.seen:
            return
        self.seen.add(kind)
        found = Axe().run(self.page, options=RULES)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{self.page.url} is {wide} px wide on a phone"
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]


@pytest.fixture
def desk(chromium: Browser, live_site: LiveSite, settings: Any, tmp_path: Path) -> Generator[Desk]:
    settings.DEMO = True
    settings.MEDIA_ROOT = tmp_path
    sitting = Desk(chromium, live_site)
    yield sitting
    sitting.window.close()


def _world(language: str, at: datetime) -> make.World:
    w = make.world(at=at)
    User.objects.update(language=language)
    for user in (w.hana, w.sejin, w.minjun, w.finn, *w.reviewers):
        user.language = language
    return w


def _write_the_proposal(desk: Desk, w: make.World, today: datetime) -> None:
    desk.sit_down(w.hana, "/calls/")
    desk.follow(r"/calls/\d+/")
    desk.follow(r"/my/calls/\d+/propose/")
    desk.press("main button[type=submit]")
    page = desk.page
    page.locator("[name=topic]").select_option(index=1)
    desk.fill(
        title_ko="전고체 전지 계면",
        title_en="Solid-state interfaces",
        abstract_ko="요약",
        aim="상온 구동 / run at room temperature",
        asked_amount="3억 6,000만원",
        asked_provisional="60,000,000",
        own_cash="30,000,000",
        own_kind="10000000",
        milestones__0__title="Cell",
        milestones__0__criterion="80 % after 100 cycles",
        milestones__0__due_on=(today + timedelta(days=20)).date().isoformat(),
        milestones__0__share_percent="40",
        milestones__1__title="Stack",
        milestones__1__criterion="500 h without a short",
        milestones__1__due_on=(today + timedelta(days=90)).date().isoformat(),
        milestones__1__share_percent="60",
    )
    desk.page.locator(f"[name='{make.budget_cell('personnel', 1)}']").fill("400,000,000")
    desk.press("button[value=save]:not(.unseen)")
    assert Proposal.objects.get().asked_amount == 360_000_000
    desk.press("button[value=submit]")
    assert Proposal.objects.get().state == "submitted"
    assert desk.page.get_by_text(Proposal.objects.get().number).first.is_visible()


def _decide_and_sign(desk: Desk, w: make.World) -> None:
    desk.sit_down(w.minjun, "/manager/")
    desk.follow(r"/manager/proposals/\d+/")
    desk.fill(reason="분명하고 대담합니다. Bold and clear.")
    desk.page.locator("[name=no_conflict]").check()
    desk.press("button[value=approve]")
    assert Award.objects.get().state == "offered"

    desk.sit_down(w.sejin, "/my/")
    desk.follow(r"/my/awards/\d+/")
    desk.follow(r"/my/awards/\d+/sign/")
    desk.fill(
        bank="한국은행", account_number="110-123-456789", account_holder="기관 2", password=make.PASSWORD
    )
    desk.tick()
    desk.press("main form button[type=submit]")
    assert Award.objects.get().state == "provisional"


def _pay(desk: Desk, w: make.World) -> None:
    desk.sit_down(w.minjun, "/manager/")
    desk.follow(r"/manager/payments/\d+/")
    desk.tick()
    desk.press("main form button[type=submit]")
    desk.sit_down(w.finn, "/finance/")
    desk.follow(r"/finance/payments/\d+/")
    desk.tick()
    desk.press("main form button[type=submit]")
    desk.page.goto("/finance/")
    desk.follow(r"/finance/payments/\d+/")
    desk.tick()
    desk.press("main form button[type=submit]")
    assert Award.objects.get().tranches.get(number=1).state == "settled"


def _report_and_review(desk: Desk, w: make.World) -> None:
    desk.press(".demo-bar button[value='1w']")
    assert Award.objects.get().milestones.get(number=1).state == "open"
    desk.sit_down(w.hana, "/my/")
    desk.page.goto(f"/my/milestones/{Award.objects.get().milestones.get(number=1).pk}/")
    desk.look()
    desk.fill(text="100회 뒤 83 % 유지. It kept 83 %.")
    pdf = {"name": "측정 결과.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 measured"}
    desk.page.locator("[name=evidence]").set_input_files(pdf)  # type: ignore[arg-type]
    desk.press("main form button[type=submit]")
    for review in Review.objects.filter(state="invited").order_by("pk")[:3]:
        desk.sit_down(review.reviewer, "/reviews/")
        desk.follow(r"/reviews/\d+/")
        desk.page.locator("[name=no_conflict]").check()
        desk.press(f"form[action$='/reviews/{review.pk}/accept/'] button")
    for review in Review.objects.filter(state="accepted").order_by("pk"):
        desk.sit_down(review.reviewer, f"/reviews/{review.pk}/")
        for name in ("reached", "evidence", "worth", "money"):
            desk.page.locator(f"[name={name}][value='4']").check(force=True)
        desk.page.locator("[name=grade][value=passed]").check(force=True)
        desk.fill(comments="판정기준을 넘었습니다. The criterion was met.")
        desk.tick()
        desk.press(f"form[action$='/reviews/{review.pk}/deliver/'] button[type=submit]")
    desk.sit_down(w.minjun, "/manager/")
    desk.follow(r"/manager/milestones/\d+/")
    desk.tick()
    desk.press("form[action$='/confirm/'] button[type=submit]")
    assert Award.objects.get().milestones.get(number=1).state == "passed"


def _account(desk: Desk, w: make.World, today: datetime) -> None:
    award = Award.objects.get()
    desk.sit_down(w.hana, f"/my/awards/{award.pk}/")
    desk.press(f"form[action$='/my/awards/{award.pk}/claim/'] button")
    desk.page.locator("[name=lines-0-category]").select_option(index=1)
    desk.fill(
        lines__0__spent_on=(today + timedelta(days=1)).date().isoformat(),
        lines__0__description="인건비 Salaries",
        lines__0__amount="2,000만원",
    )
    desk.press("button[value=submit]")
    desk.sit_down(w.finn, "/finance/")
    desk.follow(r"/finance/claims/\d+/")
    desk.tick()
    desk.press("main form button[type=submit]")
    assert award.tranches.get(number=2).state == "ready"
    desk.sit_down(w.minjun, "/manager/")
    assert desk.page.get_by_text(award.number).first.is_visible()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_one_proposal_goes_all_the_way_to_its_second_payment(desk: Desk, language: str) -> None:
    today = timezone.now()
    w = _world(language, today)
    _write_the_proposal(desk, w, today)
    assert desk.page.locator("html").get_attribute("lang") == language
    _decide_and_sign(desk, w)
    _pay(desk, w)
    _report_and_review(desk, w)
    _account(desk, w, today)


def test_a_manager_decides_with_the_keyboard_alone(desk: Desk) -> None:
    at = timezone.now() - timedelta(minutes=5)
    w = _world("en", at)
    proposal = make.submitted(w, at=at)
    page = desk.page
    page.goto("/sign-in/")
    _tab_to(page, "username")
    page.keyboard.type(w.minjun.email)
    page.keyboard.press("Tab")
    page.keyboard.type(make.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/manager/")
    page.goto(f"/manager/proposals/{proposal.pk}/")
    _tab_to(page, "reason")
    page.keyboard.type("Clear.")
    _tab_to(page, "no_conflict")
    page.keyboard.press("Space")
    _tab_to(page, "answer")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Award.objects.filter(proposal=proposal).exists()


def _tab_to(page: Page, name: str) -> None:
    for _key in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('name')") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_a_row_is_added_and_saved_without_javascript(chromium: Browser, live_site: LiveSite) -> None:
    w = _world("en", timezone.now())
    draft = make.proposals.start(w.call, by=w.hana, at=timezone.now(), once=make.uuid4())
    client = Client()
    client.force_login(w.hana)
    window = chromium.new_context(base_url=live_site.url, java_script_enabled=False)
    window.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_site.url}]
    )
    page = window.new_page()
    page.goto(f"/my/proposals/{draft.pk}/edit/")
    page.locator("[name=milestones-0-title]").fill("First")
    page.locator("button[name=add_row][value=milestones]").click()
    page.locator("[name=milestones-2-title]").fill("Third")
    page.locator("button[value=save]:not(.unseen)").click()
    window.close()
    assert [m.title for m in draft.planned_milestones.all()] == ["First", "Third"]


def test_a_double_click_submits_once(desk: Desk) -> None:
    at = timezone.now() - timedelta(minutes=5)
    w = _world("en", at)
    proposal = make.draft(w, at=at)
    desk.sit_down(w.hana, f"/my/proposals/{proposal.pk}/edit/")
    with desk.page.expect_navigation():
        desk.page.locator("button[value=submit]").dblclick()
    desk.page.wait_for_url(f"**/my/proposals/{proposal.pk}/")
    proposal.refresh_from_db()
    assert proposal.state == "submitted"
    with translation.override("en"):
        assert desk.page.get_by_text(gettext("Submitted")).first.is_visible()
