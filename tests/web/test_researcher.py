"""The applicant's face through the browser's door: what is typed, what is refused where, and what is kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from rdfast.audit.models import Event
from rdfast.flow import granting
from rdfast.proposals.models import Proposal
from tests import make
from tests.make import budget_cell as cell
from tests.web.browsing import as_, queries_for, said_beside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


def url(name: str, pk: int) -> str:
    return reverse(f"researcher:{name}", args=[pk])


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
    assert message in said_beside(page, field)
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
    assert "An amount cannot be negative." in said_beside(page, cell("personnel", 1))
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
    assertContains(page, message)
    if where == field:
        assert message in said_beside(page, field)
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


def test_lists_ask_the_database_as_often_for_many_as_for_one() -> None:
    w = make.world(allotted=10**13, provisional_awards_per_pi=100, projects_as_pi=100, projects_in_all=200)
    addresses = [reverse(f"researcher:{name}") for name in ("home", "proposals", "awards")]

    def asked() -> list[int]:
        return [queries_for(user, address) for user in (w.hana, w.sejin) for address in addresses]

    def more() -> None:
        make.signed(w)
        make.offered(w)
        make.submitted(w)
        make.draft(w)

    more()
    with_one = asked()
    for _time in range(4):
        more()
    assert asked() == with_one


def test_a_long_list_goes_on_by_key_and_misses_nobody() -> None:
    w = make.world()
    drafts = [make.draft(w).pk for _time in range(30)]
    first = as_(w.hana).get(reverse("researcher:proposals"))
    after = first.context["next_key"]
    assertContains(first, f"?after={after}")
    rest = as_(w.hana).get(reverse("researcher:proposals"), {"after": after})
    shown = [each.pk for page in (first, rest) for each in page.context["proposals"]]
    assert (shown, rest.context["next_key"]) == (drafts[::-1], None)


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "", "\x00"])
def test_a_key_that_makes_no_sense_is_overlooked_or_answered_with_nothing(after: str) -> None:
    w = make.world()
    assert as_(w.hana).get(reverse("researcher:proposals"), {"after": after}).status_code == 200


def test_home_says_what_to_do_to_whoever_has_to_do_it() -> None:
    w = make.world()
    award = make.offered(w)
    signs, leads = as_(w.sejin).get(reverse("researcher:home")), as_(w.hana).get(reverse("researcher:home"))
    assert [each.asks for each in signs.context["todo"]] == ["Sign the agreement, or refuse the award"]
    assert leads.context["todo"] == []
    assert [each.url for each in leads.context["ahead"]] == [url("award", award.pk)]
    assertContains(as_(w.olga).get(reverse("researcher:home")), "Nothing waits for you")


def test_an_official_named_on_the_team_is_refused_so_nobody_chooses_who_decides() -> None:
    w = make.world()
    draft = blank_draft(w)
    page = as_(w.hana).post(url("edit", draft.pk), typed(w, **{"team-0-email": w.minjun.email.upper()}))
    assert errors_of(page) == {"team-0-email": ["People of an agency cannot be on the team."]}
    draft.refresh_from_db()
    assert draft.state == "draft"
