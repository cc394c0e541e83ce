"""With the keys alone: Tab, Enter, Space and typing."""

from django.utils.translation import gettext as _
from playwright.sync_api import Locator, expect

from rdfast.decisions.models import Decision
from rdfast.proposals.models import Proposal
from rdfast.web.templatetags.rdfast import in_language
from tests import make
from tests.browser_jobs.desk import Desk, Seat
from tests.make import PASSWORD, World

MOST_TABS = 120
# Whoever cannot see where they are cannot work: the place with the focus is marked, and on the screen.
_IS_SHOWN = """() => {
    const place = document.activeElement;
    const style = getComputedStyle(place);
    const box = place.getBoundingClientRect();
    return (style.outlineStyle !== "none" || style.boxShadow !== "none")
        && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
}"""


def test_a_researcher_begins_a_proposal(seat: Seat, cast: World):
    researcher = seat()

    sign_in(researcher, cast.hana.email)
    enter(researcher, researcher.page.get_by_role("link", name=_("Open calls"), exact=True))
    enter(researcher, researcher.page.get_by_role("link", name=in_language(cast.call, "title")))
    enter(researcher, researcher.page.get_by_role("link", name=_("Write a proposal"), exact=True))
    enter(researcher, researcher.page.get_by_role("button", name=_("Begin a draft"), exact=True))
    tab_to(researcher, researcher.page.locator('[name="title_ko"]'))
    researcher.page.keyboard.type("전고체 전지")
    # Enter in a field saves; it does not submit.
    with researcher.page.expect_navigation():
        researcher.page.keyboard.press("Enter")

    researcher.reads(_("The draft is saved. Nothing is sent before you submit it."))
    saved = Proposal.objects.get()
    assert (saved.title_ko, saved.state) == ("전고체 전지", "draft")


def test_a_row_is_added_and_removed(seat: Seat, cast: World):
    draft = make.draft(cast, at=cast.call.opens_at)
    researcher = seat(cast.hana)
    researcher.go(f"/my/proposals/{draft.pk}/edit/")
    rows = researcher.page.locator('[data-formset="milestones"] fieldset:visible')

    tab_to(researcher, researcher.page.get_by_role("button", name=_("Add a milestone"), exact=True))
    researcher.page.keyboard.press("Enter")
    expect(rows).to_have_count(3)
    expect(researcher.page.locator('[name="milestones-2-title"]')).to_be_focused()
    tab_to(researcher, rows.nth(2).get_by_role("button", name=_("Remove"), exact=True))
    researcher.page.keyboard.press("Space")

    expect(rows).to_have_count(2)
    assert researcher.page.evaluate("document.activeElement !== document.body")


def test_a_manager_approves(seat: Seat, cast: World):
    proposal = make.submitted(cast, at=cast.call.opens_at)
    manager = seat()

    sign_in(manager, cast.minjun.email)
    enter(manager, manager.page.get_by_role("link", name=in_language(proposal, "title")))
    enter(manager, manager.page.get_by_role("link", name=_("To the answer"), exact=True), leads_away=False)
    tab_to(manager, manager.page.locator('[name="reason"]'))
    manager.page.keyboard.type("도전적이고 분명합니다.")
    tab_to(manager, manager.page.locator('[name="no_conflict"]'))
    manager.page.keyboard.press("Space")
    enter(manager, manager.page.get_by_role("button", name=_("Approve"), exact=True))

    manager.reads(_("Approved. The award is offered; the organisation is asked to sign it."))
    assert Decision.objects.get().kind == Decision.Kind.APPROVE


def sign_in(person: Desk, email: str) -> None:
    """The cursor waits in the first field."""
    person.go("/sign-in/")
    expect(person.page.locator('[name="username"]')).to_be_focused()
    person.page.keyboard.type(email)
    person.page.keyboard.press("Tab")
    person.page.keyboard.type(PASSWORD)
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.look()


def enter(person: Desk, target: Locator, *, leads_away: bool = True) -> None:
    """Tabs to a link or button and presses Enter there."""
    tab_to(person, target.first)
    if not leads_away:
        person.page.keyboard.press("Enter")
        return
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.look()


def tab_to(person: Desk, target: Locator) -> None:
    """Every stop on the way shows that it has the focus."""
    for _stop in range(MOST_TABS):
        person.page.keyboard.press("Tab")
        shown = person.page.evaluate(_IS_SHOWN)
        where = person.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert shown, f"The focus cannot be seen at {where}"
        if target.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{target} was not reached in {MOST_TABS} steps.")
