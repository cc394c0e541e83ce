"""What waits for the agency: it is told so until it acts, and nobody else is punished for it."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import transaction

from rdfast.appeals.queries import appealable
from rdfast.core.refusals import NotAllowed
from rdfast.flow import (
    accounting,
    appealing,
    curing,
    ending,
    granting,
    moving,
    paying,
    performing,
    proceeding,
    recovering,
    submitting,
)
from rdfast.flow.holding import causes_of
from rdfast.funding.models import Award, Tranche
from rdfast.funding.states import Cause
from rdfast.milestones.models import Milestone
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.proceedings.models import Proceeding
from rdfast.proposals.queries import led_by
from rdfast.reports.invariants import broken
from rdfast.settlement.operations import Verdict
from rdfast.settlement.queries import behind_with_accounts, waiting
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import with_due_at
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# The first payment, of 24 million, is to be accounted for by then.
ACCOUNT_BY = make.MONDAY + 90 * DAY


def _pending(kind: Kind) -> list[datetime]:
    return list(Timer.objects.filter(kind=kind, status="pending").values_list("due_at", flat=True))


def _told(user: User, beginning: str) -> int:
    return Message.objects.filter(to=user, subject__startswith=beginning).count()


def _released(w: make.World) -> Tranche:
    tranche = make.signed(w).tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    return paying.release(tranche.pk, by=w.finn, at=make.MONDAY)


def test_a_released_payment_waits_for_the_banks_word_and_says_so_every_week() -> None:
    w = make.world()
    tranche = _released(w)
    make.run_to(make.MONDAY + 3 * DAY)
    make.run_to(make.MONDAY + 17 * DAY)
    assert (_told(w.finn, "Payment late"), _told(w.doyun, "Payment late")) == (3, 3)
    links = Message.objects.filter(to=w.finn, subject__startswith="Payment late")
    assert all(f"/finance/payments/{tranche.pk}/" in message.body for message in links)
    assert len(_pending(Kind.SETTLE_TRANCHE)) == 1
    paying.settle(tranche.pk, by=w.finn, at=make.MONDAY + 17 * DAY)
    assert _pending(Kind.SETTLE_TRANCHE) == []
    assert broken(at=make.MONDAY + 17 * DAY) == []


def test_a_payment_that_the_bank_sent_back_waits_for_no_word_of_it() -> None:
    w = make.world()
    paying.bounce(_released(w).pk, reason="No such account", by=w.finn, at=make.MONDAY)
    assert _pending(Kind.SETTLE_TRANCHE) == []


def test_a_late_approval_is_told_every_week_and_not_to_those_who_cannot_give_it() -> None:
    w = make.world()
    make.signed(w)
    make.run_to(make.MONDAY + 12 * DAY)
    assert (_told(w.minjun, "Payment late"), _told(w.finn, "Payment late")) == (2, 0)


def test_a_claim_without_a_decision_is_told_every_week_each_by_a_page_that_opens() -> None:
    w = make.world()
    award = make.paid(w).award
    claim = make.claimed(w, award)
    make.run_to(make.MONDAY + 21 * DAY)
    officers = Message.objects.filter(to=w.finn, subject__startswith="Claim waits")
    heads = Message.objects.filter(to=w.doyun, subject__startswith="Claim waits")
    assert (officers.count(), heads.count()) == (2, 2)
    assert f"/finance/claims/{claim.pk}/" in officers[0].body
    assert f"{settings.SITE_URL}/awards/{award.pk}/" in heads[0].body


def test_nobody_is_suspended_whose_claims_wait_for_their_decision() -> None:
    w = make.world()
    award = make.paid(w).award
    claim = make.claimed(w, award, amount=24_000_000)
    make.run_to(ACCOUNT_BY + 20 * DAY)
    award = Award.objects.get(pk=award.pk)
    assert Cause.ACCOUNT_OVERDUE not in causes_of(award)
    assert len(_pending(Kind.ACCOUNT)) == 1
    # Half of it is not accepted: that much can be claimed again, for thirty days from now.
    at = ACCOUNT_BY + 20 * DAY
    line = claim.lines.get()
    accounting.decide(
        claim.pk, {line.pk: Verdict(12_000_000, "Half.")}, by=w.finn, at=at, checked_in_full=True
    )
    make.run_to(at + 29 * DAY)
    assert Cause.ACCOUNT_OVERDUE not in causes_of(Award.objects.get(pk=award.pk))
    make.run_to(at + 35 * DAY)
    assert behind_with_accounts(award, at=at + 35 * DAY) == 12_000_000
    assert Cause.ACCOUNT_OVERDUE in causes_of(Award.objects.get(pk=award.pk))
    assert broken(at=at + 35 * DAY) == []


def test_nobody_is_suspended_for_a_payment_that_cannot_be_claimed_yet() -> None:
    w = make.world()
    tranche = _released(w)
    award = make.planned(w, tranche.award)
    make.run_to(ACCOUNT_BY + DAY)
    assert Cause.ACCOUNT_OVERDUE not in causes_of(Award.objects.get(pk=award.pk))
    paying.settle(tranche.pk, by=w.finn, at=ACCOUNT_BY + DAY)
    make.run_to(ACCOUNT_BY + 29 * DAY)
    assert Cause.ACCOUNT_OVERDUE not in causes_of(Award.objects.get(pk=award.pk))
    make.run_to(ACCOUNT_BY + 36 * DAY)
    assert Cause.ACCOUNT_OVERDUE in causes_of(Award.objects.get(pk=award.pk))


def test_what_is_neither_claimed_nor_waiting_suspends_as_before_and_is_cured_by_a_claim() -> None:
    w = make.world()
    award = make.paid(w).award
    make.claimed(w, award, amount=10_000_000)
    at = ACCOUNT_BY + 5 * DAY
    make.run_to(at)
    award = Award.objects.get(pk=award.pk)
    assert Cause.ACCOUNT_OVERDUE in curing.uncured(award, at=at)
    make.claimed(w, award, amount=14_000_000, at=at)
    assert Cause.ACCOUNT_OVERDUE not in curing.uncured(award, at=at)


def test_nobody_is_reminded_of_what_waits_for_the_agency() -> None:
    w = make.world()
    award = make.paid(w).award
    make.claimed(w, award, amount=24_000_000)
    make.run_to(ACCOUNT_BY + 10 * DAY)
    assert _told(w.hana, "Reminder: Payment accounted for") == 0
    assert _told(w.hana, "Not accounted for") == 0


def test_what_is_paid_back_counts_as_accounted_for_and_opens_the_next_payment() -> None:
    w = make.world()
    milestone = make.passed(w)
    award = milestone.award
    at = make.start_of(milestone.due_on)
    make.accepted(w, award, amount=16_000_000, at=at)
    following = award.tranches.get(number=2)
    assert following.state == "scheduled"
    recovery = make.recovery(w, award, amount=8_000_000, at=at)
    demanded_at = at + 31 * DAY
    make.run_to(demanded_at)
    following.refresh_from_db()
    assert following.state == "scheduled"
    recovering.receive(
        recovery.pk,
        reference="B-1",
        received_on=demanded_at.date(),
        amount=8_000_000,
        by=w.finn,
        at=demanded_at,
    )
    following.refresh_from_db()
    assert following.state == "ready"


def test_a_proposed_recovery_without_a_notice_and_an_unchecked_account_are_told_every_week() -> None:
    w = make.world()
    award = make.paid(w).award
    recovery = recovering.propose(
        award.pk, kind="disallowed", origin="advances", amount=1, reason="x", by=w.minjun, at=make.MONDAY
    )
    account = paying.give_account(award.pk, account=make.ACCOUNT, by=w.sejin, at=make.MONDAY)
    make.run_to(make.MONDAY + 15 * DAY)
    assert _told(w.finn, "Recovery proposed") == 3
    assert _told(w.finn, "Payment account to check") == 3
    recovering.notice(recovery.pk, by=w.finn, at=make.MONDAY + 15 * DAY)
    paying.check_account(account.pk, by=w.finn, at=make.MONDAY + 15 * DAY)
    assert _pending(Kind.NOTICE_RECOVERY) == _pending(Kind.CHECK_ACCOUNT) == []


def test_what_is_late_looks_late_however_often_it_was_told() -> None:
    w = make.world()
    claim = make.claimed(w, make.paid(w).award)
    make.run_to(make.MONDAY + 30 * DAY)
    (found,) = with_due_at(waiting(w.finn), Kind.DECIDE_CLAIM, matter="award__proposal_id")
    assert found.pk == claim.pk
    assert vars(found)["due_at"].date() == (make.MONDAY + 14 * DAY).date()


def test_who_signs_for_the_organisation_acts_for_a_pi_who_has_left() -> None:
    w = make.world()
    milestone = make.opened(w)
    at = make.start_of(milestone.due_on)
    with pytest.raises(NotAllowed):
        performing.report(milestone.pk, text="It held.", files=[], by=w.sejin, at=at)
    User.objects.filter(pk=w.hana.pk).update(is_active=False)
    performing.report(milestone.pk, text="It held.", files=[], by=w.sejin, at=at)
    make.run_to(ACCOUNT_BY + 5 * DAY)
    assert _told(w.sejin, "Reminder: Payment accounted for") > 0


def test_an_award_is_not_suspended_on_its_day_while_its_confirmation_waits_for_the_agency() -> None:
    w = make.world(account_days=400)
    award = make.passed(w).award
    due_on = Award.objects.get(pk=award.pk).confirmation_due_on
    assert due_on is not None
    at = make.start_of(due_on) + 16 * DAY
    make.run_to(at)
    assert Award.objects.get(pk=award.pk).state == "provisional"
    assert _told(w.yuna, "Award not confirmed") == 3
    assert len(_pending(Kind.CONFIRM_LATE)) == 1
    assert broken(at=at) == []


def test_a_claim_without_its_clock_is_an_offender() -> None:
    w = make.world()
    claim = make.claimed(w, make.paid(w).award)
    assert broken(at=make.MONDAY) == []
    Timer.objects.filter(kind=Kind.DECIDE_CLAIM).update(status="cancelled", ended_at=make.MONDAY)
    assert broken(at=make.MONDAY) == [f"settlement.claim {claim.pk} is submitted and has no clock"]


def test_a_second_signature_that_is_late_is_told_every_week() -> None:
    w = make.world()
    award = make.passed(w).award
    at = make.start_of(award.milestones.get(number=1).due_on)
    motion = moving.propose_raise(
        award.pk, amount=award.amount + 1, envelope_id=award.envelope_id, reason="x", by=w.minjun, at=at
    )
    make.run_to(at + 16 * DAY)
    assert _told(w.doyun, "Second signature late") >= 2
    assert len(_pending(Kind.SECOND_MOTION)) == 1
    motion.refresh_from_db()
    assert motion.escalated_at is not None
    assert motion.escalated_at < at + 3 * DAY


def _special_review(w: make.World) -> tuple[Award, Proceeding]:
    award = make.paid(w).award
    review = proceeding.open_(
        award.pk,
        "special_review",
        reason="Doubts.",
        possible_outcome="An end.",
        by=w.minjun,
        at=make.MONDAY,
    )
    return Award.objects.get(pk=award.pk), review


def test_no_termination_opens_while_the_committee_holds_a_special_review() -> None:
    w = make.world(account_days=400, plan_days=90)
    _award, review = _special_review(w)
    make.run_to(make.MONDAY + 100 * DAY)
    assert list(Proceeding.objects.values_list("pk", flat=True)) == [review.pk]
    assert len(_pending(Kind.RESOLVE)) == 1


def test_a_dismissed_review_settles_what_was_there_and_nothing_while_another_runs() -> None:
    w = make.world(account_days=400)
    award, review = _special_review(w)
    at = make.MONDAY + DAY
    proceeding.reply(review.pk, text="All is well.", by=w.hana, at=at)
    for member in w.committee[:3]:
        proceeding.vote(review.pk, is_for=False, termination_kind="", reason="Fine.", by=member, at=at)
    assert curing.uncured(award, at=at) == []
    proceeding.open_(
        award.pk, "special_review", reason="More.", possible_outcome="An end.", by=w.minjun, at=at + DAY
    )
    assert curing.uncured(Award.objects.get(pk=award.pk), at=at + DAY) == [Cause.SPECIAL_REVIEW]


def test_a_vote_for_the_measure_asks_only_those_who_may_sign_and_again_every_week() -> None:
    w = make.world(account_days=400)
    _award, review = _special_review(w)
    at = make.MONDAY + DAY
    proceeding.reply(review.pk, text="All is well.", by=w.hana, at=at)
    make.Appointment.objects.create(programme=w.programme, user=w.committee[0], role="second_approver")
    for member in w.committee[:3]:
        proceeding.vote(review.pk, is_for=True, termination_kind="technical", reason="No.", by=member, at=at)
    assert (_told(w.yuna, "Your signature"), _told(w.committee[0], "Your signature")) == (1, 0)
    make.run_to(make.MONDAY + 45 * DAY)
    assert (_told(w.yuna, "Your signature"), _told(w.committee[0], "Your signature")) == (4, 0)


def test_an_undone_failure_drops_the_review_that_it_led_to() -> None:
    w = make.world(account_days=400)
    milestone = make.reported(w)
    Milestone.objects.filter(pk=milestone.pk).update(is_critical=True)
    at = milestone.reported_at or make.MONDAY
    make.evaluated(w, milestone, "failed", at=at)
    award = Award.objects.get(pk=milestone.award_id)
    assert award.proceedings.get().state == "noticed"
    (event,) = [each for each in appealable(award.proposal, at=at) if each.kind == "finding.confirmed"]
    appeal = appealing.file(award.proposal_id, event.pk, text="It held.", by=w.hana, at=at)
    appealing.uphold(appeal.pk, reason="It held.", by=w.committee[0], at=at)
    assert award.proceedings.get().state == "dismissed"
    award = Award.objects.get(pk=award.pk)
    assert curing.uncured(award, at=at) == []
    assert broken(at=at) == []


def test_a_plan_that_waits_when_the_award_ends_is_no_offender() -> None:
    w = make.world()
    award = make.signed(w)
    make.plan_handed_in(award)
    with transaction.atomic():
        ending.terminate(award, kind="technical", reason="It did not hold.", by=None, at=make.MONDAY)
    assert broken(at=make.MONDAY) == []


def test_who_signs_completes_a_returned_proposal_of_a_pi_who_has_left() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.give_back(proposal.pk, reason="Say more.", by=w.minjun, at=make.MONDAY)
    User.objects.filter(pk=w.hana.pk).update(is_active=False)
    assert led_by(w.sejin).get() == proposal
    assert not led_by(w.olga).exists()
    submitting.submit(proposal.pk, by=w.sejin, at=make.MONDAY + DAY)


def test_mails_reach_the_old_address_where_nobody_signs_any_more() -> None:
    w = make.world()
    proposal = make.submitted(w)
    User.objects.filter(pk__in=[w.hana.pk, w.sejin.pk]).update(is_active=False)
    granting.give_back(proposal.pk, reason="Say more.", by=w.minjun, at=make.MONDAY)
    assert Message.objects.filter(to=w.hana, created_at=make.MONDAY, body__contains="Say more.").exists()
