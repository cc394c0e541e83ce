import pytest
from django.db import connection
from tests.databases import at_once
def names():
    with connection.cursor() as c:
        c.execute("select current_database()"); return c.fetchone()[0]
def test_db(db): assert names()
@pytest.mark.parametrize("i", range(6))
def test_fresh(fresh_database, i):
    assert names()==fresh_database.name
    assert at_once(names,names)==[fresh_database.name]*2
