"""Ten wrong passwords from one address lock the account there, and nowhere else, for a quarter of an hour."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.utils import timezone

from rdfast.people.models import User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
# How a request arrives: on a port, on a Unix socket, and through a proxy by each of them.
PORT, SOCKET = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": ""}


def _through_proxy(address: str) -> dict[str, str]:
    return {**SOCKET, "HTTP_X_FORWARDED_FOR": f"198.51.100.9, {address}"}


@pytest.fixture
def user() -> User:
    user = make.person("Hana", make.organisation(1))
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def _behind_proxy(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def _try(user: User, password: str, arrived: dict[str, str]) -> int:
    return Client().post("/sign-in/", {"username": user.email, "password": password}, **arrived).status_code  # type: ignore[arg-type]


def _try_ten_times(user: User, arrived: dict[str, str]) -> None:
    for _time in range(10):
        _try(user, "wrong", arrived)


@pytest.mark.parametrize("arrived", [PORT, SOCKET], ids=["port", "socket"])
def test_ten_wrong_passwords_lock_out(user: User, arrived: dict[str, str]) -> None:
    _try_ten_times(user, arrived)
    assert _try(user, PASSWORD, arrived) == 429


@pytest.mark.usefixtures("_behind_proxy")
def test_behind_a_proxy_nobody_locks_others_out(user: User) -> None:
    _try_ten_times(user, _through_proxy("192.0.2.1"))
    assert _try(user, PASSWORD, _through_proxy("192.0.2.1")) == 429
    assert _try(user, PASSWORD, _through_proxy("192.0.2.2")) == 302


def test_without_a_proxy_its_header_is_not_believed(user: User) -> None:
    for each in range(10):
        _try(user, "wrong", {**PORT, "HTTP_X_FORWARDED_FOR": f"198.51.100.{each}"})
    assert _try(user, PASSWORD, PORT) == 429


@pytest.mark.usefixtures("_behind_proxy")
@pytest.mark.parametrize("said", ["", "unknown", "192.0.2.1; DROP TABLE"])
def test_a_header_that_names_no_address_locks_out_too(user: User, said: str) -> None:
    _try_ten_times(user, _through_proxy(said))
    assert _try(user, PASSWORD, _through_proxy(said)) == 429


def test_trying_on_does_not_make_it_last_longer(user: User) -> None:
    _try_ten_times(user, PORT)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert _try(user, "wrong", PORT) == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert _try(user, PASSWORD, PORT) == 302
