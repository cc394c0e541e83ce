"""The applicant's face through the browser's door: what is typed, what is refused where, and what is kept."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from axes.models import AccessAttempt
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from rdfast.audit.models import Event
from rdfast.core.working_days import start_of
from rdfast.flow import accounting, evaluating, granting, signing
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.models import Evidence, Milestone, MilestoneReport
from rdfast.people.models import User
from rdfast.programmes.models import BudgetCategory
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Finding, Review
from rdfast.settlement.models import Claim, Receipt
from rdfast.settlement.operations import Verdict
from rdfast.timers import clock
from tests import make
from tests.make import budget_cell as cell

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """The pages' clock stands at the builders' Monday, until a test moves it."""

    def set_to(at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)

    set_to(make.MONDAY)
    return set_to


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def as_(user: User) -> Client:
    """A browser in which the person has signed in."""
    client = Client()
    client.force_login(user)
    return client


def url(name: str, pk: int) -> str:
    return reverse(f"researcher:{name}", args=[pk])


def text_of(response: Any) -> str:
    return response.content.decode()  # type: ignore[no-any-return]


def typed(w: make.World, **changes: str | None) -> dict[str, str]:
    """The complete form with some fields changed; a change to None leaves the field out."""
    filled: dict[str, str | None] = {**make.proposal_form(w), **changes}
    return {name: value for name, value in filled.items() if value is not None}


def blank_draft(w: make.World) -> Proposal:
    return make.proposals.start(w.call, by=w.hana, at=make.MONDAY, once=uuid4())


def errors_of(response: Any) -> dict[str, list[str]]:
    """What the page says, by field; what a whole part says stands under its own name."""
    sheet = response.context["sheet"]
    found: dict[str, list[str]] = {}
    for form in (sheet.form, sheet.budget, *sheet.team, *sheet.milestones):
        found |= {
            form.add_prefix(name): list(said) for name, said in form.errors.items() if name != "__all__"
        }
    found["budget"] = list(sheet.budget.non_field_errors())
    found["milestones"] = list(sheet.milestones.non_form_errors())
    found["form"] = list(sheet.form.non_field_errors())
    return {name: said for name, said in found.items() if said}


# ── beginning ────────────────────────────────────────────────────────────────────────────────────


def test_the_button_begins_one_draft_however_often_it_is_pressed() -> None:
    w = make.world()
    once = {"once": str(uuid4())}
    answers = [as_(w.hana).post(url("propose", w.call.pk), once) for _time in range(2)]
    draft = Proposal.objects.get()
    assert [answer["Location"] for answer in answers] == [url("edit", draft.pk)] * 2


def test_a_closed_call_takes_no_draft(now: Callable[[datetime], None]) -> None:
    w = make.world()
    now(w.call.closes_at)
    page = as_(w.hana).post(url("propose", w.call.pk), {"once": str(uuid4())})
    assertContains(page, "This call takes no proposals now.")
    assert not Proposal.objects.exists()


def test_an_agency_writes_no_proposals() -> None:
    w = make.world()
    page = as_(w.minjun).post(url("propose", w.call.pk), {"once": str(uuid4())})
    assertContains(page, "You cannot write a proposal here now")
    assert not Proposal.objects.exists()


# ── the way through ──────────────────────────────────────────────────────────────────────────────


def test_a_proposal_is_typed_submitted_and_answered_with_a_receipt() -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w), follow=True)
    draft.refresh_from_db()
    assert draft.state == "submitted"
    assert (draft.asked_amount, draft.asked_provisional, draft.own_kind) == (
        360_000_000,
        60_000_000,
        10_000_000,
    )
    assert sorted(draft.budget.values_list("year", "amount")) == [(1, 250_000_000), (2, 150_000_000)]
    assert [member.name for member in draft.team.all()] == ["Jiwoo"]
    assert page.redirect_chain == [(url("proposal", draft.pk), 302)]
    entry = Event.objects.get(kind="proposal.submit")
    assert page.context["entry"] == entry
    assertContains(page, "Receipt")
    assertContains(page, "You have an answer by Wed 4 Nov 2026 10:00")


def test_a_draft_may_hold_almost_nothing() -> None:
    w = make.world()
    draft = blank_draft(w)
    empty = {name: "" for name in typed(w) if "TOTAL" not in name and "INITIAL" not in name}
    sent = {**typed(w), **empty, "revision": "0", "action": "save", "title_en": "Only this"}
    page = as_(w.hana).post(url("edit", draft.pk), sent, follow=True)
    assertContains(page, "The draft is saved.")
    assertContains(page, 'value="Only this"')
    draft.refresh_from_db()
    assert (draft.state, draft.title_en, draft.revision) == ("draft", "Only this", 1)
    assert not draft.planned_milestones.exists()


def test_an_incomplete_person_is_kept_in_a_draft_and_refused_at_submission() -> None:
    w = make.world()
    draft = blank_draft(w)
    half = {"team-1-name": "Seoa"}
    as_(w.hana).post(url("edit", draft.pk), typed(w, action="save", **half))
    assert [member.name for member in draft.team.all()] == ["Jiwoo", "Seoa"]
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, revision="1", **half))
    assert set(errors_of(page)) == {"team-1-task", "team-1-effort_percent"}


def test_removed_and_emptied_rows_vanish() -> None:
    w = make.world()
    draft = make.draft(w)
    gone = {"team-0-DELETE": "on", "milestones-0-title": "", "milestones-0-criterion": ""}
    gone |= {"milestones-0-due_on": "", "milestones-0-share_percent": ""}
    as_(w.hana).post(url("edit", draft.pk), typed(w, revision="1", action="save", **gone))
    assert not draft.team.exists()
    assert [(each.number, each.title) for each in draft.planned_milestones.all()] == [(1, "Stack")]


def test_a_refusal_finds_its_row_though_an_earlier_one_was_removed() -> None:
    w = make.world()
    draft = blank_draft(w)
    sent = typed(w) | {
        "milestones-TOTAL_FORMS": "3",
        "milestones-0-DELETE": "on",
        "milestones-1-share_percent": "50",
    }
    later = (make.MONDAY.date() + timedelta(days=200)).isoformat()
    sent |= {"milestones-2-title": "Late", "milestones-2-due_on": later, "milestones-2-share_percent": "50"}
    page = as_(w.hana).post(url("edit", draft.pk), sent)
    assert set(errors_of(page)) == {"milestones-2-criterion"}


def test_a_row_is_added_without_javascript_and_nothing_is_saved() -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, add_row="milestones"))
    assertContains(page, 'name="milestones-2-title"')
    assertContains(page, 'value="Cell"')
    draft.refresh_from_db()
    assert draft.revision == 0


def test_a_refused_submission_is_saved_and_can_be_sent_again_from_the_same_page() -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, aim=""))
    assert errors_of(page) == {"aim": ["Say what the work aims at."]}
    assertContains(page, 'name="revision" value="1"')
    as_(w.hana).post(url("edit", draft.pk), typed(w, revision="1"))
    draft.refresh_from_db()
    assert draft.state == "submitted"


# ── what is refused, and where ───────────────────────────────────────────────────────────────────

_PAST = make.MONDAY.date().isoformat()
_AFTER_THE_WORK = (make.MONDAY.date() + timedelta(days=701)).isoformat()
_DAY_151 = (make.MONDAY.date() + timedelta(days=151)).isoformat()

UNREADABLE = [
    ("asked_amount", "-1", "An amount cannot be negative."),
    ("asked_amount", "12.5", "Write a whole amount in won"),
    ("asked_amount", "1,00,000", "Write a whole amount in won"),
    ("asked_amount", "999999999999999999999999", "too large to be right"),
    ("asked_amount", "9" * 100_000, "Write a whole amount in won"),
    ("own_cash", "ten", "Write a whole amount in won"),
    ("own_kind", "0x10", "Write a whole amount in won"),
    ("title_ko", "a\x00b", "control characters"),
    ("title_ko", "a\x1bb", "control characters"),
    ("title_en", "a\u202eb", "control characters"),
    ("title_ko", "가" * 301, "at most 300"),
    ("abstract_ko", "가" * 100_000, "at most 5000"),
    ("aim", "a\x00b", "control characters"),
    ("topic", "999999", "does not belong to the call"),
    ("topic", "9" * 40, "does not belong to the call"),
    ("other_projects_as_pi", "-1", "greater than or equal to 0"),
    ("other_projects_as_pi", "9" * 5_000, "Enter a whole number"),
    ("other_projects_in_all", "1.5", "Enter a whole number"),
    ("team-0-email", "not an address", "valid email"),
    ("team-0-effort_percent", "101", "less than or equal to 100"),
    ("team-0-name", "x\x00", "control characters"),
    ("milestones-0-due_on", "next week", "Enter a valid date"),
    ("milestones-0-due_on", "2026-13-01", "Enter a valid date"),
    ("milestones-0-due_on", "0000-00-00", "Enter a valid date"),
    ("milestones-0-share_percent", "0", "greater than or equal to 1"),
    ("milestones-1-criterion", "x" * 100_000, "at most 2000"),
]


@pytest.mark.parametrize("action", ["save", "submit"])
@pytest.mark.parametrize(("field", "value", "message"), UNREADABLE)
def test_what_cannot_be_read_is_refused_beside_its_field_and_kept(
    field: str, value: str, message: str, action: str
) -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, action=action) | {field: value})
    errors = errors_of(page)
    assert set(errors) == {field}
    assert message in errors[field][0]
    form = next(each for each in _forms(page) if field in {each.add_prefix(name) for name in each.fields})
    assert form[field.removeprefix(f"{form.prefix}-")].value() == value
    draft.refresh_from_db()
    assert (draft.revision, draft.state, draft.title_ko) == (0, "draft", "")


def _forms(response: Any) -> list[Any]:
    sheet = response.context["sheet"]
    return [sheet.form, sheet.budget, *sheet.team, *sheet.milestones]


def test_an_unreadable_amount_in_the_budget_stays_in_its_cell() -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w) | {cell("personnel", 1): "-250"})
    assert errors_of(page) == {cell("personnel", 1): ["An amount cannot be negative."]}
    assertContains(page, 'value="-250"')


INCOMPLETE = [
    ("asked_amount", "0", "asked_amount", "Say how much government money"),
    ("asked_provisional", "0", "asked_provisional", "Say how much you ask for"),
    ("asked_provisional", "300,000,001", "asked_provisional", "A provisional award is at most"),
    ("asked_provisional", "108,000,001", "asked_provisional", "At most 30 %"),
    ("own_cash", "29,999,999", "budget", "The two must be equal."),
    ("title_ko", "", "title_ko", "Give a title"),
    ("abstract_ko", " \n ", "abstract_ko", "Write an abstract"),
    ("topic", "", "topic", "Choose a topic"),
    ("organisation", "", "organisation", "Choose the organisation"),
    ("milestones-0-criterion", "", "milestones-0-criterion", "by which criterion"),
    ("milestones-0-due_on", "", "milestones-0-due_on", "Say when it is due."),
    ("milestones-0-due_on", _PAST, "milestones-0-due_on", "This day has passed."),
    ("milestones-1-due_on", _AFTER_THE_WORK, "milestones-1-due_on", "Work under this call ends on"),
    ("milestones-1-due_on", "9999-12-31", "milestones-1-due_on", "Work under this call ends on"),
    ("milestones-0-share_percent", "41", "milestones", "add up to 101 %"),
    ("milestones-1-title", "", "milestones-1-title", "Name the milestone."),
    ("other_projects_as_pi", "3", "other_projects_as_pi", "You lead 3 running projects"),
]


@pytest.mark.parametrize(("field", "value", "where", "message"), INCOMPLETE)
def test_what_a_submission_lacks_is_said_beside_its_field(
    field: str, value: str, where: str, message: str
) -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w) | {field: value})
    assert any(message in said for said in errors_of(page)[where])
    assertContains(page, "What you wrote is saved as a draft. It is not submitted yet.")
    draft.refresh_from_db()
    assert (draft.state, draft.revision) == ("draft", 1)
    assert not Event.objects.filter(kind="proposal.submit").exists()


def test_the_first_milestone_is_due_within_the_programmes_days() -> None:
    w = make.world()
    draft = blank_draft(w)
    late = {"milestones-0-due_on": _DAY_151, "milestones-1-due_on": _AFTER_THE_WORK}
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, **late))
    assert "The first milestone must be due by" in errors_of(page)["milestones-0-due_on"][0]


def test_one_milestone_is_too_few_and_seven_are_too_many() -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w) | {"milestones-1-DELETE": "on"})
    assert "Plan at least two milestones." in errors_of(page)["milestones"]
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, revision="1") | {"milestones-TOTAL_FORMS": "7"})
    assert errors_of(page)["milestones"] == ["At most 6 rows fit here. Remove one first."]


@pytest.mark.parametrize("total", ["", "x", "999999999"])
def test_a_form_whose_row_count_was_tampered_with_is_refused(total: str) -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w) | {"team-TOTAL_FORMS": total})
    assert page.status_code == 200
    draft.refresh_from_db()
    assert draft.revision == 0


def test_an_organisation_of_others_cannot_be_chosen() -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, organisation=str(w.olga.organisation_id)))
    assert errors_of(page) == {"organisation": ["Only your own organisation can carry the work."]}


def test_a_page_loaded_before_another_save_is_refused_and_keeps_what_was_typed() -> None:
    w = make.world()
    draft = make.draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, revision="0", title_en="Typed in the old window"))
    assert "changed in another window" in errors_of(page)["form"][0]
    assertContains(page, "Typed in the old window")
    draft.refresh_from_db()
    assert (draft.revision, draft.state, draft.title_en) == (
        1,
        "draft",
        "Interfaces of solid-state batteries",
    )


def test_submitting_twice_is_answered_kindly_and_submits_once() -> None:
    w = make.world()
    draft = blank_draft(w)
    as_(w.hana).post(url("edit", draft.pk), typed(w))
    again = as_(w.hana).post(url("edit", draft.pk), typed(w), follow=True)
    assertContains(again, "This proposal can no longer be edited.")
    assert Event.objects.filter(kind="proposal.submit").count() == 1


def test_a_call_that_closed_a_second_ago_keeps_the_draft(now: Callable[[datetime], None]) -> None:
    w = make.world()
    draft = blank_draft(w)
    now(w.call.closes_at + timedelta(seconds=1))
    later = {
        f"milestones-{n}-due_on": (w.call.closes_at.date() + timedelta(days=60 + n)).isoformat()
        for n in (0, 1)
    }
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, **later))
    assert "This call closed before the proposal arrived." in errors_of(page)["form"][0]
    draft.refresh_from_db()
    assert (draft.state, draft.title_ko) == ("draft", "전고체 전지")


def test_a_returned_proposal_shows_why_and_comes_back() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.give_back(proposal.pk, reason="The stack lacks a load.", by=w.minjun, at=make.MONDAY)
    assertContains(as_(w.hana).get(url("edit", proposal.pk)), "The stack lacks a load.")
    assertContains(as_(w.hana).get(url("proposal", proposal.pk)), "Send it in again")
    as_(w.hana).post(url("edit", proposal.pk), typed(w, revision="1"))
    proposal.refresh_from_db()
    assert (proposal.state, proposal.times_returned) == ("submitted", 1)


# ── who reads what ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["proposal", "edit", "withdraw"])
@pytest.mark.parametrize("who", ["olga", "minjun", "finn", "audrey"])
def test_a_draft_of_others_does_not_exist(who: str, name: str) -> None:
    w = make.world()
    draft = make.draft(w)
    assert as_(getattr(w, who)).get(url(name, draft.pk)).status_code == 404


def test_a_signatory_reads_what_was_handed_in_and_changes_nothing() -> None:
    w = make.world()
    draft = make.draft(w)
    assert as_(w.sejin).get(url("proposal", draft.pk)).status_code == 404
    make.submitting.submit(draft.pk, by=w.hana, at=make.MONDAY)
    page = as_(w.sejin).get(url("proposal", draft.pk))
    assertNotContains(page, url("withdraw", draft.pk))
    assert as_(w.sejin).get(url("edit", draft.pk)).status_code == 404
    assert as_(w.sejin).post(url("withdraw", draft.pk), {"understood": "on"}).status_code == 404


def test_visitors_sign_in_first() -> None:
    w = make.world()
    draft = make.draft(w)
    for address in (reverse("researcher:home"), url("edit", draft.pk), reverse("evidence", args=[1])):
        assert Client().get(address)["Location"].startswith(reverse("sign_in"))


def test_the_second_approval_is_no_business_of_the_applicant() -> None:
    w = make.world(second_approval_above=0)
    proposal = make.submitted(w)
    granting.approve(proposal.pk, amount=60_000_000, reason="An inner word.", by=w.minjun, at=make.MONDAY)
    for address in (
        url("proposal", proposal.pk),
        reverse("researcher:home"),
        reverse("researcher:proposals"),
    ):
        page = as_(w.hana).get(address)
        assertNotContains(page, "second approval")
        assertNotContains(page, "An inner word.")
        assertNotContains(page, "Minjun")


def test_a_declined_proposal_tells_its_reason_and_not_who_said_it() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.decline(proposal.pk, reason="Done already elsewhere.", by=w.minjun, at=make.MONDAY)
    page = as_(w.hana).get(url("proposal", proposal.pk))
    assertContains(page, "Done already elsewhere.")
    assertNotContains(page, "Minjun")


def test_withdrawing_needs_the_tick_and_happens_once() -> None:
    w = make.world()
    proposal = make.submitted(w)
    page = as_(w.hana).post(url("withdraw", proposal.pk), {})
    assertContains(page, "Tick the box")
    as_(w.hana).post(url("withdraw", proposal.pk), {"understood": "on"})
    again = as_(w.hana).post(url("withdraw", proposal.pk), {"understood": "on"}, follow=True)
    assertContains(again, "This proposal can no longer be withdrawn.")
    assert Event.objects.filter(kind="proposal.withdraw").count() == 1


# ── home ─────────────────────────────────────────────────────────────────────────────────────────


def test_home_asks_the_same_questions_of_the_database_however_much_there_is() -> None:
    w = make.world(allotted=10**13, provisional_awards_per_pi=100, projects_as_pi=100, projects_in_all=200)

    def more() -> None:
        make.signed(w)
        make.offered(w)
        make.submitted(w)
        make.draft(w)

    def questions(user: User) -> int:
        client = as_(user)
        client.get(reverse("researcher:home"))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("researcher:home")).status_code == 200
        return len(asked)

    more()
    with_one = questions(w.hana), questions(w.sejin)
    for _time in range(29):
        more()
    assert (questions(w.hana), questions(w.sejin)) == with_one


def test_home_says_what_to_do_to_whoever_has_to_do_it() -> None:
    w = make.world()
    award = make.offered(w)
    signs, leads = as_(w.sejin).get(reverse("researcher:home")), as_(w.hana).get(reverse("researcher:home"))
    assert [each.asks for each in signs.context["todo"]] == ["Sign the agreement, or refuse the award"]
    assert leads.context["todo"] == []
    assert [each.url for each in leads.context["ahead"]] == [url("award", award.pk)]
    assertContains(as_(w.olga).get(reverse("researcher:home")), "Nothing waits for you")


# ── signing ──────────────────────────────────────────────────────────────────────────────────────


def signature(award: Award, **changes: str) -> dict[str, str]:
    return {
        "bank": "한국은행",
        "account_number": "110-123-456789",
        "account_holder": "가온연구원",
        "password": make.PASSWORD,
        "sha256": signing.agreement_hash(signing.agreement_text(award)),
        "understood": "on",
        **changes,
    }


def test_a_signatory_reads_and_signs_and_the_text_stays() -> None:
    w = make.world()
    award = make.offered(w)
    page = as_(w.sejin).get(url("sign", award.pk))
    assertContains(page, "Criteria")
    page = as_(w.sejin).post(url("sign", award.pk), signature(award), follow=True)
    award.refresh_from_db()
    assert (award.state, award.account_number) == ("provisional", "110-123-456789")
    assertContains(page, award.agreement.sha256)
    assert boxes_of_award(award.pk)["obligated"] == 60_000_000
    again = as_(w.sejin).post(url("sign", award.pk), signature(award), follow=True)
    assertContains(again, "This award has been answered already.")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("password", "wrong", "This is not your password."),
        ("password", "", "This field is required."),
        ("bank", "", "This field is required."),
        ("bank", "a\x00", "control characters"),
        ("account_number", "none", "digits, spaces and hyphens"),
        ("account_number", "1" * 41, "at most 40"),
        ("understood", "", "Tick the box"),
        ("sha256", "0" * 64, "The agreement has changed since this page was loaded."),
    ],
)
def test_a_signature_that_does_not_hold_signs_nothing(field: str, value: str, message: str) -> None:
    w = make.world()
    award = make.offered(w)
    page = as_(w.sejin).post(url("sign", award.pk), signature(award, **{field: value}))
    assertContains(page, message)
    assertContains(page, "한국은행" if field != "bank" else "가온연구원")
    assertNotContains(page, make.PASSWORD)
    award.refresh_from_db()
    assert (award.state, award.signed_at) == ("offered", None)


def test_wrong_passwords_at_signing_are_counted() -> None:
    w = make.world()
    award = make.offered(w)
    page = as_(w.sejin).post(url("sign", award.pk), signature(award, password="wrong"))
    assert AccessAttempt.objects.get().username == w.sejin.email
    for _time in range(10):
        page = as_(w.sejin).post(url("sign", award.pk), signature(award, password="wrong"))
    assert page.status_code == 429
    as_(w.sejin).post(url("sign", award.pk), signature(award))
    award.refresh_from_db()
    assert award.state == "offered"


def test_the_principal_investigator_signs_only_where_the_policy_allows() -> None:
    w = make.world()
    award = make.offered(w)
    page = as_(w.hana).post(url("sign", award.pk), signature(award), follow=True)
    assertContains(page, "Only those who sign for the organisation can do this.")
    award.refresh_from_db()
    assert award.state == "offered"


def test_refusing_needs_a_reason_and_the_tick() -> None:
    w = make.world()
    award = make.offered(w)
    page = as_(w.hana).post(url("refuse", award.pk), {"reason": "", "understood": "on"})
    assertContains(page, "This field is required.")
    as_(w.hana).post(url("refuse", award.pk), {"reason": "The team moved.", "understood": "on"})
    award.refresh_from_db()
    assert award.state == "refused"


def status(user: User, address: str) -> int:
    """What the person is answered there."""
    answer = as_(user).get(address)
    if answer.streaming:
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return answer.status_code


# ── milestones and their files ───────────────────────────────────────────────────────────────────


def pdf(name: str = "측정 결과.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def opened(now: Callable[[datetime], None]) -> tuple[make.World, Milestone]:
    w = make.world()
    milestone = make.opened(w)
    now(start_of(milestone.due_on - timedelta(days=13)))
    return w, milestone


def report(w: make.World, milestone: Milestone, **changes: Any) -> Any:
    sent = {"text": "It held 83 %.", "evidence": [pdf()], **changes}
    return as_(w.hana).post(url("milestone", milestone.pk), sent, follow=True)


def test_a_report_arrives_with_its_evidence_once(opened: tuple[make.World, Milestone]) -> None:
    w, milestone = opened
    assertContains(report(w, milestone), "The report has arrived.")
    assertContains(report(w, milestone), "This milestone cannot be reported now.")
    assert MilestoneReport.objects.count() == Evidence.objects.count() == 1
    file = Evidence.objects.get()
    answer = as_(w.hana).get(reverse("evidence", args=[file.pk]))
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%EC%B8%A1")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    return file.getvalue()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": ""}, "Describe what was reached"),
        ({"text": "  \n "}, "Describe what was reached"),
        ({"text": "a\x00b"}, "control characters"),
        ({"text": "x" * 100_000}, "at most 10000"),
        ({"evidence": [("empty.pdf", b"")]}, "“empty.pdf” is empty."),
        ({"evidence": [("big.pdf", PDF + b"x" * 2000)]}, "at most"),
        ({"evidence": [("virus.exe", b"MZ")]}, "is not accepted"),
        ({"evidence": [("no ending", PDF)]}, "is not accepted"),
        ({"evidence": [("page.pdf", b"<html>")]}, "is not what its ending says"),
        ({"evidence": [("text.docx", zipped())]}, "is not what its ending says"),
        ({"evidence": [("good.pdf", PDF), ("bad.png", PDF)]}, "“bad.png” is not what its ending says"),
        ({"evidence": [(f"{n}.pdf", PDF) for n in range(11)]}, "Send at most 10 files at once."),
    ],
)
def test_a_report_that_cannot_be_taken_leaves_nothing_behind(
    opened: tuple[make.World, Milestone], settings: Any, tmp_path: Any, changes: dict[str, Any], message: str
) -> None:
    w, milestone = opened
    settings.UPLOAD_LIMIT_BYTES = 1000
    if "evidence" in changes:
        changes = {"evidence": [pdf(name, content) for name, content in changes["evidence"]]}
    page = report(w, milestone, **changes)
    assertContains(page, message)
    if "evidence" in changes:
        assertContains(page, "It held 83 %.")
    milestone.refresh_from_db()
    assert (milestone.state, MilestoneReport.objects.count(), list(tmp_path.iterdir())) == ("open", 0, [])


def test_only_the_principal_investigator_reports(opened: tuple[make.World, Milestone]) -> None:
    w, milestone = opened
    page = as_(w.sejin).post(url("milestone", milestone.pk), {"text": "x"}, follow=True)
    assertContains(page, "This milestone cannot be reported now.")
    assert as_(w.olga).get(url("milestone", milestone.pk)).status_code == 404
    assert not MilestoneReport.objects.exists()


def test_a_confirmed_finding_is_told_without_names(opened: tuple[make.World, Milestone]) -> None:
    w, milestone = opened
    report(w, milestone)
    at = clock.now()
    reviews = list(Review.objects.filter(milestone=milestone))
    for review in reviews:
        evaluating.accept(review.pk, by=review.reviewer, at=at)
    scores = {"reached": 5, "evidence": 4, "worth": 5, "money": 4}
    for review in reviews:
        evaluating.deliver(
            review.pk, scores=scores, grade="passed", comments="Convincing curves.", by=review.reviewer, at=at
        )
    assertNotContains(as_(w.hana).get(url("milestone", milestone.pk)), "Convincing curves.")
    evaluating.confirm(Finding.objects.get().pk, reason="Agreed.", by=w.minjun, at=at)
    page = as_(w.hana).get(url("milestone", milestone.pk))
    assertContains(page, "Convincing curves.", count=3)
    for review in reviews:
        assertNotContains(page, review.reviewer.name)


def test_evidence_opens_to_both_sides_and_its_reviewers_only(opened: tuple[make.World, Milestone]) -> None:
    w, milestone = opened
    report(w, milestone)
    address = reverse("evidence", args=[Evidence.objects.get().pk])
    invited = [review.reviewer for review in Review.objects.filter(milestone=milestone)]
    others = [user for user in w.reviewers if user not in invited]
    assert {status(user, address) for user in (w.hana, w.sejin, w.minjun, w.audrey, *invited)} == {200}
    assert {status(user, address) for user in (w.olga, w.admin, *others)} == {404}
    gone = Review.objects.get(milestone=milestone, reviewer=invited[0])
    evaluating.recuse(gone.pk, reason="My cousin works there.", by=invited[0], at=clock.now())
    assert status(invited[0], address) == 404


# ── claims ───────────────────────────────────────────────────────────────────────────────────────


def begun(w: make.World) -> Claim:
    award = make.paid(w).award
    return make.settlement.start(award.pk, by=w.hana, at=make.MONDAY, once=uuid4())


def account(**changes: Any) -> dict[str, Any]:
    return {
        "revision": "0",
        "action": "submit",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "0",
        "lines-0-category": str(BudgetCategory.objects.get(code="materials").pk),
        "lines-0-spent_on": make.MONDAY.date().isoformat(),
        "lines-0-description": "Electrolyte",
        "lines-0-amount": "1,000만",
        "lines-1-category": "",
        "lines-1-spent_on": "",
        "lines-1-description": "",
        "lines-1-amount": "",
        **changes,
    }


def claim_errors(response: Any) -> dict[str, list[str]]:
    sheet = response.context["sheet"]
    found = {row.add_prefix(name): list(said) for row in sheet.lines for name, said in row.errors.items()}
    found |= {name: list(said) for name, said in sheet.form.errors.items()}
    found["lines"] = list(sheet.lines.non_form_errors())
    return {name: said for name, said in found.items() if said}


def test_a_claim_is_begun_filled_in_submitted_and_its_decision_read() -> None:
    w = make.world()
    award = make.paid(w).award
    once = {"once": str(uuid4())}
    for _time in range(2):
        as_(w.hana).post(url("claim_start", award.pk), once)
    claim = Claim.objects.get()
    page = as_(w.hana).post(url("claim", claim.pk), account(receipts=[pdf()]), follow=True)
    assertContains(page, "The claim has arrived.")
    claim.refresh_from_db()
    assert (claim.state, claim.lines.get().amount) == ("submitted", 10_000_000)
    assertContains(
        as_(w.hana).post(url("claim", claim.pk), account(), follow=True), "can no longer be changed"
    )
    verdicts = {claim.lines.get().pk: Verdict(accepted=4_000_000, reason="The rest lacks a receipt.")}
    accounting.decide(claim.pk, verdicts, by=w.finn, at=make.MONDAY)
    page = as_(w.sejin).get(url("claim", claim.pk))
    assertContains(page, "The rest lacks a receipt.")
    assertContains(page, "₩4,000,000")


@pytest.mark.parametrize(
    ("field", "value", "where", "message"),
    [
        ("lines-0-amount", "0", "lines-0-amount", "above zero"),
        ("lines-0-amount", "-5", "lines-0-amount", "cannot be negative"),
        ("lines-0-amount", "", "lines-0-amount", "This field is required."),
        ("lines-0-amount", "24,000,001", "lines", "You claim ₩24,000,001, but only ₩24,000,000"),
        ("lines-0-amount", "9" * 30, "lines-0-amount", "too large"),
        ("lines-0-spent_on", "2026-11-03", "lines-0-spent_on", "This day has not come yet."),
        ("lines-0-spent_on", "2026-11-01", "lines-0-spent_on", "before the agreement was signed"),
        ("lines-0-category", "999", "lines-0-category", "Select a valid choice"),
        ("lines-0-category", "x", "lines-0-category", "Select a valid choice"),
        ("lines-0-description", "a\x00", "lines-0-description", "control characters"),
        ("lines-0-description", "x" * 100_000, "lines-0-description", "at most 200"),
        ("lines-0-DELETE", "on", "lines", "Enter at least one cost."),
        ("revision", "7", "__all__", "changed in another window"),
        ("lines-TOTAL_FORMS", "51", "lines", "At most 50 rows"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused_where_it_was_typed(
    field: str, value: str, where: str, message: str
) -> None:
    w = make.world()
    claim = begun(w)
    page = as_(w.hana).post(url("claim", claim.pk), account(**{field: value}))
    assert message in claim_errors(page)[where][0]
    claim.refresh_from_db()
    assert claim.state == "draft"
    assert not Event.objects.filter(kind="claim.submit").exists()


def test_a_refused_save_leaves_no_receipt_behind(tmp_path: Any) -> None:
    w = make.world()
    claim = begun(w)
    as_(w.hana).post(url("claim", claim.pk), account(revision="7", receipts=[pdf()]))
    assert not Receipt.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_receipts_open_to_both_sides_and_never_to_reviewers(opened: tuple[make.World, Milestone]) -> None:
    w, milestone = opened
    claim = make.settlement.start(milestone.award_id, by=w.hana, at=clock.now(), once=uuid4())
    as_(w.hana).post(url("claim", claim.pk), account(action="save", receipts=[pdf()]))
    address = reverse("receipt", args=[Receipt.objects.get().pk])
    assert status(w.finn, address) == 404  # a draft is the applicant's own
    as_(w.hana).post(url("claim", claim.pk), account(revision="1"))
    assert {status(user, address) for user in (w.hana, w.sejin, w.finn)} == {200}
    assert {status(user, address) for user in (w.olga, *w.reviewers)} == {404}


def test_a_missed_deadline_is_shown_and_the_late_report_still_taken(now: Callable[[datetime], None]) -> None:
    w = make.world()
    milestone = make.opened(w)
    late = start_of(milestone.due_on + timedelta(days=3))
    settle_down(at=late)
    now(late)
    home = as_(w.hana).get(reverse("researcher:home"))
    assert "Report the milestone: it is overdue" in [str(each.asks) for each in home.context["todo"]]
    assertContains(report(w, milestone), "The report has arrived.")
    assert milestone.reports.count() == 1
