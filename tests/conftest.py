"""What holds for every test. The servers, databases, Celery and the browser are plugins beside this file."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hashing slowly is a virtue that tests need not pay for."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
