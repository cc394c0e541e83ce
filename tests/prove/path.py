"""The path as its people walk it: every form they send, from the draft to the second payment.

Proofs play it in their own way: ten times each form, with a crash in each, under load while programs are killed.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import fields
from datetime import timedelta
from functools import partial
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.flow import signing
from rdfast.funding.models import Award, Tranche
from rdfast.milestones.models import Milestone
from rdfast.people.models import User
from rdfast.programmes.models import BudgetCategory, Envelope, Policy
from rdfast.programmes.terms import Terms
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Finding, Review
from rdfast.settlement.models import Claim
from rdfast.timers import clock
from tests import make
from tests.prove.items import (
    PDF,
    UNDERSTOOD,
    Fork,
    Item,
    Later,
    Post,
    Wait,
    happened,
    left_alone,
    look,
    newly,
)

RUBRIC = {
    "reached": "5",
    "evidence": "4",
    "worth": "5",
    "money": "4",
    "comments": "It held.",
    "understood": "on",
}


def path(w: make.World, *, above_limit: bool = False) -> Iterator[Item]:
    """One proposal of Hana's, all the way to the second payment."""
    proposal = yield from granted(w, above_limit=above_limit)
    award = look(lambda: Award.objects.get(proposal=proposal))
    yield from _signed(w, award)
    first, second = look(lambda: list(award.tranches.order_by("number")))
    yield from _paid(w, first)
    milestone = look(lambda: award.milestones.get(number=1))
    yield Wait(lambda: Milestone.objects.filter(pk=milestone.pk).exclude(state="planned").exists())
    yield from _reported(w, milestone)
    yield from _reviewed(w, milestone)
    yield from _claimed(w, award, amount=first.amount * 4 // 5)
    yield from _paid(w, second)


def granted(w: make.World, *, above_limit: bool = False) -> Generator[Item, None, Proposal]:
    """From the draft to the grant, which above the limit a second person approves."""
    once = str(uuid4())
    begun = Proposal.objects.filter(once=once)
    yield Post(w.hana, reverse("researcher:propose", args=[w.call.pk]), {"once": once}, begun.count)
    proposal = look(begun.get)
    yield from _submitted(w, proposal, above_limit)
    if above_limit:
        yield from _recommended(w, proposal)
    else:
        yield _answered(w.minjun, proposal, "proposal.approve", amount=proposal.asked_provisional)
    return proposal


def beside(w: make.World) -> Iterator[Item]:
    """What people do beside the path: signing in and out, reading another language, looking after a programme."""
    none: Callable[[], int] = lambda: 1  # noqa: E731 - nothing of ours is left behind
    account = {"username": w.hana.email, "password": make.PASSWORD}
    yield Post(None, reverse("sign_in"), account, none)
    yield Post(w.hana, reverse("set_language"), {"language": "ko"}, none)
    yield Post(w.hana, reverse("sign_out"), {}, none)
    for move, kind in (("allot", "envelope.allotted"), ("cut", "envelope.cut")):
        form = {"amount": "1,000,000", "reason": "supplement", "once": str(uuid4()), **UNDERSTOOD}
        url = reverse(f"programme:{move}", args=[w.envelope.pk])
        yield Post(w.finn, url, form, newly(happened(kind, w.envelope)))
    Envelope.objects.get_or_create(programme=w.programme, year=w.envelope.year + 1)
    form = {"amount": "1,000,000", "reason": "goes on", "once": str(uuid4()), **UNDERSTOOD}
    url = reverse("programme:carry_over", args=[w.envelope.pk])
    yield Post(w.doyun, url, form, newly(happened("envelope.carried_over", w.envelope)))
    terms = {parameter.name: parameter.default for parameter in fields(Terms)}
    form = {name: str(value) for name, value in terms.items() if value is not False}
    form |= {"reason": "Less at risk", "after": "1", "provisional_cap": "200000000", "action": "adopt"}
    url = reverse("programme:adopt", args=[w.programme.pk])
    adopted = Policy.objects.filter(reason="Less at risk")
    yield Post(w.doyun, url, {**form, **UNDERSTOOD}, adopted.count)


def _submitted(w: make.World, proposal: Proposal, above_limit: bool) -> Iterator[Item]:
    url, form = reverse("researcher:edit", args=[proposal.pk]), _proposal_form(w, above_limit)
    saved = Proposal.objects.filter(pk=proposal.pk, revision__gte=1)
    yield Post(w.hana, url, {**form, "action": "save"}, saved.count)
    yield Fork([partial(_withdrawn, w, proposal)])
    yield Post(w.hana, url, {**form, "revision": "1"}, happened("proposal.submit", proposal))
    look(proposal.refresh_from_db)
    yield Fork(
        [
            partial(_withdrawn, w, proposal),
            partial(_returned, w, proposal, form),
            partial(_declined, w, proposal),
            partial(_conflicted, w, proposal),
            partial(left_alone, 1, 3, 60),
        ]
    )


def _proposal_form(w: make.World, above_limit: bool) -> dict[str, str]:
    """Milestones so near that the first opens as soon as the agreement is signed."""
    now = clock.now()
    today = timezone.localdate(now)
    changes = {
        "organisation": str(w.institute.pk),
        "milestones-0-due_on": (today + timedelta(days=10)).isoformat(),
        "milestones-1-due_on": (today + timedelta(days=40)).isoformat(),
    }
    if above_limit:
        changes["asked_provisional"] = "105,000,000"
    return {**look(lambda: make.proposal_form(w, at=now)), **changes}


def _withdrawn(w: make.World, proposal: Proposal) -> Iterator[Item]:
    url = reverse("researcher:withdraw", args=[proposal.pk])
    yield Post(w.hana, url, UNDERSTOOD, happened("proposal.withdraw", proposal))


def _returned(w: make.World, proposal: Proposal, form: dict[str, str]) -> Iterator[Item]:
    yield _answered(w.minjun, proposal, "proposal.give_back", answer="return")
    yield Fork([partial(_withdrawn, w, proposal), partial(left_alone, 1, 7, 8, 10)])
    url = reverse("researcher:edit", args=[proposal.pk])
    yield Post(w.hana, url, {**form, "revision": "2"}, happened("proposal.resubmit", proposal))


def _declined(w: make.World, proposal: Proposal) -> Iterator[Item]:
    yield _answered(w.minjun, proposal, "proposal.decline", answer="decline")


def _conflicted(w: make.World, proposal: Proposal) -> Iterator[Item]:
    url = reverse("manager:conflict", args=[proposal.pk])
    yield Post(w.minjun, url, {"conflict": "My former student."}, w.minjun.conflicts.count)


def _recommended(w: make.World, proposal: Proposal) -> Iterator[Item]:
    yield _answered(w.minjun, proposal, "proposal.recommend", amount=proposal.asked_provisional)
    look(proposal.refresh_from_db)
    yield Fork(
        [
            partial(_sent_back, w, proposal),
            partial(_withdrawn, w, proposal),
            partial(left_alone, 1, 2, 3),
        ]
    )
    yield _answered(w.yuna, proposal, "proposal.approve", answer="approve_second")


def _sent_back(w: make.World, proposal: Proposal) -> Iterator[Item]:
    yield _answered(w.yuna, proposal, "proposal.send_back", answer="refuse_second")


def _answered(
    by: User, proposal: Proposal, kind: str, *, answer: str = "approve", amount: int | None = None
) -> Post:
    look(proposal.refresh_from_db)
    form = {**make.approval_form(proposal), "answer": answer, "amount": str(amount or "")}
    return Post(by, reverse("manager:proposal", args=[proposal.pk]), form, happened(kind, proposal))


def _signed(w: make.World, award: Award) -> Iterator[Item]:
    yield Fork([partial(_refused, w, award), partial(left_alone, 3, 25, 30, 31, 33)])
    form = {
        "bank": "한국은행",
        "account_number": "110-123-456789",
        "account_holder": "가온연구원",
        "password": make.PASSWORD,
        "sha256": look(lambda: signing.agreement_hash(signing.agreement_text(award, at=clock.now()))),
        **UNDERSTOOD,
    }
    yield Post(w.sejin, reverse("researcher:sign", args=[award.pk]), form, happened("award.sign", award))


def _refused(w: make.World, award: Award) -> Iterator[Item]:
    form = {"reason": "The team moved.", **UNDERSTOOD}
    yield Post(w.hana, reverse("researcher:refuse", args=[award.pk]), form, happened("award.refuse", award))


def _paid(w: make.World, tranche: Tranche) -> Iterator[Item]:
    late = Fork([partial(left_alone, 3, 6)])
    yield late
    url = reverse("manager:tranche", args=[tranche.pk])
    yield Post(w.minjun, url, UNDERSTOOD, happened("tranche.approve", tranche))
    yield late
    for move in ("release", "settle"):
        url = reverse(f"finance:{move}", args=[tranche.pk])
        yield Post(w.finn, url, UNDERSTOOD, happened(f"tranche.{move}", tranche))
    yield Fork([partial(left_alone, 84, 91)])


def _reported(w: make.World, milestone: Milestone) -> Iterator[Item]:
    reviews = _panel(milestone)
    yield Fork(
        [
            partial(_invited, w, milestone),
            partial(_given_up, reviews[0], "decline"),
            partial(_given_up, reviews[0], "recuse"),
            partial(left_alone, 2, 4, 11, 26, 40),
        ]
    )
    for review in reviews:
        yield _accepted(review)
    url = reverse("researcher:milestone", args=[milestone.pk])
    form = {"text": "It held 83 %."}
    told = happened("milestone.report", milestone)
    yield Post(w.hana, url, form, told, files={"evidence": PDF})


def _panel(milestone: Milestone) -> list[Review]:
    found = Review.objects.filter(milestone=milestone, state__in=["invited", "accepted"])
    return look(lambda: list(found.select_related("reviewer").order_by("pk")))


def _invited(w: make.World, milestone: Milestone) -> Iterator[Item]:
    reviewer = next(
        each for each in w.reviewers if not Review.objects.filter(milestone=milestone, reviewer=each).exists()
    )
    asked = Review.objects.filter(milestone=milestone, reviewer=reviewer)
    url = reverse("manager:invite", args=[milestone.pk])
    yield Post(w.minjun, url, {"reviewer": reviewer.pk}, asked.count)


def _accepted(review: Review) -> Post:
    url = reverse("reviewer:accept", args=[review.pk])
    return Post(review.reviewer, url, {"no_conflict": "on"}, happened("review.accept", review))


def _given_up(review: Review, move: str) -> Iterator[Item]:
    url = reverse(f"reviewer:{move}", args=[review.pk])
    yield Post(review.reviewer, url, {f"{move}_reason": "No time."}, happened(f"review.{move}", review))


def _reviewed(w: make.World, milestone: Milestone) -> Iterator[Item]:
    reviews = _panel(milestone)
    ways: list[Callable[[], Iterator[Item]]] = [
        partial(_found, w, milestone, reviews, grade) for grade in ("conditional", "failed")
    ]
    yield Fork([*ways, partial(_given_up, reviews[0], "recuse"), partial(left_alone, 7, 13, 14, 21, 22)])
    yield from _found(w, milestone, reviews, "passed")


def _found(w: make.World, milestone: Milestone, reviews: list[Review], grade: str) -> Iterator[Item]:
    for review in reviews:
        url = reverse("reviewer:deliver", args=[review.pk])
        yield Post(review.reviewer, url, {**RUBRIC, "grade": grade}, happened("review.submit", review))
    confirmed = Finding.objects.filter(milestone=milestone, confirmed_at__isnull=False)
    yield Fork([partial(left_alone, 8)])
    form = {"remark": "Agreed.", **UNDERSTOOD}
    yield Post(w.minjun, reverse("manager:confirm", args=[milestone.pk]), form, confirmed.count)
    if grade == "conditional":
        yield Later((1, 27, 31, 33, 35))
    elif grade == "failed":
        yield Later((15,))


def _claimed(w: make.World, award: Award, *, amount: int) -> Iterator[Item]:
    once = str(uuid4())
    begun = Claim.objects.filter(once=once)
    yield Post(w.hana, reverse("researcher:claim_start", args=[award.pk]), {"once": once}, begun.count)
    claim = look(begun.get)
    url, form = reverse("researcher:claim", args=[claim.pk]), _claim_form(amount)
    saved = begun.filter(revision__gte=1)
    yield Post(w.hana, url, {**form, "action": "save"}, saved.count, files={"receipts": PDF})
    sent = {**form, "revision": "1", "action": "submit"}
    yield Post(w.hana, url, sent, happened("claim.submit", claim))
    yield Fork([partial(left_alone, 15), partial(_decided, w, claim, 0), partial(_decided, w, claim, 1000)])
    yield from _decided(w, claim, amount)


def _decided(w: make.World, claim: Claim, accepted: int) -> Iterator[Item]:
    form = {"line-0-accepted": str(accepted), "line-0-reason": "As the receipts say.", **UNDERSTOOD}
    decided = Event.objects.filter(
        kind__in=["claim.accept", "claim.accept_part", "claim.disallow"],
        subject_kind=claim._meta.label_lower,
        subject_id=claim.pk,
    )
    yield Post(w.finn, reverse("finance:claim", args=[claim.pk]), form, decided.count)


def _claim_form(amount: int) -> dict[str, str]:
    category = look(lambda: BudgetCategory.objects.get(code="materials"))
    return {
        "revision": "0",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-category": str(category.pk),
        "lines-0-spent_on": timezone.localdate(clock.now()).isoformat(),
        "lines-0-description": "Electrolyte",
        "lines-0-amount": str(amount),
    }
