"""What holds for every test. The servers, databases, Celery and the browser are plugins beside this file."""

from collections.abc import Generator
from typing import Any

import pytest
from django.utils import translation
from pytest_django import DjangoDbBlocker

from tests.databases import drop_migrated, make_migrated


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hashing slowly is a virtue that tests need not pay for."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _in_english() -> Generator[None]:
    """Refusals are read in English here, whether the Korean catalogue is compiled or not."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, django_db_modify_db_settings: None
) -> Generator[None]:
    """Migrate the tests' database once per process, also when only committing tests will run.

    It stands here because a conftest comes before the plugin whose fixture it replaces.
    """
    with django_db_blocker.unblock():
        name = make_migrated()
    yield
    with django_db_blocker.unblock():
        drop_migrated(name)
