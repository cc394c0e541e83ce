"""Routing, and what the head does with a decision that came too late."""

from datetime import timedelta

import pytest

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import NotAllowed
from rdfast.flow import granting
from rdfast.flow.deadlines import settle_down
from rdfast.outbox.models import Message
from rdfast.people.models import Conflict
from rdfast.programmes.models import Appointment
from rdfast.proposals.operations import NotAManager
from rdfast.proposals.queries import inbox
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db


def test_a_proposal_passed_to_the_standard_track_has_its_reason_and_no_clock() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.route(proposal.pk, reason="Belongs to the basic track.", by=w.minjun, at=make.MONDAY)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.turned_down_by) == ("routed", w.minjun)
    assert not Timer.objects.filter(status="pending").exists()
    told = Message.objects.get(to=w.hana, subject__startswith="Passed to the standard track")
    assert "Belongs to the basic track." in told.body


def test_a_second_answer_after_routing_is_refused() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.route(proposal.pk, reason="Other track.", by=w.minjun, at=make.MONDAY)
    with pytest.raises(NotPossibleNow):
        granting.decline(proposal.pk, reason="No.", by=w.minjun, at=make.MONDAY)
    assert proposal.decisions.count() == 1


def _late(w: make.World) -> tuple[make.Proposal, make.datetime]:
    proposal = make.submitted(w)
    at = make.MONDAY + timedelta(hours=49)
    settle_down(at=at)
    proposal.refresh_from_db()
    return proposal, at


def test_the_head_gives_a_late_decision_to_a_deputy_with_a_clock_of_their_own() -> None:
    w = make.world()
    deputy = make.person("Dohyun", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=deputy, role="deputy")
    proposal, at = _late(w)
    assert list(inbox(w.doyun)) == [proposal]
    granting.reassign(proposal.pk, deputy, reason="Minjun is ill.", by=w.doyun, at=at)
    proposal.refresh_from_db()
    assert (proposal.assigned_to, proposal.escalated_at) == (deputy, None)
    assert list(inbox(w.doyun)) == [] and list(inbox(deputy)) == [proposal]
    assert Timer.objects.get(kind="decide", status="pending").due_at == at + timedelta(hours=24)
    settle_down(at=at + timedelta(hours=25))
    assert list(inbox(w.doyun)) == [proposal]


def test_only_the_head_reassigns_and_only_what_is_late() -> None:
    w = make.world()
    proposal = make.submitted(w)
    for by in (w.doyun, w.minjun, w.hana, w.olga):
        with pytest.raises(NotAllowed):
            granting.reassign(proposal.pk, w.minjun, reason="x", by=by, at=make.MONDAY)
    late, at = _late_again(w, proposal)
    for by in (w.minjun, w.yuna, w.finn, w.hana, w.olga):
        with pytest.raises(NotAllowed):
            granting.reassign(late.pk, w.minjun, reason="x", by=by, at=at)
    late.refresh_from_db()
    assert late.assigned_to is None


def _late_again(w: make.World, proposal: make.Proposal) -> tuple[make.Proposal, make.datetime]:
    at = make.MONDAY + timedelta(hours=49)
    settle_down(at=at)
    return proposal, at


def test_a_late_decision_goes_to_no_one_with_a_conflict_or_without_the_role() -> None:
    w = make.world()
    deputy = make.person("Dohyun", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=deputy, role="deputy")
    proposal, at = _late(w)
    Conflict.objects.create(user=deputy, with_user=w.hana, reason="sister", declared_at=at)
    for to in (deputy, w.finn, w.olga, w.hana):
        with pytest.raises(NotAManager):
            granting.reassign(proposal.pk, to, reason="x", by=w.doyun, at=at)
