"""The agency's faces through the browser's door: who sees what, what each button does, what is refused where."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rdfast.audit.models import Event
from rdfast.flow import evaluating, granting, paying
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.models import Milestone
from rdfast.people.models import Conflict, Organisation, User
from rdfast.people.operations import declare_conflict
from rdfast.programmes.models import Appointment, Programme
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Finding, Review
from rdfast.web.manager.forms import as_seen
from tests import make
from tests.web.browsing import as_, queries_for, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
Role = Appointment.Role


def answer(client: Client, proposal: Proposal, kind: str, **changes: Any) -> Any:
    """The form of the decision page, sent."""
    proposal.refresh_from_db()
    data = {
        "answer": kind,
        "amount": "60,000,000",
        "reason": "Bold and clear.",
        "no_conflict": "on",
        "seen": as_seen(proposal),
        **changes,
    }
    posted = {name: value for name, value in data.items() if value is not None}
    return client.post(reverse("manager:proposal", args=[proposal.pk]), posted, follow=True)


# ── answering a proposal ─────────────────────────────────────────────────────────────────────────


def test_a_manager_approves_and_reads_the_decision_on_the_same_page() -> None:
    w = make.world()
    proposal = make.submitted(w)
    page = answer(as_(w.minjun), proposal, "approve", amount="5천만")
    award = Award.objects.get(proposal=proposal)
    assert award.amount == 50_000_000
    assert page.redirect_chain == [(reverse("manager:proposal", args=[proposal.pk]), 302)]
    assert reverse("manager:award", args=[award.pk]) in text_of(page)
    assert 'name="answer"' not in text_of(page)


def test_a_manager_returns_once_and_then_must_say_yes_or_no() -> None:
    w = make.world()
    proposal = make.submitted(w)
    answer(as_(w.minjun), proposal, "return", amount="")
    proposal.refresh_from_db()
    assert proposal.state == "returned"
    make.submitting.submit(proposal.pk, by=w.hana, at=make.MONDAY)
    page = as_(w.minjun).get(reverse("manager:proposal", args=[proposal.pk]))
    assert 'value="return"' not in text_of(page)
    answer(as_(w.minjun), proposal, "return", amount="")
    proposal.refresh_from_db()
    assert proposal.state == "submitted"


def test_a_manager_declines_whatever_the_amount_says() -> None:
    w = make.world()
    proposal = make.submitted(w)
    answer(as_(w.minjun), proposal, "decline", amount="much")
    proposal.refresh_from_db()
    assert proposal.state == "declined"
    assert not Award.objects.exists()


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("60,000,001", "that was asked for can be granted"),
        ("400,000,000", "that was asked for can be granted"),
        ("-5", "cannot be negative"),
        ("", "Write the amount to grant"),
        ("lots", "Write a whole amount"),
    ],
)
def test_an_impossible_amount_is_refused_beside_its_field(amount: str, message: str) -> None:
    w = make.world()
    proposal = make.submitted(w)
    page = answer(as_(w.minjun), proposal, "approve", amount=amount)
    assert any(message in error for error in page.context["form"].errors["amount"])
    assert amount in text_of(page)
    assert "Bold and clear." in text_of(page)
    assert not Award.objects.exists()


@pytest.mark.parametrize("missing", ["no_conflict", "reason"])
def test_no_answer_without_its_reason_and_the_declaration(missing: str) -> None:
    w = make.world()
    proposal = make.submitted(w)
    page = answer(as_(w.minjun), proposal, "approve", **{missing: None})
    assert missing in page.context["form"].errors
    assert not Award.objects.exists()


def test_pressing_twice_leaves_one_award_and_a_friendly_word() -> None:
    w = make.world()
    proposal = make.submitted(w)
    client = as_(w.minjun)
    seen = as_seen(proposal)
    answer(client, proposal, "approve", seen=seen)
    page = answer(client, proposal, "approve", seen=seen)
    assert Award.objects.count() == 1
    assert "Your answer was not taken" in text_of(page)


def test_an_answer_to_an_older_text_is_asked_again() -> None:
    w = make.world()
    proposal = make.submitted(w)
    seen = as_seen(proposal)
    granting.give_back(proposal.pk, reason="Say more.", by=w.minjun, at=make.MONDAY)
    make.submitting.submit(proposal.pk, by=w.hana, at=make.MONDAY)
    page = answer(as_(w.minjun), proposal, "approve", seen=seen)
    assert "has changed since you opened this page" in text_of(page)
    assert not Award.objects.exists()
    proposal.refresh_from_db()
    assert f'value="{as_seen(proposal)}"'.replace("'", "&#x27;") in text_of(page)


def test_what_the_envelope_cannot_bear_is_said_above_the_form() -> None:
    w = make.world(allotted=200_000_000)
    proposal = make.submitted(w)
    page = answer(as_(w.minjun), proposal, "approve")
    assert "Money at risk" in page.context["form"].non_field_errors()[0]
    programme = page.context["room"].programme
    assert programme.after > programme.limit
    assert not Award.objects.exists()


def test_above_the_limit_two_people_say_yes() -> None:
    w = make.world()
    proposal = make.submitted(w, provisional=105_000_000)
    page = as_(w.minjun).get(reverse("manager:proposal", args=[proposal.pk]))
    assert "Approve and pass to a second approver" in text_of(page)
    answer(as_(w.minjun), proposal, "approve", amount="105,000,000")
    proposal.refresh_from_db()
    assert proposal.state == "recommended"
    assert not Award.objects.exists()

    Appointment.objects.create(programme=w.programme, user=w.minjun, role=Role.SECOND_APPROVER)
    page = answer(as_(w.minjun), proposal, "approve_second")
    assert not Award.objects.exists()
    assert "You have given the first approval" in text_of(page)

    answer(as_(w.yuna), proposal, "approve_second")
    assert Award.objects.get().amount == 105_000_000


def test_a_second_approver_refuses_and_the_manager_decides_anew() -> None:
    w = make.world()
    proposal = make.submitted(w, provisional=105_000_000)
    answer(as_(w.minjun), proposal, "approve", amount="105,000,000")
    answer(as_(w.yuna), proposal, "refuse_second")
    proposal.refresh_from_db()
    assert proposal.state == "submitted"
    assert proposal.pk in [row.pk for row in _answers(w.minjun)]


def test_a_second_approver_answers_the_amount_they_saw() -> None:
    w = make.world()
    proposal = make.submitted(w, provisional=105_000_000)
    answer(as_(w.minjun), proposal, "approve", amount="101,000,000")
    proposal.refresh_from_db()
    seen = as_seen(proposal)
    granting.refuse_second(proposal.pk, reason="Too little.", by=w.yuna, at=make.MONDAY)
    granting.approve(proposal.pk, amount=105_000_000, reason="More.", by=w.minjun, at=make.MONDAY)
    answer(as_(w.yuna), proposal, "approve_second", seen=seen)
    assert not Award.objects.exists()


def test_the_head_answers_only_what_is_late(now: Callable[..., None]) -> None:
    w = make.world()
    proposal = make.submitted(w)
    assert list(_answers(w.doyun)) == []
    answer(as_(w.doyun), proposal, "approve")
    assert not Award.objects.exists()
    late = make.MONDAY + timedelta(hours=49)
    settle_down(at=late)
    now(late)
    assert [row.pk for row in _answers(w.doyun)] == [proposal.pk]
    answer(as_(w.doyun), proposal, "approve")
    assert Award.objects.exists()


def _answers(user: User) -> list[Proposal]:
    return list(as_(user).get(reverse("manager:inbox")).context["answers"].rows)


def test_a_declared_conflict_hides_the_proposal() -> None:
    w = make.world()
    proposal = make.submitted(w)
    client = as_(w.minjun)
    conflict = reverse("manager:conflict", args=[proposal.pk])
    page = client.post(conflict, {"conflict": ""})
    assert "conflict" in page.context["conflict_form"].errors
    page = client.post(conflict, {"conflict": "My former student."}, follow=True)
    assert page.redirect_chain == [(reverse("manager:inbox"), 302)]
    declared = Conflict.objects.get(user=w.minjun)
    assert (declared.with_user, declared.with_organisation) == (w.hana, w.institute)
    assert client.get(reverse("manager:proposal", args=[proposal.pk])).status_code == 404
    assert answer(client, proposal, "approve").status_code == 404
    assert not Award.objects.exists()


# ── who does not see it ──────────────────────────────────────────────────────────────────────────


def _pages_of(w: make.World) -> tuple[dict[str, str], Any]:
    """Every page of the agency about one award, by face; its milestone has a finding, its claim waits."""
    milestone = make.reported(w)
    award = milestone.award
    claim = make.claimed(w, award)
    numbers = {
        "manager:proposal": award.proposal_id,
        "manager:conflict": award.proposal_id,
        "manager:award": award.pk,
        "manager:tranche": award.tranches.get(number=1).pk,
        "manager:milestone": milestone.pk,
        "manager:invite": milestone.pk,
        "manager:confirm": milestone.pk,
        "finance:tranche": award.tranches.get(number=1).pk,
        "finance:release": award.tranches.get(number=1).pk,
        "finance:settle": award.tranches.get(number=1).pk,
        "finance:claim": claim.pk,
        "finance:award": award.pk,
        "auditor:matter": award.proposal_id,
    }
    return {name: reverse(name, args=[pk]) for name, pk in numbers.items()}, milestone


def test_pages_open_to_their_role_only() -> None:
    w = make.world()
    pages, _milestone = _pages_of(w)
    review = Review.objects.filter(reviewer=w.reviewers[0]).first()
    assert review is not None
    pages |= {
        "manager:inbox": reverse("manager:inbox"),
        "manager:awards": reverse("manager:awards"),
        "finance:inbox": reverse("finance:inbox"),
        "auditor:events": reverse("auditor:events"),
        "auditor:home": reverse("auditor:home"),
        "auditor:envelope": reverse("auditor:envelope", args=[w.envelope.pk]),
        "reviewer:inbox": reverse("reviewer:inbox"),
        "reviewer:review": reverse("reviewer:review", args=[review.pk]),
    }
    elsewhere = Programme.objects.create(code="other", name_ko="다른", name_en="Other")
    stranger = make.person("Stranger", Organisation.objects.get(kind="agency"))
    for role in (Role.MANAGER, Role.HEAD, Role.FINANCE, Role.AUDITOR, Role.SECOND_APPROVER):
        Appointment.objects.create(programme=elsewhere, user=stranger, role=role)
    faces = {
        "manager": {w.minjun, w.yuna, w.doyun},
        "finance": {w.finn},
        "auditor": {w.audrey},
        "reviewer": {w.reviewers[0]},
    }
    everyone = [w.hana, w.sejin, w.minjun, w.yuna, w.doyun, w.finn, w.audrey, w.reviewers[0], w.olga]
    for user in everyone:
        client = as_(user)
        for name, url in pages.items():
            expected = user in faces[name.partition(":")[0]]
            assert (client.get(url).status_code in {200, 302}) == expected, (user.name, name)
    lists = {"manager:inbox", "manager:awards", "finance:inbox", "auditor:events", "auditor:home"}
    for name, url in pages.items():
        assert (as_(stranger).get(url).status_code in {200, 302}) == (name in lists), name
    for url in pages.values():
        assert Client().get(url).url.startswith(reverse("sign_in"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_conflict_hides_every_page(method: str) -> None:
    w = make.world()
    pages, _milestone = _pages_of(w)
    for user in (w.minjun, w.finn, w.audrey, w.doyun):
        declare_conflict(user, with_user=w.hana, with_organisation=None, reason="Kin.", at=make.MONDAY)
        for name, url in pages.items():
            assert getattr(as_(user), method)(url).status_code in {404, 405}, (user.name, name)


def test_an_auditor_reads_nothing_of_a_conflicted_proposal_in_the_events() -> None:
    w = make.world()
    make.signed(w)
    declare_conflict(w.audrey, with_user=w.hana, with_organisation=None, reason="Kin.", at=make.MONDAY)
    page = as_(w.audrey).get(reverse("auditor:events"))
    assert {event.matter_id for event in page.context["page"].rows} == {None}
    envelope = as_(w.audrey).get(reverse("auditor:envelope", args=[w.envelope.pk]))
    assert reverse("auditor:matter", args=[Proposal.objects.get().pk]) not in text_of(envelope)


# ── payments ─────────────────────────────────────────────────────────────────────────────────────


def test_a_payment_goes_from_approval_to_the_banks_confirmation() -> None:
    w = make.world()
    award = make.signed(w)
    tranche = award.tranches.get(number=1)
    approve = reverse("manager:tranche", args=[tranche.pk])
    page = as_(w.minjun).post(approve)
    assert "understood" in page.context["form"].errors
    as_(w.minjun).post(approve, {"understood": "on"})
    tranche.refresh_from_db()
    assert tranche.state == "approved"
    page = as_(w.minjun).post(approve, {"understood": "on"}, follow=True)
    assert "Nothing was changed" in text_of(page)

    finn = as_(w.finn)
    page = finn.get(reverse("finance:tranche", args=[tranche.pk]))
    assert make.ACCOUNT.account_number in text_of(page)
    release, settle = (reverse(f"finance:{move}", args=[tranche.pk]) for move in ("release", "settle"))
    finn.post(release)
    tranche.refresh_from_db()
    assert tranche.state == "approved"
    finn.post(release, {"understood": "on"})
    finn.post(release, {"understood": "on"})
    tranche.refresh_from_db()
    assert tranche.state == "released"
    assert boxes_of_award(award.pk)["advances"] == tranche.amount
    finn.post(settle, {"understood": "on"})
    tranche.refresh_from_db()
    assert tranche.state == "settled"


def test_the_approver_is_told_that_they_cannot_release() -> None:
    w = make.world()
    award = make.signed(w)
    tranche = award.tranches.get(number=1)
    Appointment.objects.create(programme=w.programme, user=w.minjun, role=Role.FINANCE)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    client = as_(w.minjun)
    page = client.get(reverse("finance:tranche", args=[tranche.pk]))
    assert "You approved this payment yourself" in text_of(page)
    assert reverse("finance:release", args=[tranche.pk]) not in text_of(page)
    client.post(reverse("finance:release", args=[tranche.pk]), {"understood": "on"})
    tranche.refresh_from_db()
    assert tranche.state == "approved"


def _claim_form(**changes: str) -> dict[str, str]:
    return {"line-0-accepted": "10,000,000", "line-0-reason": "", "understood": "on", **changes}


def test_a_claim_is_accepted_in_full_by_default() -> None:
    w = make.world()
    award = make.paid(w).award
    claim = make.claimed(w, award)
    url = reverse("finance:claim", args=[claim.pk])
    assert 'value="10,000,000"' in text_of(as_(w.finn).get(url))
    as_(w.finn).post(url, _claim_form())
    claim.refresh_from_db()
    assert claim.state == "accepted"
    assert boxes_of_award(award.pk)["expense"] == 10_000_000
    page = as_(w.finn).post(url, _claim_form(), follow=True)
    assert "Nothing was changed" in text_of(page)
    assert boxes_of_award(award.pk)["expense"] == 10_000_000


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"line-0-accepted": "9,000,000"}, "line-0-reason"),
        ({"line-0-accepted": "10,000,001"}, "line-0-accepted"),
        ({"line-0-accepted": "-1"}, "line-0-accepted"),
        ({"line-0-accepted": ""}, "line-0-accepted"),
    ],
)
def test_accepting_less_without_a_reason_or_more_than_claimed_is_refused(
    typed: dict[str, str], field: str
) -> None:
    w = make.world()
    claim = make.claimed(w, make.paid(w).award)
    page = as_(w.finn).post(reverse("finance:claim", args=[claim.pk]), _claim_form(**typed))
    assert field in page.context["form"].errors
    claim.refresh_from_db()
    assert claim.state == "submitted"


def test_a_claim_is_accepted_in_part_with_a_reason() -> None:
    w = make.world()
    award = make.paid(w).award
    claim = make.claimed(w, award)
    form = _claim_form(**{"line-0-accepted": "0", "line-0-reason": "No receipt."})
    as_(w.finn).post(reverse("finance:claim", args=[claim.pk]), form)
    claim.refresh_from_db()
    assert claim.state == "disallowed"
    assert boxes_of_award(award.pk)["advances"] == 24_000_000


# ── reviews ──────────────────────────────────────────────────────────────────────────────────────

RUBRIC = {
    "reached": "5",
    "evidence": "4",
    "worth": "5",
    "money": "4",
    "grade": "passed",
    "comments": "Well done.",
    "understood": "on",
}


def _under_review(w: make.World, now: Callable[..., None]) -> tuple[Milestone, list[Review]]:
    milestone = make.reported(w)
    now(milestone.reported_at)
    return milestone, list(
        Review.objects.filter(milestone=milestone).select_related("reviewer").order_by("pk")
    )


def test_reviewers_accept_and_deliver_and_a_manager_confirms(now: Callable[..., None]) -> None:
    w = make.world()
    milestone, reviews = _under_review(w, now)
    for review in reviews:
        client = as_(review.reviewer)
        page = client.get(reverse("reviewer:review", args=[review.pk]))
        assert "It held 83 %." not in text_of(page)
        assert (
            "no_conflict"
            in client.post(reverse("reviewer:accept", args=[review.pk])).context["accept_form"].errors
        )
        client.post(reverse("reviewer:accept", args=[review.pk]), {"no_conflict": "on"})
        page = client.get(reverse("reviewer:review", args=[review.pk]))
        assert "It held 83 %." in text_of(page)
    for review in reviews:
        client = as_(review.reviewer)
        deliver = reverse("reviewer:deliver", args=[review.pk])
        page = client.post(deliver, {**RUBRIC, "worth": "", "comments": " "})
        assert {"worth", "comments"} <= set(page.context["rubric_form"].errors)
        client.post(deliver, RUBRIC)
        page = client.post(deliver, RUBRIC, follow=True)
        assert "Nothing was changed" in text_of(page)
    finding = Finding.objects.get(milestone=milestone)
    assert (finding.result, finding.confirmed_at) == ("passed", None)
    assert "not confirmed yet" in text_of(
        as_(w.reviewers[0]).get(reverse("reviewer:review", args=[reviews[0].pk]))
    )

    minjun, confirm = as_(w.minjun), reverse("manager:confirm", args=[milestone.pk])
    inbox = minjun.get(reverse("manager:inbox"))
    assert [row.pk for row in inbox.context["findings"].rows] == [finding.pk]
    assert "understood" in minjun.post(confirm, {"remark": "Good."}).context["finding_form"].errors
    minjun.post(confirm, {"remark": "Good.", "understood": "on"})
    page = minjun.post(confirm, {"remark": "Good.", "understood": "on"}, follow=True)
    assert "confirmed already" in text_of(page)
    milestone.refresh_from_db()
    assert milestone.state == "passed"
    assert "Good." in text_of(as_(w.reviewers[0]).get(reverse("reviewer:review", args=[reviews[0].pk])))


def test_a_reviewer_sees_neither_the_review_nor_the_name_of_another(now: Callable[..., None]) -> None:
    w = make.world()
    _milestone, reviews = _under_review(w, now)
    mine, other = reviews[0], reviews[1]
    evaluating.accept(other.pk, by=other.reviewer, at=make.MONDAY + timedelta(days=60))
    client = as_(mine.reviewer)
    for move in ("review", "accept", "decline", "recuse", "deliver"):
        url = reverse(f"reviewer:{move}", args=[other.pk])
        assert client.get(url).status_code == 404
        assert client.post(url, {"no_conflict": "on", **RUBRIC}).status_code == (
            405 if move == "review" else 404
        )
    page = text_of(client.get(reverse("reviewer:review", args=[mine.pk])))
    assert other.reviewer.name not in page


def test_recusing_hides_the_milestone_and_declining_does_not(now: Callable[..., None]) -> None:
    w = make.world()
    _milestone, reviews = _under_review(w, now)
    recused, declined = reviews[0], reviews[1]
    client = as_(recused.reviewer)
    page = client.post(
        reverse("reviewer:recuse", args=[recused.pk]), {"recuse_reason": "We publish together."}, follow=True
    )
    assert page.redirect_chain == [(reverse("reviewer:inbox"), 302)]
    assert client.get(reverse("reviewer:review", args=[recused.pk])).status_code == 404

    client = as_(declined.reviewer)
    url = reverse("reviewer:decline", args=[declined.pk])
    assert "decline_reason" in client.post(url).context["decline_form"].errors
    client.post(url, {"decline_reason": "No time."})
    page = client.get(reverse("reviewer:review", args=[declined.pk]))
    assert "Nothing more is asked of you" in text_of(page)
    assert "It held 83 %." not in text_of(page)


def test_before_the_report_the_reviewer_is_told_when_it_is_expected(now: Callable[..., None]) -> None:
    w = make.world()
    milestone = make.opened(w)
    now(make.start_of(milestone.due_on - timedelta(days=13)))
    review = Review.objects.filter(milestone=milestone).select_related("reviewer")[0]
    client = as_(review.reviewer)
    client.post(reverse("reviewer:accept", args=[review.pk]), {"no_conflict": "on"})
    page = client.get(reverse("reviewer:review", args=[review.pk]))
    assert "The report is expected by" in text_of(page)
    client.post(reverse("reviewer:deliver", args=[review.pk]), RUBRIC)
    review.refresh_from_db()
    assert review.state == "accepted"
    assert "nothing to do yet" in text_of(client.get(reverse("reviewer:inbox")))


def test_a_manager_invites_a_particular_reviewer_once(now: Callable[..., None]) -> None:
    w = make.world()
    milestone, reviews = _under_review(w, now)
    rafi = w.reviewers[4]
    assert rafi not in [review.reviewer for review in reviews]
    invite = reverse("manager:invite", args=[milestone.pk])
    page = as_(w.minjun).post(invite, {"reviewer": w.hana.pk})
    assert "reviewer" in page.context["invite_form"].errors
    as_(w.minjun).post(invite, {"reviewer": rafi.pk})
    as_(w.minjun).post(invite, {"reviewer": rafi.pk})
    assert Review.objects.filter(milestone=milestone, reviewer=rafi).count() == 1


# ── auditing ─────────────────────────────────────────────────────────────────────────────────────


def test_an_auditor_finds_events_and_the_boxes_add_up() -> None:
    w = make.world()
    award = make.paid(w).award
    client = as_(w.audrey)
    number = award.proposal.number
    page = client.get(reverse("auditor:events"), {"number": number, "kind": "award.sign"})
    (event,) = page.context["page"].rows
    assert (event.kind, event.actor) == ("award.sign", w.sejin)
    day = make.MONDAY.date()
    for typed, found in ((day, True), (day - timedelta(days=1), False)):
        page = client.get(reverse("auditor:events"), {"until_on": str(typed), "number": number})
        assert bool(page.context["page"].rows) is found
    assert "number" in client.get(reverse("auditor:events"), {"number": "abc"}).context["filters"].errors

    matter = client.get(reverse("auditor:matter", args=[award.proposal_id]))
    assert matter.context["statement"].entries[-1].balances == [0, 36_000_000, 24_000_000]
    envelope = client.get(reverse("auditor:envelope", args=[w.envelope.pk]))
    assert envelope.context["total"] == 0
    assert "Nothing was lost or made" in text_of(envelope)
    assert "Bold research 2026" in text_of(envelope)


def test_events_come_page_by_page() -> None:
    w = make.world()
    make.paid(w)
    seen: list[int] = []
    after: dict[str, Any] = {}
    while True:
        page = as_(w.audrey).get(reverse("auditor:events"), after).context["page"]
        seen += [event.pk for event in page.rows]
        if page.next_key is None:
            break
        after = {"after": page.next_key}
    assert len(seen) == len(set(seen)) > 0
    assert seen == sorted(seen, reverse=True)


# ── long lists ───────────────────────────────────────────────────────────────────────────────────


def _many(w: make.World, count: int, made: Callable[..., Any]) -> None:
    for number in range(count):
        place = make.organisation(100 + User.objects.count())
        pi = make.person(f"Pi{User.objects.count()}x{number}", place)
        make.person(f"Sig{User.objects.count()}x{number}", place, is_signatory=True)
        made(w, by=pi, organisation=place, provisional=3_000_000)


@pytest.mark.parametrize(
    ("who", "name", "made"),
    [
        ("minjun", "manager:inbox", "submitted"),
        ("minjun", "manager:inbox", "signed"),
        ("minjun", "manager:awards", "offered"),
        ("finn", "finance:inbox", "claiming"),
        ("finn", "finance:inbox", "paying"),
        ("audrey", "auditor:events", "signed"),
        ("audrey", "auditor:envelope", "signed"),
    ],
)
def test_a_longer_list_asks_no_more_than_a_list_of_one(who: str, name: str, made: str) -> None:
    w = make.world(organisation_exposure_percent=100, programme_exposure_percent=100, cover_percent=0)
    builder: Callable[..., Any] = {"claiming": _claiming, "paying": _paying}.get(made) or getattr(make, made)
    user = getattr(w, who)
    url = reverse(name, args=[w.envelope.pk]) if name == "auditor:envelope" else reverse(name)
    _many(w, 1, builder)
    few = queries_for(user, url)
    _many(w, 4, builder)
    assert queries_for(user, url) == few


def _claiming(w: make.World, **changes: Any) -> None:
    make.claimed(w, make.paid(w, **changes).award, amount=1000)


def _paying(w: make.World, **changes: Any) -> None:
    """Two payments: one to release, one that the bank has not confirmed."""
    first = make.signed(w, **changes).tranches.get(number=1)
    paying.approve(first.pk, by=w.minjun, at=make.MONDAY)
    paying.release(first.pk, by=w.finn, at=make.MONDAY)
    second = make.person(f"Second{User.objects.count()}", changes["organisation"])
    to_release = make.signed(w, **{**changes, "by": second}).tranches.get(number=1)
    paying.approve(to_release.pk, by=w.minjun, at=make.MONDAY)


def test_a_reviewers_inbox_asks_no_more_for_many() -> None:
    w = make.world(organisation_exposure_percent=100, programme_exposure_percent=100, reviewers=5)
    rhea, url = w.reviewers[0], reverse("reviewer:inbox")
    _many(w, 1, make.opened)
    few = queries_for(rhea, url)
    _many(w, 4, make.opened)
    assert Review.objects.filter(reviewer=rhea, state="invited").count() > 1
    assert queries_for(rhea, url) == few


def test_an_empty_agency_says_what_will_come() -> None:
    w = make.world()
    for user, name in (
        (w.minjun, "manager:inbox"),
        (w.minjun, "manager:awards"),
        (w.finn, "finance:inbox"),
        (w.reviewers[0], "reviewer:inbox"),
        (w.audrey, "auditor:events"),
    ):
        assert as_(user).get(reverse(name)).status_code == 200
    assert Event.objects.exists()


def test_a_professor_whose_review_is_waited_for_begins_the_day_with_it() -> None:
    w = make.world()
    reviewer = w.reviewers[0]
    assert as_(reviewer).get("/").headers["Location"] == reverse("researcher:home")
    make.opened(w)
    assert Review.objects.filter(reviewer=reviewer, state="invited").exists()
    assert as_(reviewer).get("/").headers["Location"] == reverse("reviewer:inbox")
