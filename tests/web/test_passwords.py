"""How passwords are kept, and that old ones are kept the new way once their owner signs in."""

from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.test import Client

from rdfast import settings as ours
from rdfast.people.models import User

PASSWORD = "correct horse battery"


@pytest.fixture
def _real_hashers(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS


def _sign_in(user: User) -> int:
    answer = Client().post("/sign-in/", {"username": user.email, "password": PASSWORD})
    user.refresh_from_db()
    return answer.status_code


def _somebody(hashed: str) -> User:
    return User.objects.create(email="hana@example.kr", name="Hana", password=hashed)


@pytest.mark.django_db
@pytest.mark.usefixtures("_real_hashers")
def test_a_new_password_is_kept_with_argon2id_at_the_recommended_least():
    user = _somebody(make_password(PASSWORD))

    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert _sign_in(user) == 302


@pytest.mark.django_db
@pytest.mark.usefixtures("_real_hashers")
def test_an_older_hash_still_signs_in_and_is_made_anew():
    user = _somebody(make_password(PASSWORD, hasher="pbkdf2_sha256"))

    assert _sign_in(user) == 302
    assert identify_hasher(user.password).algorithm == "argon2"
    assert _sign_in(user) == 302


@pytest.mark.django_db
@pytest.mark.usefixtures("_real_hashers")
def test_a_wrong_password_changes_nothing():
    user = _somebody(make_password("another battery", hasher="pbkdf2_sha256"))
    before = user.password

    assert _sign_in(user) == 200
    assert user.password == before
