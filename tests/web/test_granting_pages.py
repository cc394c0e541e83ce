"""From the draft to the signature through the browser's door: a page offers what is possible, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appealable
from rdfast.audit.models import Event
from rdfast.flow import granting, signing
from rdfast.people.models import Conflict, User
from rdfast.proposals.models import Proposal
from rdfast.web.templatetags.rdfast import when
from tests import make
from tests.web.browsing import as_, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
Now = Callable[[datetime], None]
DAY = timedelta(days=1)
SUBMIT = 'value="submit"'
LATE = "The decision is late"


def url(name: str, *args: int) -> str:
    return reverse(f"researcher:{name}", args=args)


def _page(user: User, address: str) -> str:
    return text_of(as_(user).get(address))


# Drafts.


def test_a_draft_is_to_be_submitted_only_while_its_call_is_open(now: Now) -> None:
    w = make.world()
    draft = make.draft(w)
    assert SUBMIT in _page(w.hana, url("edit", draft.pk))
    assert "Finish and submit the draft" in _page(w.hana, url("home"))
    now(w.call.closes_at)
    closed = _page(w.hana, url("edit", draft.pk))
    assert SUBMIT not in closed
    assert "it can no longer be submitted" in closed
    assert "Finish and submit the draft" not in _page(w.hana, url("home"))
    assert draft.number in _page(w.hana, url("home"))


def test_a_returned_proposal_is_sent_in_again_though_its_call_has_closed(now: Now) -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.give_back(proposal.pk, reason="A criterion.", by=w.minjun, at=make.MONDAY)
    now(w.call.closes_at)
    assert SUBMIT in _page(w.hana, url("edit", proposal.pk))


def test_a_draft_that_nobody_could_sign_for_says_so_beside_the_organisation() -> None:
    w = make.world()
    draft = make.draft(w)
    User.objects.filter(pk=w.sejin.pk).update(is_active=False)
    page = text_of(as_(w.hana).post(url("edit", draft.pk), {**make.proposal_form(w), "revision": "1"}))
    assert "Nobody who signs for this organisation is registered here." in page
    assert Proposal.objects.get().state == "draft"


# Who decides.


def test_what_is_the_heads_from_the_start_is_late_only_once_its_time_is_over(now: Now) -> None:
    w = make.world()
    Conflict.objects.create(user=w.minjun, with_user=w.hana, reason="kin", declared_at=make.MONDAY)
    proposal = make.submitted(w)
    decide = reverse("manager:proposal", args=[proposal.pk])
    assert LATE not in _page(w.hana, url("proposal", proposal.pk))
    assert 'id="answer"' in _page(w.doyun, decide)
    assert "Give it to a manager" not in _page(w.doyun, decide)
    late = make.MONDAY + 3 * DAY
    make.run_to(late)
    now(late)
    assert LATE in _page(w.hana, url("proposal", proposal.pk))


def test_a_late_decision_shows_since_when_it_is_late_however_often_it_was_told(now: Now) -> None:
    w = make.world()
    proposal = make.submitted(w)
    due_at, late = make.MONDAY + 2 * DAY, make.MONDAY + 12 * DAY
    make.run_to(late)
    now(late)
    for user, address in (
        (w.doyun, reverse("manager:proposal", args=[proposal.pk])),
        (w.hana, url("proposal", proposal.pk)),
        (w.hana, url("home")),
    ):
        shown = _page(user, address)
        with translation.override("en"):
            assert when(due_at) in shown
            assert when(due_at + 14 * DAY) not in shown


def test_a_manager_who_declares_a_conflict_leaves_the_proposal_to_the_head() -> None:
    w = make.world()
    proposal = make.submitted(w)
    address = reverse("manager:conflict", args=[proposal.pk])
    assert "is recorded" in text_of(as_(w.minjun).post(address, {"conflict": "Kin."}, follow=True))
    assert proposal.number in _page(w.doyun, reverse("manager:inbox"))


# The agreement.


def test_an_award_that_nobody_can_sign_any_more_says_so() -> None:
    w = make.world()
    award = make.offered(w)
    assert "Whoever signs for your organisation was told." in _page(w.hana, url("award", award.pk))
    User.objects.filter(pk=w.sejin.pk).update(is_active=False)
    shown = _page(w.hana, url("award", award.pk))
    assert "Nobody can sign the agreement" in shown
    assert "was told" not in shown


def test_an_agreement_whose_days_have_moved_overnight_is_shown_anew(now: Now) -> None:
    w = make.world()
    soon = [
        make.Planned("First", "It works", (make.MONDAY + 5 * DAY).date(), 40),
        make.Planned("Second", "It lasts", (make.MONDAY + 12 * DAY).date(), 60),
    ]
    award = make.offered(w, milestones=soon)
    page = as_(w.sejin).get(url("sign", award.pk))
    form = {
        "bank": "한국은행",
        "account_number": "110-123-456789",
        "account_holder": "가온연구원",
        "password": make.PASSWORD,
        "sha256": page.context["form"].initial["sha256"],
        "understood": "on",
    }
    tomorrow = make.MONDAY + DAY
    now(tomorrow)
    answer = as_(w.sejin).post(url("sign", award.pk), form)
    assert "The agreement has changed since this page was loaded." in text_of(answer)
    anew = signing.agreement_text(award, at=tomorrow)
    assert answer.context["text"] == anew
    as_(w.sejin).post(url("sign", award.pk), {**form, "sha256": signing.agreement_hash(anew)})
    award.refresh_from_db()
    assert (award.state, award.agreement.text) == ("provisional", anew)


# Appeals.


def _declined(w: make.World) -> str:
    """The address at which its decline is appealed against."""
    proposal = make.submitted(w)
    granting.decline(proposal.pk, reason="Too vague.", by=w.minjun, at=make.MONDAY)
    (event,) = appealable(Proposal.objects.get(), at=make.MONDAY)
    return url("file_appeal", proposal.pk, event.pk)


def test_an_appeal_sent_after_its_days_is_refused_and_its_text_kept(now: Now) -> None:
    w = make.world()
    address = _declined(w)
    now(make.MONDAY + 10 * DAY)
    answer = as_(w.hana).post(address, {"text": "The criterion is on page 3.", "understood": "on"})
    assert answer.status_code == 200
    assert "The days for an appeal are over" in text_of(answer)
    assert "The criterion is on page 3." in text_of(answer)
    assert not Appeal.objects.exists()


def test_whoever_comes_for_an_appeal_after_its_days_is_told_so(now: Now) -> None:
    w = make.world()
    address = _declined(w)
    now(make.MONDAY + 10 * DAY)
    answer = as_(w.hana).get(address, follow=True)
    assert "The days for an appeal are over" in text_of(answer)
    assert 'name="text"' not in text_of(answer)
    assert as_(w.olga).get(address).status_code == as_(w.olga).post(address).status_code == 404


def test_nothing_but_a_decision_is_appealed_against() -> None:
    w = make.world()
    proposal = make.submitted(w)
    for event in Event.objects.filter(matter_id=proposal.pk):
        assert as_(w.hana).get(url("file_appeal", proposal.pk, event.pk)).status_code == 404


def test_who_signs_for_a_pi_who_has_left_reads_what_they_withdrew_and_no_draft() -> None:
    w = make.world()
    proposal, draft = make.submitted(w), make.draft(w)
    User.objects.filter(pk=w.hana.pk).update(is_active=False)
    withdrawn = as_(w.sejin).post(url("withdraw", proposal.pk), {"understood": "on"}, follow=True)
    assert withdrawn.status_code == 200
    assert "The proposal is withdrawn" in text_of(withdrawn)
    for name in ("proposal", "edit", "withdraw"):
        assert as_(w.sejin).get(url(name, draft.pk)).status_code == 404
