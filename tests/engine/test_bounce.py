"""A payment comes back from the bank: it is paid again, once, after a new account was checked by somebody else."""

import pytest

from rdfast.core.refusals import NotAllowed, RuleBroken
from rdfast.flow import ending, paying
from rdfast.flow.deadlines import settle_down
from rdfast.funding import standing
from rdfast.funding.models import Award, Bounce, NewAccount, Payment, Tranche
from rdfast.funding.operations import PaymentAccount
from rdfast.funding.payments import CheckedBefore, GivenBefore
from rdfast.funding.states import Cause
from rdfast.ledger import queries as ledger
from rdfast.outbox.models import Message
from rdfast.reports.invariants import broken
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
OTHER = PaymentAccount(bank="새한은행", account_number="999-88-777777", account_holder="가온연구원")


def _released(w: make.World) -> Tranche:
    tranche = make.signed(w).tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    return paying.release(tranche.pk, by=w.finn, at=make.MONDAY)


def _bounced(w: make.World) -> Tranche:
    return paying.bounce(_released(w).pk, reason="No such account", by=w.finn, at=make.MONDAY)


def _boxes(award_id: int) -> tuple[int, int]:
    boxes = ledger.boxes_of_award(award_id)
    return boxes["obligated"], boxes["advances"]


def test_a_bounced_payment_goes_out_once_more_to_the_new_account() -> None:
    w = make.world()
    tranche = _bounced(w)
    award = tranche.award
    assert _boxes(award.pk) == (60_000_000, 0)
    assert not Timer.objects.filter(kind="account", status="pending").exists()
    settle_down(at=make.MONDAY)
    assert {m.to for m in Message.objects.filter(subject__startswith="Payment came back")} == {
        w.hana,
        w.sejin,
        w.minjun,
    }
    given = paying.give_account(award.pk, account=OTHER, by=w.sejin, at=make.MONDAY)
    tranche.refresh_from_db()
    assert tranche.state == "bounced"
    paying.check_account(given.pk, by=w.finn, at=make.MONDAY)
    tranche.refresh_from_db()
    assert (tranche.state, tranche.attempt, tranche.approved_by) == ("ready", 2, None)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    paying.release(tranche.pk, by=w.finn, at=make.MONDAY)
    assert [p.account_number for p in Payment.objects.order_by("attempt")] == [
        "110-123-456789",
        "999-88-777777",
    ]
    assert _boxes(award.pk) == (36_000_000, 24_000_000)
    assert Timer.objects.filter(kind="account", status="pending").count() == 1
    assert broken(at=make.MONDAY) == []


def test_a_payment_bounces_once_and_for_a_reason() -> None:
    w = make.world()
    released = _released(w)
    with pytest.raises(RuleBroken, match="bank gave"):
        paying.bounce(released.pk, reason="  ", by=w.finn, at=make.MONDAY)
    with pytest.raises(NotAllowed):
        paying.bounce(released.pk, reason="x", by=w.minjun, at=make.MONDAY)
    assert not Bounce.objects.exists()
    paying.bounce(released.pk, reason="x", by=w.finn, at=make.MONDAY)
    with pytest.raises(RuleBroken, match="no longer possible"):
        paying.bounce(released.pk, reason="x", by=w.finn, at=make.MONDAY)
    assert Bounce.objects.count() == 1


def test_a_confirmed_payment_cannot_bounce() -> None:
    w = make.world()
    tranche = make.paid(w)
    with pytest.raises(RuleBroken, match="no longer possible"):
        paying.bounce(tranche.pk, reason="x", by=w.finn, at=make.MONDAY)
    assert _boxes(tranche.award_id)[1] == 24_000_000


def test_only_the_signatory_gives_an_account_and_another_person_checks_it_once() -> None:
    w = make.world()
    award = _bounced(w).award
    for stranger in (w.hana, w.finn, w.minjun, w.olga):
        with pytest.raises(NotAllowed):
            paying.give_account(award.pk, account=OTHER, by=stranger, at=make.MONDAY)
    first = paying.give_account(award.pk, account=make.ACCOUNT, by=w.sejin, at=make.MONDAY)
    given = paying.give_account(award.pk, account=OTHER, by=w.sejin, at=make.MONDAY)
    assert not NewAccount.objects.filter(pk=first.pk).exists()
    with pytest.raises(GivenBefore):
        paying.give_account(award.pk, account=OTHER, by=w.sejin, at=make.MONDAY)
    assert NewAccount.objects.get() == given
    for stranger in (w.sejin, w.hana, w.minjun, w.yuna):
        with pytest.raises(NotAllowed):
            paying.check_account(given.pk, by=stranger, at=make.MONDAY)
    paying.check_account(given.pk, by=w.finn, at=make.MONDAY)
    with pytest.raises(CheckedBefore):
        paying.check_account(given.pk, by=w.finn, at=make.MONDAY)
    assert Tranche.objects.get(number=1).attempt == 2


def test_under_a_suspension_the_account_is_checked_and_the_payment_waits() -> None:
    w = make.world()
    award = _bounced(w).award
    standing.suspend(award.pk, cause=Cause.SPECIAL_REVIEW, reason="Doubts.", by=w.minjun, at=make.MONDAY)
    given = paying.give_account(award.pk, account=OTHER, by=w.sejin, at=make.MONDAY)
    paying.check_account(given.pk, by=w.finn, at=make.MONDAY)
    assert Tranche.objects.get(number=1).state == "bounced"
    settle_down(at=make.MONDAY)
    checked = Message.objects.filter(subject__startswith="Payment account checked")
    assert all("suspended" in message.body for message in checked) and checked
    resumed = standing.resume(award.pk, reason="Cleared.", by=w.yuna, at=make.MONDAY)
    paying.consider(resumed, at=make.MONDAY)
    assert Tranche.objects.get(number=1).state == "ready"


def test_what_bounces_after_the_end_is_free_again_and_never_paid() -> None:
    w = make.world()
    released = _released(w)
    ending.terminate(
        Award.objects.get(), kind="technical", reason="It did not hold.", by=None, at=make.MONDAY
    )
    paying.bounce(released.pk, reason="No such account", by=w.finn, at=make.MONDAY)
    released.refresh_from_db()
    assert released.state == "cancelled"
    assert _boxes(released.award_id) == (0, 0)
    with pytest.raises(NotAllowed):
        paying.give_account(released.award_id, account=OTHER, by=w.sejin, at=make.MONDAY)
    assert broken(at=make.MONDAY) == []
