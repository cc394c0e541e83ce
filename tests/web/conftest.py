"""What several faces' tests stand on."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rdfast.timers import clock
from tests import make


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """The pages' clock stands at the builders' Monday, until a test moves it."""

    def set_to(at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)

    set_to(make.MONDAY)
    return set_to


@pytest.fixture
def own_storage(settings: Any, tmp_path: Path) -> Path:
    """Uploads of this test lie in a folder of their own."""
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path
