"""Claims of high risk, and the yearly sample that anyone can draw again."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from rdfast.core.refusals import NotAllowed
from rdfast.flow import accounting, recovering
from rdfast.funding import standing
from rdfast.ledger import queries as ledger
from rdfast.reports.invariants import broken
from rdfast.settlement import auditing
from rdfast.settlement.auditing import CannotDraw, CheckedBefore
from rdfast.settlement.models import AuditSample, Claim, Recovery
from rdfast.settlement.operations import ClaimRefused, Verdict
from tests import make

pytestmark = pytest.mark.django_db
NEXT_YEAR = datetime(2027, 1, 11, 10, 0, tzinfo=make.SEOUL)
MILLION = 1_000_000


def _verdicts(claim: Claim, accepted: int | None = None) -> dict[int, Verdict]:
    return {
        line.pk: Verdict(line.amount if accepted is None else accepted, "No.") for line in claim.lines.all()
    }


def test_a_claim_of_high_risk_is_not_decided_before_every_receipt_was_checked() -> None:
    w = make.world(high_risk_claim=10 * MILLION)
    award = make.paid(w).award
    claim = make.claimed(w, award)
    assert claim.full_check == "high_risk"
    with pytest.raises(ClaimRefused, match="every receipt"):
        accounting.decide(claim.pk, _verdicts(claim), by=w.finn, at=make.MONDAY)
    assert ledger.boxes_of_award(award.pk)["expense"] == 0
    decided = accounting.decide(claim.pk, _verdicts(claim), by=w.finn, at=make.MONDAY, checked_in_full=True)
    assert (decided.state, decided.checked_by, decided.checked_at) == ("accepted", w.finn, make.MONDAY)
    assert make.claimed(w, award, amount=9 * MILLION).full_check == ""


def test_a_refused_claim_or_a_suspension_makes_the_later_ones_risky() -> None:
    w = make.world()
    award = make.paid(w).award
    claim = make.claimed(w, award, amount=MILLION)
    assert claim.full_check == ""
    accounting.decide(claim.pk, _verdicts(claim, 0), by=w.finn, at=make.MONDAY)
    assert make.claimed(w, award, amount=MILLION).full_check == "high_risk"


def test_a_suspended_award_still_claims_and_is_checked_in_full() -> None:
    w = make.world()
    award = make.paid(w).award
    standing.suspend(award.pk, cause="special_review", reason="Doubts.", by=w.minjun, at=make.MONDAY)
    assert make.claimed(w, award, amount=MILLION).full_check == "high_risk"


def _decided(w: make.World, count: int = 6) -> list[int]:
    award = make.paid(w).award
    return [make.accepted(w, award, amount=MILLION).pk for _each in range(count)]


def test_a_sample_is_drawn_once_after_its_year_and_can_be_drawn_again_by_anyone() -> None:
    w = make.world(audit_sample=3)
    claims = _decided(w)
    with pytest.raises(CannotDraw, match="over"):
        recovering.draw_sample(w.programme.pk, 2026, by=w.finn, at=make.MONDAY)
    for stranger in (w.minjun, w.yuna, w.hana, w.audrey):
        with pytest.raises(NotAllowed):
            recovering.draw_sample(w.programme.pk, 2026, by=stranger, at=NEXT_YEAR)
    sample = recovering.draw_sample(w.programme.pk, 2026, by=w.doyun, at=NEXT_YEAR)
    assert sample.frame == claims
    assert len(sample.drawn) == 3
    assert auditing.drawn_from(sample.seed, claims, 3) == sample.drawn
    assert set(Claim.objects.filter(full_check="sampled").values_list("pk", flat=True)) == set(sample.drawn)
    with pytest.raises(CannotDraw, match="already"):
        recovering.draw_sample(w.programme.pk, 2026, by=w.finn, at=NEXT_YEAR)
    assert AuditSample.objects.count() == 1

    said = StringIO()
    call_command("audit_sample", "fast", "2026", stdout=said)
    assert sample.seed in said.getvalue() and "holds" in said.getvalue()
    with pytest.raises(CommandError, match="no sample"):
        call_command("audit_sample", "fast", "2025")


def test_a_sample_that_was_tampered_with_does_not_hold() -> None:
    w = make.world(audit_sample=3)
    frame = _decided(w)
    other = AuditSample(programme=w.programme, year=2026, seed="1", frame=frame, drawn=frame[:3])
    fair = auditing.drawn_from("1", frame, 3)
    assert auditing.verified(other) == (
        [] if fair == frame[:3] else ["the seed draws other claims from the frame"]
    )
    other.frame, other.drawn = frame[1:], auditing.drawn_from("1", frame[1:], 3)
    assert auditing.verified(other) == ["the frame is not the claims decided in the year"]


def test_few_claims_are_all_drawn() -> None:
    w = make.world()
    claims = _decided(w, 2)
    assert recovering.draw_sample(w.programme.pk, 2026, by=w.finn, at=NEXT_YEAR).drawn == claims


def test_what_the_full_check_finds_is_asked_back_from_what_was_accepted() -> None:
    w = make.world()
    (pk, other) = _decided(w, 2)
    recovering.draw_sample(w.programme.pk, 2026, by=w.finn, at=NEXT_YEAR)
    recovery = recovering.disallow_late(pk, amount=400_000, reason="Private.", by=w.finn, at=NEXT_YEAR)
    assert (recovery.origin, recovery.kind, recovery.state) == ("expense", "disallowed", "proposed")
    assert Claim.objects.get(pk=pk).checked_by == w.finn
    recovering.notice(recovery.pk, by=w.finn, at=NEXT_YEAR)
    make.run_to(NEXT_YEAR + timedelta(days=30))
    boxes = ledger.boxes_of_award(recovery.award_id)
    assert (boxes["expense"], boxes["receivable"]) == (1_600_000, 400_000)
    recovering.check(other, by=w.finn, at=NEXT_YEAR)
    with pytest.raises(CheckedBefore):
        recovering.check(other, by=w.finn, at=NEXT_YEAR)
    with pytest.raises(NotAllowed):
        recovering.check(pk, by=w.hana, at=NEXT_YEAR)
    assert Recovery.objects.count() == 1
    assert [o for o in broken(at=NEXT_YEAR + timedelta(days=30)) if "expense" in o or "recover" in o] == []
