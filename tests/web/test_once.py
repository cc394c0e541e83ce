"""A page asks the same question once; what acts asks every time."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rdfast.core.once import one_page
from rdfast.people.models import Conflict
from rdfast.people.queries import set_apart_from
from rdfast.programmes.queries import roles_of
from tests import make
from tests.web.browsing import as_

pytestmark = pytest.mark.django_db


def _asked(question: object, times: int = 2) -> int:
    with CaptureQueriesContext(connection) as asked:
        for _time in range(times):
            question()  # type: ignore[operator]
    return len(asked)


def test_within_a_page_the_database_is_asked_once_for_each_person():
    w = make.world()

    with one_page():
        assert _asked(lambda: (roles_of(w.minjun), roles_of(w.yuna))) == 2
        assert roles_of(w.minjun) == {"manager"}
        assert roles_of(w.yuna) == {"second_approver"}


def test_the_next_page_and_whoever_acts_ask_again():
    w = make.world()
    with one_page():
        before = set_apart_from(w.minjun)
    Conflict.objects.create(user=w.minjun, with_user=w.hana, declared_at=make.MONDAY)

    with one_page():
        assert set_apart_from(w.minjun) != before
    assert _asked(lambda: set_apart_from(w.minjun)) == 2


def test_a_form_that_is_sent_hides_at_once_what_a_conflict_hides():
    w = make.world()
    proposal = make.submitted(w)
    client = as_(w.minjun)
    address = f"/manager/proposals/{proposal.pk}/"
    assert client.get(address).status_code == 200

    Conflict.objects.create(user=w.minjun, with_user=w.hana, declared_at=make.MONDAY)

    assert client.get(address).status_code == 404
