"""The copied crowd is as good as one played by hand: nothing is broken, and its proposals go on."""

from django.utils import timezone

from rdfast.flow import granting
from rdfast.funding.models import Award, Tranche
from rdfast.ledger.queries import boxes_of_award
from rdfast.local.demo import cases
from rdfast.local.demo.play import Play
from rdfast.local.demo.texts import TEXTS
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from tests.bench import crowd
from tests.databases import FreshDatabase

DECK = [(cases.submitted, 0.5), (cases.ready, 2.0), (cases.paid, 40.0)]


def _play_on(world: crowd.Crowd, proposal: Proposal) -> Play:
    play = Play(world.stage, TEXTS[0], proposal.pi)
    play.proposal_id = proposal.pk
    return play


def test_copied_proposals_hold_the_invariants_and_go_on(fresh_database: FreshDatabase):
    world = crowd.fill(12, deck=DECK, programmes=2)
    at = timezone.now()

    assert Proposal.objects.count() == 12
    assert broken(at=at) == []

    waiting = Proposal.objects.filter(state="submitted").latest("pk")
    manager, amount = world.stage.people["manager"], waiting.asked_provisional
    granting.approve(waiting.pk, amount=amount, reason="Bold.", by=manager, at=at)
    ready = Tranche.objects.filter(state="ready").latest("pk").award
    _play_on(world, ready.proposal).pay(1, at)
    paid = Award.objects.filter(tranches__state="settled").exclude(pk=ready.pk).latest("pk")
    _play_on(world, paid.proposal).claim(80, at)
    _play_on(world, paid.proposal).accept_claim(at)

    waiting.refresh_from_db()
    assert waiting.state == "approved"
    assert waiting.call.programme != world.stage.programme
    assert boxes_of_award(paid.pk)["expense"] == paid.tranches.get(number=1).amount * 80 // 100
    assert broken(at=at) == []
