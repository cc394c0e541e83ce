"""From the open call to the second payment, as each person does it, in Korean and in English."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from playwright.sync_api import expect

from rdfast.funding.models import Award
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Review
from rdfast.reviews.rules import RUBRIC
from rdfast.web.templatetags.rdfast import in_language
from tests.browser_jobs.desk import Desk, Seat
from tests.make import PASSWORD, World, budget_cell

TITLE = "전고체 전지 계면 연구"


def test_from_the_open_call_to_the_second_payment(seat: Seat, cast: World):
    researcher, manager, finance = seat(), seat(cast.minjun), seat(cast.finn)

    begin(researcher, cast)
    write(researcher)
    submit(researcher)
    recommend(manager)
    approve(seat(cast.yuna))
    sign(seat(cast.sejin))
    pay(manager, finance)
    wait_for_the_milestone(researcher)
    reviewers = [accept(seat(review.reviewer)) for review in Review.objects.order_by("pk")[:2]]
    report(researcher)
    for reviewer in reviewers:
        evaluate(reviewer)
    confirm(manager)
    account(researcher)
    accept_the_claim(finance)

    see_payment_2_ready(manager)


def begin(researcher: Desk, cast: World) -> None:
    """Signs in, finds the call and begins."""
    researcher.go("/")
    researcher.follow(_("Sign in"), within="header")
    researcher.fill(username=cast.hana.email, password=PASSWORD)
    researcher.press(_("Sign in"))
    researcher.follow(_("Open calls"))
    researcher.follow(in_language(cast.call, "title"))
    researcher.follow(_("Write a proposal"))
    researcher.press(_("Begin a draft"))


def write(researcher: Desk) -> None:
    """The whole proposal, saved as a draft; amounts in every way people write them."""
    researcher.page.locator('[name="topic"]').select_option(index=1)
    researcher.type("title_ko", TITLE)
    researcher.fill(abstract_ko="요약", aim="계면이 버티는지 밝힌다.")
    fill_in = {"team-0-name": "지우", "team-0-task": "합성", "team-0-effort_percent": "50"}
    researcher.fill(**fill_in)
    researcher.type("asked_amount", "400000000")
    researcher.type("asked_provisional", "1억 2,000만원")
    researcher.type("own_cash", "30,000,000")
    researcher.type("own_kind", "1천만원")
    researcher.type(budget_cell("personnel", 1), "2억 5,000만")
    researcher.type(budget_cell("personnel", 2), "100000000")
    researcher.type(budget_cell("materials", 1), "90,000,000")
    expect(researcher.page.locator('[name="asked_amount"]')).to_have_value("400,000,000")
    expect(researcher.page.locator("output[data-total]")).to_have_text("440,000,000")
    today = timezone.localdate()
    for row, (days, share) in enumerate([(34, "40"), (150, "60")]):
        researcher.fill(
            **{
                f"milestones-{row}-title": f"목표 {row + 1}",
                f"milestones-{row}-criterion": "100회 뒤 80 %",
                f"milestones-{row}-due_on": (today + timedelta(days=days)).isoformat(),
                f"milestones-{row}-share_percent": share,
            }
        )
    researcher.press(_("Save draft"))
    researcher.reads(_("The draft is saved. Nothing is sent before you submit it."))
    expect(researcher.page.locator('[name="asked_provisional"]')).to_have_value("120,000,000")


def submit(researcher: Desk) -> None:
    """Hands it in and gets a receipt."""
    researcher.press(_("Submit"))
    researcher.reads(_("Receipt"), Proposal.objects.get().number, "₩120,000,000", "₩440,000,000")


def recommend(manager: Desk) -> None:
    """So much money needs two: the manager's yes goes on to the second approver."""
    manager.go("/manager/")
    manager.follow(TITLE)
    manager.fill(reason="도전적이고 분명합니다.")
    manager.tick("no_conflict")
    manager.press(_("Approve and pass to a second approver"))
    manager.reads(_("Recommended. The second approver has been told and decides next."))


def approve(second: Desk) -> None:
    """The second of the two."""
    second.go("/")
    second.follow(TITLE)
    second.fill(reason="동의합니다.")
    second.tick("no_conflict")
    second.press(_("Approve"))
    second.reads(_("Approved. The award is offered; the organisation is asked to sign it."))


def sign(signatory: Desk) -> None:
    """Reads the agreement and signs with the password."""
    signatory.go("/")
    to_do(signatory)
    signatory.follow(_("Read and sign the agreement"))
    signatory.reads(in_language(Proposal.objects.get().call, "continuation_criteria"))
    signatory.fill(bank="한국은행", account_number="110-123-456789", account_holder="가온연구원")
    signatory.fill(password=PASSWORD)
    signatory.tick("understood")
    signatory.press(_("Sign the agreement"))
    signatory.reads("110-123-456789")


def pay(manager: Desk, finance: Desk) -> None:
    """The manager approves; the finance officer releases and settles."""
    manager.go("/manager/")
    manager.follow(payment(1))
    manager.tick("understood")
    manager.press(_("Approve the payment"))
    finance.go("/")
    finance.follow(payment(1))
    finance.reads("₩48,000,000", "110-123-456789")
    finance.tick("understood")
    finance.press(_("Release the payment"))
    finance.tick("understood")
    finance.press(_("The bank confirmed"))


def wait_for_the_milestone(researcher: Desk) -> None:
    """Three weeks pass; two weeks before its day the milestone opens by itself."""
    researcher.go("/my/")
    for _week in range(3):
        researcher.press(_("+1 week"))
    assert Review.objects.count() == 3


def accept(reviewer: Desk) -> Desk:
    """Declares that there is no conflict of interest."""
    reviewer.go("/reviews/")
    reviewer.follow("목표 1")
    reviewer.tick("no_conflict")
    reviewer.press(_("Accept"))
    return reviewer


def report(researcher: Desk) -> None:
    """What was reached, with a PDF."""
    researcher.go("/my/")
    to_do(researcher)
    researcher.fill(text="100회 뒤 83 %를 유지했습니다.")
    researcher.attach("evidence", "측정 결과.pdf")
    researcher.press(_("Send the report"))
    researcher.reads("측정 결과.pdf")


def evaluate(reviewer: Desk) -> None:
    """Scores, a grade, and why."""
    reviewer.go("/reviews/")
    reviewer.follow("목표 1")
    reviewer.reads("83 %", "측정 결과.pdf")
    for name in RUBRIC:
        reviewer.choose(name, "4")
    reviewer.choose("grade", "passed")
    reviewer.fill(comments="자료가 보고를 뒷받침합니다.")
    reviewer.tick("understood")
    reviewer.press(_("Deliver the review"))
    reviewer.reads("자료가 보고를 뒷받침합니다.")


def confirm(manager: Desk) -> None:
    """The finding becomes the result."""
    manager.go("/manager/")
    manager.follow("목표 1")
    manager.reads("자료가 보고를 뒷받침합니다.")
    manager.fill(remark="잘하셨습니다.")
    manager.tick("understood")
    manager.press(_("Confirm the finding"))


def account(researcher: Desk) -> None:
    """Says what the first payment was spent on, with a receipt."""
    researcher.go("/my/")
    researcher.follow(Award.objects.get().number)
    researcher.press(_("Begin a claim"))
    researcher.page.locator('[name="lines-0-category"]').select_option(index=1)
    today = timezone.localdate().isoformat()
    researcher.fill(**{"lines-0-description": "전해액", "lines-0-spent_on": today})
    researcher.type("lines-0-amount", "4,000만원")
    researcher.attach("receipts", "영수증.pdf")
    researcher.press(_("Submit"))
    researcher.reads("₩40,000,000", "영수증.pdf")


def accept_the_claim(finance: Desk) -> None:
    """Line by line; this one in full."""
    finance.go("/finance/")
    finance.follow(_("Claim %(number)s of %(award)s") % {"number": 1, "award": Award.objects.get().number})
    finance.tick("understood")
    finance.press(_("Decide on the claim"))
    finance.reads("₩40,000,000")


def see_payment_2_ready(manager: Desk) -> None:
    """Passed and accounted for: the next payment waits for approval."""
    manager.go("/manager/")
    manager.follow(payment(2))
    manager.reads("₩72,000,000", _("Approve this payment"))


def payment(number: int) -> str:
    """A payment in the words of the lists."""
    return _("Payment %(number)s of %(award)s") % {"number": number, "award": Award.objects.get().number}


def to_do(person: Desk) -> None:
    """Follows the first thing that waits for the person."""
    with person.page.expect_navigation():
        person.page.locator("section[aria-labelledby=todo-title] a").first.click()
    person.look()
