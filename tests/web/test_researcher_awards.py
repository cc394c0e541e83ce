"""The applicant's awards through the browser's door: signing, reports with evidence, claims with receipts."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from axes.models import AccessAttempt
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from rdfast.audit.models import Event
from rdfast.core.working_days import start_of
from rdfast.flow import accounting, evaluating, signing
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.models import Evidence, Milestone, MilestoneReport
from rdfast.people.models import User
from rdfast.programmes.models import BudgetCategory
from rdfast.reviews.models import Finding, Review
from rdfast.settlement.models import Claim, Receipt
from rdfast.settlement.operations import Verdict
from rdfast.timers import clock
from tests import make
from tests.web.browsing import as_, said_beside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now", "own_storage")]

PDF = b"%PDF-1.7\n%%EOF\n"


def url(name: str, pk: int) -> str:
    return reverse(f"researcher:{name}", args=[pk])


def status(user: User, address: str) -> int:
    """What the person is answered there."""
    answer = as_(user).get(address)
    if answer.streaming:
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return answer.status_code


# ── signing ──────────────────────────────────────────────────────────────────────────────────────


def signature(award: Award, **changes: str) -> dict[str, str]:
    return {
        "bank": "한국은행",
        "account_number": "110-123-456789",
        "account_holder": "가온연구원",
        "password": make.PASSWORD,
        "sha256": signing.agreement_hash(signing.agreement_text(award, at=clock.now())),
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
        ("account_number", "none", "at least six digits"),
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
    if field not in {"understood", "sha256"}:
        assert message in said_beside(page, field)
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


def test_the_principal_investigator_signs_where_the_policy_allows() -> None:
    w = make.world(signed_by_pi_allowed=True)
    award = make.offered(w)
    as_(w.hana).post(url("sign", award.pk), signature(award))
    award.refresh_from_db()
    assert (award.state, award.agreement.signed_by) == ("provisional", w.hana)


@pytest.mark.parametrize("name", ["award", "sign", "refuse"])
def test_an_award_of_others_does_not_exist(name: str) -> None:
    w = make.world()
    award = make.offered(w)
    stranger = make.person("Stan", w.olga.organisation, is_signatory=True)
    assert as_(stranger).get(url(name, award.pk)).status_code == 404
    if name != "award":
        assert as_(stranger).post(url(name, award.pk), signature(award)).status_code == 404
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


def zipped(name: str = "readme.txt", content: str = "hello", *, method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, content)
    return file.getvalue()


HWPX = zipped("mimetype", "application/hwp+zip")


def damaged() -> bytes:
    """A document of Hangul whose compressed bytes, behind a head of 30 and the name, make no sense."""
    whole = zipped("mimetype", "application/hwp+zip" * 9, method=zipfile.ZIP_DEFLATED)
    return whole[:38] + b"\xff" * 8 + whole[46:]


def test_hangul_documents_are_evidence(opened: tuple[make.World, Milestone]) -> None:
    w, milestone = opened
    report(w, milestone, evidence=[pdf(), pdf("보고서.hwpx", HWPX)])
    kept = Evidence.objects.get(name="보고서.hwpx")
    assert (kept.content_type, kept.size) == ("application/hwp+zip", len(HWPX))
    answer = as_(w.hana).get(reverse("evidence", args=[kept.pk]))
    assert b"".join(answer.streaming_content) == HWPX  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/hwp+zip"


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
        ({"evidence": [("text.hwpx", zipped())]}, "is not what its ending says"),
        ({"evidence": [("damaged.hwpx", damaged())]}, "is not what its ending says"),
        ({"evidence": [("short.hwpx", HWPX[:60])]}, "is not what its ending says"),
        ({"evidence": [("good.pdf", PDF), ("bad.png", PDF)]}, "“bad.png” is not what its ending says"),
        ({"evidence": [(f"{n}.pdf", PDF) for n in range(11)]}, "Send at most 10 files at once."),
    ],
)
def test_a_report_that_cannot_be_taken_leaves_nothing_behind(
    opened: tuple[make.World, Milestone],
    settings: Any,
    own_storage: Path,
    changes: dict[str, Any],
    message: str,
) -> None:
    w, milestone = opened
    settings.UPLOAD_LIMIT_BYTES = 1000
    if "evidence" in changes:
        changes = {"evidence": [pdf(name, content) for name, content in changes["evidence"]]}
    page = report(w, milestone, **changes)
    assert message in said_beside(page, next(iter(changes)))
    if "evidence" in changes:
        assertContains(page, "It held 83 %.")
    milestone.refresh_from_db()
    assert (milestone.state, MilestoneReport.objects.count(), list(own_storage.iterdir())) == ("open", 0, [])


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
        ("lines-TOTAL_FORMS", "201", "lines", "At most 200 rows"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused_where_it_was_typed(
    field: str, value: str, where: str, message: str
) -> None:
    w = make.world()
    claim = begun(w)
    page = as_(w.hana).post(url("claim", claim.pk), account(**{field: value}))
    assert message in claim_errors(page)[where][0]
    assertContains(page, message)
    if where == field:
        assert message in said_beside(page, field)
    claim.refresh_from_db()
    assert claim.state == "draft"
    assert not Event.objects.filter(kind="claim.submit").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.pdf", b"", "“empty.pdf” is empty."),
        ("big.pdf", PDF + b"x" * 2000, "at most"),
        ("virus.exe", b"MZ", "is not accepted"),
        ("page.pdf", b"<html>", "is not what its ending says"),
    ],
)
def test_a_receipt_that_cannot_be_taken_leaves_the_claim_as_it_was(
    own_storage: Path, settings: Any, name: str, content: bytes, message: str
) -> None:
    w = make.world()
    claim = begun(w)
    settings.UPLOAD_LIMIT_BYTES = 1000
    page = as_(w.hana).post(url("claim", claim.pk), account(receipts=[pdf(name, content)]))
    assert message in said_beside(page, "receipts")
    assertContains(page, 'value="Electrolyte"')
    claim.refresh_from_db()
    assert (claim.state, claim.revision, list(own_storage.iterdir())) == ("draft", 0, [])


def test_no_claim_begins_before_the_agreement_is_signed() -> None:
    w = make.world()
    award = make.offered(w)
    assertNotContains(as_(w.hana).get(url("award", award.pk)), url("claim_start", award.pk))
    page = as_(w.hana).post(url("claim_start", award.pk), {"once": str(uuid4())}, follow=True)
    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    assert not Claim.objects.exists()


def test_a_claim_of_others_does_not_exist() -> None:
    w = make.world()
    claim = begun(w)
    for user in (w.olga, w.minjun, w.finn, *w.reviewers):
        assert as_(user).get(url("claim", claim.pk)).status_code == 404
        assert as_(user).post(url("claim", claim.pk), account()).status_code == 404
        assert as_(user).post(url("claim_start", claim.award_id), {"once": str(uuid4())}).status_code == 404
    page = as_(w.sejin).post(url("claim", claim.pk), account(), follow=True)
    assertContains(page, "can no longer be changed")
    claim.refresh_from_db()
    assert (claim.state, claim.revision) == ("draft", 0)


def test_a_refused_save_leaves_no_receipt_behind(own_storage: Path) -> None:
    w = make.world()
    claim = begun(w)
    as_(w.hana).post(url("claim", claim.pk), account(revision="7", receipts=[pdf()]))
    assert not Receipt.objects.exists()
    assert list(own_storage.iterdir()) == []


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
