"""The pages of money that comes back, as each side's browser uses them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rdfast.flow import paying
from rdfast.funding.models import Award, NewAccount, Tranche
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import AuditSample, Claim, Instalment, Recovery, Repayment
from tests import make
from tests.web.browsing import as_, text_of

pytestmark = pytest.mark.django_db
DEMANDED_AT = make.MONDAY + timedelta(days=30)
TICK = {"understood": "on"}
Now = Callable[[datetime], None]


def _demanded(w: make.World, now: Now) -> Recovery:
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(DEMANDED_AT)
    now(DEMANDED_AT)
    return recovery


def test_a_bounced_payment_from_the_bank_to_the_new_account(now: Now) -> None:
    w = make.world()
    tranche = make.signed(w).tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    paying.release(tranche.pk, by=w.finn, at=make.MONDAY)
    bounce = reverse("finance:bounce", args=[tranche.pk])
    assert "This field is required" in text_of(as_(w.finn).post(bounce, TICK))
    answer = as_(w.finn).post(bounce, {**TICK, "reason": "No such account"}, follow=True)
    assert "No such account" in text_of(answer)
    award = reverse("researcher:award", args=[tranche.award_id])
    assert "Give a payment account" in text_of(as_(w.sejin).get(award))
    assert "Whoever signs for your organisation" in text_of(as_(w.hana).get(award))
    form = {
        **TICK,
        "bank": "새한은행",
        "account_number": "999-88-777777",
        "account_holder": "가온",
        "password": make.PASSWORD,
    }
    address = reverse("researcher:account", args=[tranche.award_id])
    assert "not your password" in text_of(as_(w.sejin).post(address, {**form, "password": "x"}))
    as_(w.sejin).post(address, form)
    account = NewAccount.objects.get()
    assert "New payment account of" in text_of(as_(w.finn).get(reverse("finance:inbox")))
    as_(w.finn).post(reverse("finance:account", args=[account.pk]), TICK)
    assert Tranche.objects.get(number=1).state == "ready"
    assert Award.objects.get().account_number == "999-88-777777"


def test_a_recovery_from_its_proposal_to_the_manager_who_determines_it(now: Now) -> None:
    w = make.world()
    award = make.paid(w).award
    form = {**TICK, "kind": "disallowed", "origin": "advances", "amount": "500만원", "reason": "No receipts."}
    propose = reverse("finance:recover", args=[award.pk])
    too_much = as_(w.finn).post(propose, {**form, "amount": "1억"})
    assert "At most ₩24,000,000" in text_of(too_much)
    as_(w.finn).post(propose, form)
    recovery = Recovery.objects.get()
    page = {
        face: reverse(f"{face}:recovery", args=[recovery.pk]) for face in ("finance", "researcher", "manager")
    }
    assert as_(w.hana).get(page["researcher"]).status_code == 404
    as_(w.finn).post(page["finance"], {**TICK, "action": "notice"})
    assert "Contest the recovery" in text_of(as_(w.sejin).get(page["researcher"]))
    as_(w.sejin).post(page["researcher"], {**TICK, "objection": "Here they are."})
    inbox = text_of(as_(w.minjun).get(reverse("manager:inbox")))
    assert "Contested recoveries to determine" in inbox
    wrong = as_(w.minjun).post(
        page["manager"], {**TICK, "action": "determine", "amount": "6000000", "determination": "x"}
    )
    assert "at most ₩5,000,000" in text_of(wrong)
    assert "Nothing to do for you here" in text_of(as_(w.yuna).get(page["manager"]))
    as_(w.minjun).post(
        page["manager"],
        {**TICK, "action": "determine", "amount": "2000000", "determination": "Three are fine."},
    )
    recovery.refresh_from_db()
    assert (recovery.state, recovery.amount) == ("determined", 2_000_000)
    assert "Three are fine." in text_of(as_(w.hana).get(page["researcher"]))
    late = as_(w.minjun).post(page["manager"], {**TICK, "action": "dismiss", "conclusion": "x"}, follow=True)
    assert "Nothing was changed" in text_of(late)


def test_money_is_recorded_once_and_what_was_too_much_goes_back(now: Now) -> None:
    w = make.world()
    recovery = _demanded(w, now)
    page = reverse("finance:recovery", args=[recovery.pk])
    assert "is still owed" in text_of(as_(w.hana).get(reverse("researcher:recovery", args=[recovery.pk])))
    form = {
        **TICK,
        "action": "receive",
        "reference": "B-1",
        "received_on": "2026-12-02",
        "amount": "6,000,000",
    }
    answer = text_of(as_(w.finn).post(page, form, follow=True))
    assert "₩1,000,000 beyond it can be given back" in answer
    inbox = text_of(as_(w.finn).get(reverse("finance:inbox")))
    assert "Money that came back" in inbox
    assert "₩5,000,000" in inbox
    assert page in inbox
    assert "was recorded before" in text_of(as_(w.finn).post(page, form))
    back = reverse("finance:give_back", args=[Repayment.objects.get().pk])
    assert "was given back" in text_of(as_(w.finn).post(back, TICK, follow=True))
    assert "Nothing was changed" in text_of(as_(w.finn).post(back, TICK, follow=True))
    as_(w.finn).post(page, {**TICK, "action": "remit", "transferred": "5000000"})
    assert "Money that came back" not in text_of(as_(w.finn).get(reverse("finance:inbox")))
    assert make.Recovery.objects.get().state == "paid"


def test_instalments_are_agreed_row_by_row(now: Now) -> None:
    w = make.world()
    recovery = _demanded(w, now)
    page = reverse("finance:instalments", args=[recovery.pk])
    form = {
        "instalments-TOTAL_FORMS": "2",
        "instalments-INITIAL_FORMS": "0",
        "instalments-0-amount": "2000000",
        "instalments-0-due_on": "2027-01-10",
        "instalments-1-amount": "2000000",
        "instalments-1-due_on": "2027-02-10",
    }
    assert "must add up to" in text_of(as_(w.finn).post(page, form))
    assert 'name="instalments-2-amount"' in text_of(
        as_(w.finn).post(page, {**form, "add_row": "instalments"})
    )
    assert not Instalment.objects.exists()
    as_(w.finn).post(page, {**form, "instalments-1-amount": "3000000"})
    assert Instalment.objects.count() == 2
    assert "Instalments" in text_of(as_(w.sejin).get(reverse("researcher:recovery", args=[recovery.pk])))


def test_a_second_approver_waives_what_is_owed(now: Now) -> None:
    w = make.world()
    recovery = _demanded(w, now)
    page = reverse("manager:recovery", args=[recovery.pk])
    assert "Waive what is owed" not in text_of(as_(w.minjun).get(page))
    as_(w.yuna).post(page, {**TICK, "action": "waive", "conclusion": "Hardship."})
    assert Recovery.objects.get().state == "waived"


def test_an_ended_award_says_what_keeps_it_open_and_is_closed(now: Now) -> None:
    w = make.world()
    award = make.ended(w)
    page = reverse("finance:award", args=[award.pk])
    assert "not accounted for yet" in text_of(as_(w.finn).get(page))
    assert "not accounted for yet" in text_of(as_(w.finn).post(page, TICK))
    make.accepted(w, award, amount=24_000_000)
    assert "Everything is accounted for" in text_of(
        as_(w.hana).get(reverse("researcher:award", args=[award.pk]))
    )
    assert award.number in text_of(as_(w.finn).get(reverse("finance:inbox")))
    as_(w.finn).post(page, TICK)
    assert Award.objects.get().state == "closed"


def test_costs_come_from_a_file_whole_or_not_at_all(now: Now) -> None:
    w = make.world()
    claim = settlement.start(make.paid(w).award.pk, by=w.hana, at=make.MONDAY, once=make.uuid4())
    page = reverse("researcher:upload_claim", args=[claim.pk])
    heads = "category,date,description,amount\n"

    def sent(text: str, revision: int = 0) -> str:
        file = SimpleUploadedFile("costs.csv", text.encode())
        return text_of(as_(w.hana).post(page, {"revision": revision, "costs": file}, follow=True))

    assert "Row 3" in sent(heads + "materials,2026-11-02,Foil,100\nmaterials,2026-11-02,Foil,x\n")
    assert not claim.lines.exists()
    assert "Foil" in sent(heads + "materials,2026-11-02,Foil,100\n")
    assert "changed in another window" in sent(heads + "materials,2026-11-02,Later,100\n")
    assert [line.description for line in claim.lines.all()] == ["Foil"]
    template = as_(w.hana).get(reverse("researcher:claim_template"))
    assert template.content.startswith(b"PK")


def test_a_claim_of_high_risk_needs_its_tick_and_a_drawn_one_is_worked_off(now: Now) -> None:
    w = make.world(high_risk_claim=1_000_000)
    award = make.paid(w).award
    claim = make.claimed(w, award)
    page = reverse("finance:claim", args=[claim.pk])
    form = {**TICK, "line-0-accepted": "10000000", "line-0-reason": ""}
    assert "check every receipt" in text_of(as_(w.finn).post(page, form))
    as_(w.finn).post(page, {**form, "checked_in_full": "on"})
    assert Claim.objects.get().state == "accepted"
    Claim.objects.update(full_check="", checked_at=None, checked_by=None)

    assert "Draw the sample of" not in text_of(as_(w.finn).get(reverse("finance:inbox")))
    now(make.MONDAY + timedelta(days=80))
    assert "Draw the sample of 2026" in text_of(as_(w.finn).get(reverse("finance:inbox")))
    samples = reverse("finance:samples")
    as_(w.finn).post(samples, {**TICK, "programme": w.programme.pk, "year": 2026})
    assert AuditSample.objects.get().drawn == [claim.pk]
    assert "Draw the sample of" not in text_of(as_(w.finn).get(reverse("finance:inbox")))
    assert reverse("finance:claim", args=[claim.pk]) in text_of(as_(w.finn).get(samples))
    check = reverse("finance:check_claim", args=[claim.pk])
    wrong = {**TICK, "found": "wrong", "amount": "20000000", "reason": "Private."}
    assert "was accepted" in text_of(as_(w.finn).post(check, wrong))
    as_(w.finn).post(check, {**wrong, "amount": "1000000"})
    assert Recovery.objects.get().origin == "expense"
    assert Claim.objects.get().checked_by == w.finn
