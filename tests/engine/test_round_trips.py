"""How often the two busiest operations ask the database. More is allowed only for a reason.

Every round trip is made while locks are held: on a deadline day they are the limit, not the rows.
"""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from rdfast.flow import granting, submitting
from rdfast.funding.models import Award
from tests import make
from tests.databases import FreshDatabase


def test_a_grant_makes_41_round_trips(fresh_database: FreshDatabase):
    w = make.world()
    pk, by = make.submitted(w).pk, w.minjun

    with CaptureQueriesContext(connection) as asked:
        granting.approve(pk, amount=60_000_000, reason="Bold.", by=by, at=make.MONDAY)

    assert Award.objects.get().tranches.count() == 2
    assert len(asked) == 41


def test_a_submission_makes_22_round_trips(fresh_database: FreshDatabase):
    w = make.world()
    pk, by = make.draft(w).pk, w.hana

    with CaptureQueriesContext(connection) as asked:
        submitting.submit(pk, by=by, at=make.MONDAY)

    assert len(asked) == 22
