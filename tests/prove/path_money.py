"""What people do about money that went out: bounced payments, claims from a file, samples; and money asked back."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.urls import reverse
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.flow import accounting, paying
from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import AuditSample, Claim, Recovery, Repayment
from rdfast.settlement.operations import Verdict
from rdfast.settlement.queries import to_remit_of
from rdfast.timers import clock
from tests import make
from tests.prove.items import UNDERSTOOD, Fork, Item, Later, Post, happened, left_alone
from tests.prove.path_disputes import upheld

COSTS = b"category,date,description,amount\nmaterials,2026-11-02,Foil,10000000\n"


def money_that_is_accounted_for() -> Iterator[Item]:
    """A payment that the bank sends back, costs from a file, the year's sample of claims, the year's end."""
    w = make.world(account_days=400)
    award = make.planned(w, make.signed(w))
    yield from _sent_back(w, award)
    uploaded = settlement.start(award.pk, by=w.hana, at=clock.now(), once=make.uuid4())
    url = reverse("researcher:upload_claim", args=[uploaded.pk])
    taken = uploaded.lines.filter(description="Foil").count
    yield Post(w.hana, url, {"revision": "0"}, taken, files={"costs": COSTS})
    _accept(w, uploaded)
    other = make.accepted(w, award, amount=14_000_000, at=clock.now())
    yield Later((65,))
    yield from _sampled(w, award, right=uploaded, wrong=other)
    form = {"reason": "over", "once": str(make.uuid4()), **UNDERSTOOD}
    ended = happened("envelope.year_ended", w.envelope)
    yield Post(w.doyun, reverse("programme:end_year", args=[w.envelope.pk]), form, ended)


def money_that_is_asked_back() -> Iterator[Item]:
    """A recovery from its proposal to the treasury, and what else may become of it."""
    w = make.world(account_days=400)
    award = make.paid(w).award
    yield Fork([partial(_proposed, w.minjun, "manager", award)])
    yield from _proposed(w.finn, "finance", award)
    recovery = award.recoveries.get()
    yield Fork([partial(_answered, w.minjun, recovery, "dismiss", {"conclusion": "A mistake."})])
    url = reverse("finance:recovery", args=[recovery.pk])
    notice = {"action": "notice", **UNDERSTOOD}
    yield Post(w.finn, url, notice, happened("recovery.notice", recovery))
    yield Fork([partial(left_alone, 16, 21)])
    url = reverse("researcher:recovery", args=[recovery.pk])
    form = {"objection": "Here they are.", **UNDERSTOOD}
    yield Post(w.sejin, url, form, happened("recovery.contest", recovery))
    yield Fork([partial(left_alone, 31)])
    form = {"amount": "4,000,000", "determination": "One is fine."}
    yield from _answered(w.minjun, recovery, "determine", form)
    yield Fork([partial(_contested_again, w, recovery)])
    yield Later((11,))
    yield Fork(
        [
            partial(_answered, w.yuna, recovery, "waive", {"conclusion": "Hardship."}),
            partial(_never_paid, w, recovery),
        ]
    )
    yield from _paid_back(w, recovery)


def _sent_back(w: make.World, award: Award) -> Iterator[Item]:
    """The first payment bounces and goes to another account."""
    tranche = award.tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=clock.now())
    paying.release(tranche.pk, by=w.finn, at=clock.now())
    url = reverse("finance:bounce", args=[tranche.pk])
    form = {"reason": "No such account", **UNDERSTOOD}
    yield Post(w.finn, url, form, happened("tranche.bounce", tranche))
    form = {
        "bank": "새한은행",
        "account_number": "999-88-777777",
        "account_holder": "가온연구원",
        "password": make.PASSWORD,
        **UNDERSTOOD,
    }
    url = reverse("researcher:account", args=[award.pk])
    yield Post(w.sejin, url, form, happened("award.account_given", award))
    url = reverse("finance:account", args=[award.new_accounts.get().pk])
    yield Post(w.finn, url, UNDERSTOOD, happened("tranche.pay_again", tranche))
    paying.approve(tranche.pk, by=w.minjun, at=clock.now())
    paying.release(tranche.pk, by=w.finn, at=clock.now())
    paying.settle(tranche.pk, by=w.finn, at=clock.now())


def _accept(w: make.World, claim: Claim) -> None:
    accounting.submit(claim.pk, by=w.hana, at=clock.now())
    verdicts = {line.pk: Verdict(line.amount) for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=w.finn, at=clock.now())


def _sampled(w: make.World, award: Award, *, right: Claim, wrong: Claim) -> Iterator[Item]:
    """The year's draw; of the drawn claims one holds, and one does not."""
    form = {"programme": str(w.programme.pk), "year": "2026", **UNDERSTOOD}
    drawn = AuditSample.objects.filter(programme=w.programme)
    yield Post(w.finn, reverse("finance:samples"), form, drawn.count)
    url = reverse("finance:check_claim", args=[right.pk])
    yield Post(w.finn, url, {"found": "right", **UNDERSTOOD}, happened("claim.checked", right))
    url = reverse("finance:check_claim", args=[wrong.pk])
    form = {"found": "wrong", "amount": "1,000,000", "reason": "Private.", **UNDERSTOOD}
    yield Post(w.finn, url, form, award.recoveries.filter(reason="Private.").count)


def _proposed(by: User, face: str, award: Award) -> Iterator[Item]:
    form = {"kind": "disallowed", "origin": "advances", "amount": "500만원", "reason": "No receipts."}
    url = reverse(f"{face}:recover", args=[award.pk])
    yield Post(by, url, {**form, **UNDERSTOOD}, award.recoveries.filter(reason="No receipts.").count)


def _answered(by: User, recovery: Recovery, action: str, form: dict[str, str]) -> Iterator[Item]:
    """Whoever answers for the programme determines, dismisses, waives or writes off."""
    url = reverse("manager:recovery", args=[recovery.pk])
    done = happened(f"recovery.{action}", recovery)
    yield Post(by, url, {"action": action, **form, **UNDERSTOOD}, done)


def _contested_again(w: make.World, recovery: Recovery) -> Iterator[Item]:
    """What was determined is appealed against, and dismissed in the end."""
    decision = Event.objects.get(kind="recovery.determine", subject_id=recovery.pk)
    yield from upheld(w, w.sejin, decision)


def _never_paid(w: make.World, recovery: Recovery) -> Iterator[Item]:
    """Overdue, dunned, referred to the tax office, written off."""
    yield Later((31, 46, 52, 57, 64))
    yield from _answered(w.yuna, recovery, "write_off", {"conclusion": "Bankrupt."})


def _paid_back(w: make.World, recovery: Recovery) -> Iterator[Item]:
    """In instalments, of which the last is too much; the rest goes back, what was owed to the treasury."""
    today = timezone.localdate(clock.now())
    form = {
        "instalments-TOTAL_FORMS": "2",
        "instalments-INITIAL_FORMS": "0",
        "instalments-0-amount": "2,000,000",
        "instalments-0-due_on": (today + timedelta(days=20)).isoformat(),
        "instalments-1-amount": "2,000,000",
        "instalments-1-due_on": (today + timedelta(days=40)).isoformat(),
    }
    url = reverse("finance:instalments", args=[recovery.pk])
    yield Post(w.finn, url, form, happened("recovery.instalments", recovery))
    yield from _received(w, recovery, "B-1", "2,000,000")
    yield from _received(w, recovery, "B-2", "3,000,000")
    back = reverse("finance:give_back", args=[Repayment.objects.get(reference="B-2").pk])
    yield Post(w.finn, back, UNDERSTOOD, happened("recovery.given_back", recovery))
    url = reverse("finance:recovery", args=[recovery.pk])
    waiting = sum(to_remit_of(recovery.award_id).values())
    form = {"action": "remit", "transferred": str(waiting), **UNDERSTOOD}
    yield Post(w.finn, url, form, happened("recovery.remitted", recovery))


def _received(w: make.World, recovery: Recovery, reference: str, amount: str) -> Iterator[Item]:
    form = {
        "action": "receive",
        "reference": reference,
        "received_on": timezone.localdate(clock.now()).isoformat(),
        "amount": amount,
        **UNDERSTOOD,
    }
    url = reverse("finance:recovery", args=[recovery.pk])
    yield Post(w.finn, url, form, Repayment.objects.filter(reference=reference).count)
