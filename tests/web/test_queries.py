"""How often each list asks the database: a literal number, and the same for a deck of rows and for fifty.

A page that asks once more for each row is quick with the tests' few rows and slow on a deadline day.
"""

from rdfast.funding.models import Award
from rdfast.local.demo import cases
from rdfast.people.models import User
from rdfast.proposals.models import Proposal
from tests.bench import crowd
from tests.databases import FreshDatabase
from tests.web.browsing import queries_for

# One row for every sort of waiting thing.
DECK = [
    (cases.submitted, 0.5),
    (cases.ready, 2.0),
    (cases.approved, 2.0),
    (cases.claimed, 20.0),
    (cases.finding_waits, 55.0),
]
# Who opens the list, its address, and how often it asks.
LISTS = [
    ("manager", "/manager/", 20),
    ("manager", "/manager/awards/", 6),
    ("finance", "/finance/", 19),
    ("auditor", "/audit/events/", 7),
    ("auditor", "/audit/envelopes/1/", 10),
    ("reviewer", "/reviews/", 7),
    ("sign.hanbit", "/my/", 9),
    ("sign.hanbit", "/my/proposals/", 5),
    ("sign.hanbit", "/my/awards/", 5),
    ("manager", "/messages/", 5),
]


def test_every_list_asks_as_often_for_one_deck_as_for_fifty(fresh_database: FreshDatabase):
    world = crowd.fill(len(DECK), deck=DECK)
    few = _asked(world)
    crowd.grow(world, decks=50)

    assert few == LISTS
    assert _asked(world) == LISTS


def _asked(world: crowd.Crowd) -> list[tuple[str, str, int]]:
    university = world.stage.organisations["hanbit"]
    Proposal.objects.update(organisation=university)
    Award.objects.update(organisation=university)
    return [
        (name, address, queries_for(User.objects.get(email=f"{name}@rdfast.example"), address))
        for name, address, _count in LISTS
    ]
