"""The cast on a live site of a demo installation, in Korean and in English, and windows for them."""

from collections.abc import Generator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from playwright.sync_api import Browser, BrowserContext

from rdfast.people.models import User
from tests import make
from tests.browser import LiveSite
from tests.browser_jobs.desk import DESK, Desk, Seat


@pytest.fixture(params=["ko", "en"])
def language(request: pytest.FixtureRequest) -> Generator[str]:
    """Everybody's language, and that of the words the test looks for."""
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def cast(live_site: LiveSite, settings: Any, tmp_path: Any, language: str) -> make.World:
    """The cast on the live site of a demo installation, today, all of one language."""
    settings.DEMO = True
    settings.MEDIA_ROOT = str(tmp_path)
    cast = make.world(at=timezone.now())
    User.objects.update(language=language)
    return cast


@pytest.fixture
def seat(chromium: Browser, live_site: LiveSite, language: str) -> Generator[Seat]:
    """Puts somebody before a window of their own: nobody yet, or a person who signed in before."""
    windows: list[BrowserContext] = []
    inspected: set[tuple[str, ...]] = set()
    locale = {"ko": "ko-KR", "en": "en-GB"}[language]

    def put(person: User | None = None, *, scripts: bool = True) -> Desk:
        window = chromium.new_context(
            base_url=live_site.url, locale=locale, viewport=DESK, java_script_enabled=scripts
        )
        window.set_default_timeout(10_000)
        windows.append(window)
        if person is not None:
            window.add_cookies([{"name": "sessionid", "value": _session_of(person), "url": live_site.url}])
        return Desk(window, language=language, inspected=inspected)

    yield put
    for window in windows:
        window.close()


def _session_of(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value
