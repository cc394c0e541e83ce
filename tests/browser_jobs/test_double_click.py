"""An impatient hand: two clicks are one act, with and without JavaScript."""

import pytest
from django.utils.translation import gettext as _
from playwright.sync_api import expect

from rdfast.audit.models import Event
from rdfast.decisions.models import Decision
from rdfast.proposals.models import Proposal
from rdfast.settlement.models import Claim
from tests import make
from tests.browser_jobs.desk import Desk, Seat
from tests.make import World

pytestmark = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def test_one_draft_is_begun(seat: Seat, cast: World, scripts: bool):
    researcher = seat(cast.hana, scripts=scripts)
    researcher.go(f"/my/calls/{cast.call.pk}/propose/")

    click_twice(researcher, _("Begin a draft"), leads_to="/my/proposals/*/edit/")

    assert Proposal.objects.count() == 1


def test_one_submission_arrives(seat: Seat, cast: World, scripts: bool):
    draft = make.draft(cast, at=cast.call.opens_at)
    researcher = seat(cast.hana, scripts=scripts)
    researcher.go(f"/my/proposals/{draft.pk}/edit/")

    click_twice(researcher, _("Submit"), leads_to=f"/my/proposals/{draft.pk}/")

    researcher.reads(_("Receipt"))
    assert Event.objects.filter(kind="proposal.submit").count() == 1


def test_one_answer_is_given(seat: Seat, cast: World, scripts: bool):
    proposal = make.submitted(cast, at=cast.call.opens_at)
    manager = seat(cast.minjun, scripts=scripts)
    manager.go(f"/manager/proposals/{proposal.pk}/")
    manager.fill(reason="도전적이고 분명합니다.")
    manager.tick("no_conflict")

    click_twice(manager, _("Approve"), leads_to=f"/manager/proposals/{proposal.pk}/")

    manager.reads(_("This proposal was approved"))
    assert Decision.objects.count() == 1


def test_one_claim_is_begun(seat: Seat, cast: World, scripts: bool):
    award = make.paid(cast, at=cast.call.opens_at).award
    researcher = seat(cast.hana, scripts=scripts)
    researcher.go(f"/my/awards/{award.pk}/")

    click_twice(researcher, _("Begin a claim"), leads_to="/my/claims/*/")

    assert Claim.objects.count() == 1


def click_twice(person: Desk, words: str, *, leads_to: str) -> None:
    """A double click; then the page that the person ends up with."""
    page = person.page
    page.get_by_role("button", name=words, exact=True).dblclick()
    page.wait_for_url(f"**{leads_to}")
    expect(page.locator("main .messages, main form").first).to_be_visible()
    page.wait_for_load_state()
    person.look()
