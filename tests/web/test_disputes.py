"""Disputes in the browser's words: routing, opening a proceeding, replying, voting, signing, appealing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appealable
from rdfast.flow.deadlines import settle_down
from rdfast.people.models import User
from rdfast.proceedings.models import Proceeding
from rdfast.timers import clock
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: make.MONDAY)


def _as(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_manager_passes_a_proposal_on_and_the_applicant_appeals() -> None:
    w = make.world()
    proposal = make.submitted(w)
    form = {**make.approval_form(proposal), "answer": "route", "reason": "Basic research."}
    url = reverse("manager:proposal", args=[proposal.pk])
    assert "Passed to the standard track" in _as(w.minjun).post(url, form, follow=True).content.decode()

    page = _as(w.hana).get(reverse("researcher:proposal", args=[proposal.pk])).content.decode()
    assert "Basic research." in page and "Appeal against: Passing to the standard track" in page
    proposal.refresh_from_db()
    (decision,) = appealable(proposal, at=make.MONDAY)
    url = reverse("researcher:file_appeal", args=[proposal.pk, decision.pk])
    assert "Tick the box" in _as(w.hana).post(url, {"text": "It is bold."}).content.decode()
    assert not Appeal.objects.exists()
    for _twice in range(2):
        answer = _as(w.hana).post(url, {"text": "It is bold.", "understood": "on"}, follow=True)
        assert "It is bold." in answer.content.decode()
    appeal = Appeal.objects.get()

    url = reverse("committee:appeal", args=[appeal.pk])
    assert appeal.proposal.number in _as(w.committee[0]).get(reverse("committee:inbox")).content.decode()
    sent = {"decision": "uphold", "reason": "It is.", "understood": "on"}
    for _twice in range(2):
        _as(w.committee[0]).post(url, sent)
    appeal.refresh_from_db()
    proposal.refresh_from_db()
    assert (appeal.state, proposal.state) == ("upheld", "reopened")
    page = _as(w.minjun).get(reverse("manager:proposal", args=[proposal.pk])).content.decode()
    assert "Somebody else decides now" in page


def test_the_head_sees_a_late_decision_and_gives_it_to_a_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make.world()
    proposal = make.submitted(w)
    at = make.MONDAY + timedelta(hours=49)
    settle_down(at=at)
    monkeypatch.setattr(clock, "now", lambda: at)
    url = reverse("manager:proposal", args=[proposal.pk])
    assert "Give it to a manager" in _as(w.doyun).get(url).content.decode()
    assert "Give it to a manager" not in _as(w.minjun).get(url).content.decode()
    sent = {"to": w.minjun.pk, "reassign_reason": "Please today."}
    answer = _as(w.doyun).post(reverse("manager:reassign", args=[proposal.pk]), sent, follow=True)
    assert "Minjun has been told" in answer.content.decode()
    proposal.refresh_from_db()
    assert proposal.assigned_to == w.minjun


def test_a_proceeding_from_notice_to_signature() -> None:
    w = make.world()
    award = make.paid(w).award
    url = reverse("manager:open_proceeding", args=[award.pk])
    sent = {
        "kind": "termination",
        "reason": "A car was bought.",
        "possible_outcome": "The award may end.",
        "understood": "on",
    }
    assert "given notice" in _as(w.minjun).post(url, sent, follow=True).content.decode()
    assert "is running already" in _as(w.minjun).post(url, sent).content.decode()
    found = Proceeding.objects.get()

    url = reverse("researcher:proceeding", args=[found.pk])
    assert "A car was bought." in _as(w.hana).get(url).content.decode()
    _as(w.hana).post(url, {"reply": "A cell tester.", "understood": "on"})
    for member in w.committee[:3]:
        url = reverse("committee:proceeding", args=[found.pk])
        page = _as(member).get(url).content.decode()
        assert "A cell tester." in page and "votes are in" in page
        vote = {"vote": "for", "termination_kind": "technical", "reason": "Seen.", "understood": "on"}
        for _twice in range(2):
            _as(member).post(url, vote)
    found.refresh_from_db()
    assert (found.state, found.votes.count()) == ("decided", 3)

    url = reverse("manager:proceeding", args=[found.pk])
    assert "Sign or refuse" not in _as(w.minjun).get(url).content.decode()
    assert "Sign or refuse" in _as(w.yuna).get(url).content.decode()
    _as(w.yuna).post(url, {"answer": "sign", "conclusion": "As voted.", "understood": "on"})
    found.refresh_from_db()
    award.refresh_from_db()
    assert (found.state, award.state, award.termination_kind) == ("effected", "terminated", "technical")
