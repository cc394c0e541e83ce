"""A year's money: allotted, cut, taken back at its end, carried over; once each, and never more than there is."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rdfast.audit.models import Event
from rdfast.core.refusals import NotAllowed
from rdfast.flow import allotting, appealing, granting
from rdfast.flow.deadlines import settle_down
from rdfast.funding.limits import ExposureTooHigh
from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.models import Arrow
from rdfast.ledger.queries import balance, boxes_of_envelope
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Envelope
from rdfast.programmes.operations import NoNextYear, NotAllotted, NothingDiffers, YearNotOver
from rdfast.programmes.queries import allotment_of, available_in, cap_base_of
from rdfast.proposals.models import Proposal
from rdfast.reports import invariants
from tests import make

pytestmark = pytest.mark.django_db
NEXT_YEAR = datetime(2027, 1, 4, 9, 0, tzinfo=make.SEOUL)


def _next(w: make.World) -> Envelope:
    return Envelope.objects.create(programme=w.programme, year=2027)


def test_a_year_is_ended_only_once_it_is_over_and_keeps_its_allotment() -> None:
    w = make.world(allotted=100)
    with pytest.raises(YearNotOver, match="2026 is not over"):
        allotting.end_year(w.envelope.pk, reason="over", key="1", by=w.doyun, at=make.MONDAY)
    assert available_in(w.envelope) == 100
    for _click in range(2):
        allotting.end_year(w.envelope.pk, reason="over", key="1", by=w.doyun, at=NEXT_YEAR)
    assert balance(BoxKind.RETURNED, envelope_id=w.envelope.pk) == 100
    assert (available_in(w.envelope), allotment_of(w.envelope)) == (0, 100)
    assert Event.objects.filter(kind="envelope.year_ended").count() == 1
    with pytest.raises(NotAllotted, match="Nothing is left"):
        allotting.end_year(w.envelope.pk, reason="again", key="2", by=w.doyun, at=NEXT_YEAR)


def test_what_comes_free_after_the_year_was_ended_is_taken_back_by_ending_it_again() -> None:
    w = make.world(allotted=100)
    allotting.end_year(w.envelope.pk, reason="over", key="1", by=w.doyun, at=NEXT_YEAR)
    allotting.allot(w.envelope.pk, amount=7, reason="late", key="late", by=w.finn, at=NEXT_YEAR)
    assert allotting.end_year(w.envelope.pk, reason="rest", key="3", by=w.doyun, at=NEXT_YEAR) == 7
    assert balance(BoxKind.RETURNED, envelope_id=w.envelope.pk) == 107


def test_money_is_carried_over_by_two_arrows_of_one_event() -> None:
    w = make.world(allotted=100)
    following = _next(w)
    for _click in range(2):
        allotting.carry_over(w.envelope.pk, amount=40, reason="goes on", key="1", by=w.doyun, at=NEXT_YEAR)
    event = Event.objects.get(kind="envelope.carried_over")
    assert sorted(event.arrows.values_list("what", "amount")) == [("carried_in", 40), ("carried_out", 40)]
    assert (available_in(w.envelope), allotment_of(w.envelope)) == (60, 100)
    assert (available_in(following), allotment_of(following)) == (40, 40)
    assert (
        sum(boxes_of_envelope(w.envelope.pk).values()) == 0 == sum(boxes_of_envelope(following.pk).values())
    )
    assert invariants.broken(at=NEXT_YEAR) == []


def test_what_is_carried_over_counts_for_the_caps_of_one_running_year() -> None:
    w = make.world(allotted=100)
    following = _next(w)
    carry: dict[str, Any] = {"reason": "goes on", "by": w.doyun}
    allotting.carry_over(w.envelope.pk, amount=40, key="1", at=make.MONDAY, **carry)
    assert (cap_base_of(w.envelope), cap_base_of(following)) == (60, 40)
    assert (allotment_of(w.envelope), available_in(w.envelope)) == (100, 60)
    allotting.carry_over(w.envelope.pk, amount=10, key="2", at=NEXT_YEAR, **carry)
    assert (cap_base_of(w.envelope), cap_base_of(following)) == (60, 50)


def test_a_running_year_keeps_what_the_caps_of_its_awards_need() -> None:
    w = make.world(allotted=1_000_000_000)
    award = make.paid(w).award  # 24 million are out, 36 million are expected: 60, or ten percent of 600
    following = _next(w)
    carry: dict[str, Any] = {"reason": "goes on", "by": w.doyun, "at": make.MONDAY}
    with pytest.raises(ExposureTooHigh, match="exceeded by ₩1"):
        allotting.carry_over(w.envelope.pk, amount=400_000_010, key="1", **carry)
    assert available_in(following) == 0
    allotting.carry_over(w.envelope.pk, amount=400_000_000, key="2", **carry)
    assert available_in(following) == 400_000_000
    assert award.organisation == w.institute and invariants.broken(at=make.MONDAY) == []


@pytest.mark.parametrize("amount", [0, -1, 101])
def test_too_much_or_nothing_is_not_carried_over(amount: int) -> None:
    w = make.world(allotted=100)
    following, before = _next(w), Arrow.objects.count()
    with pytest.raises(NotAllotted):
        programmes.carry_over(w.envelope.pk, amount=amount, reason="x", key="1", by=w.doyun, at=NEXT_YEAR)
    assert Arrow.objects.count() == before and available_in(following) == 0


def test_money_is_not_carried_over_into_a_year_without_an_envelope() -> None:
    w = make.world(allotted=100)
    with pytest.raises(NoNextYear, match="2027"):
        allotting.carry_over(w.envelope.pk, amount=40, reason="x", key="1", by=w.doyun, at=NEXT_YEAR)
    assert available_in(w.envelope) == 100


def test_only_finance_officers_record_and_only_the_head_decides() -> None:
    w = make.world(allotted=100)
    _next(w)
    some: dict[str, Any] = {"amount": 1, "reason": "x", "at": NEXT_YEAR}
    for who in (w.doyun, w.minjun, w.admin, w.audrey, w.hana):
        with pytest.raises(NotAllowed):
            allotting.allot(w.envelope.pk, key="a", by=who, **some)
        with pytest.raises(NotAllowed):
            allotting.cut(w.envelope.pk, key="c", by=who, **some)
    for who in (w.finn, w.minjun, w.admin, w.audrey, w.hana):
        with pytest.raises(NotAllowed):
            allotting.end_year(w.envelope.pk, reason="x", key="e", by=who, at=NEXT_YEAR)
        with pytest.raises(NotAllowed):
            allotting.carry_over(w.envelope.pk, key="o", by=who, **some)
    assert available_in(w.envelope) == 100


def test_new_money_starts_the_clock_of_the_first_in_line() -> None:
    w = make.world(allotted=600_000_000, programme_exposure_percent=100, organisation_exposure_percent=100)
    proposal = make.submitted(w)
    granting.decline(proposal.pk, reason="Unclear.", by=w.minjun, at=make.MONDAY)
    event = Event.objects.get(kind="proposal.decline")
    appeal = appealing.file(proposal.pk, event.pk, text="It is clear.", by=w.hana, at=make.MONDAY)
    allotting.cut(w.envelope.pk, amount=560_000_000, reason="crisis", key="1", by=w.finn, at=make.MONDAY)
    appealing.uphold(appeal.pk, reason="It is.", by=w.committee[0], at=make.MONDAY)
    assert Proposal.objects.get(pk=proposal.pk).waits_since == make.MONDAY
    later = make.MONDAY + timedelta(days=3)
    allotting.allot(w.envelope.pk, amount=100_000_000, reason="more", key="more", by=w.finn, at=later)
    settle_down(at=later)
    assert Proposal.objects.get(pk=proposal.pk).waits_since is None


def test_a_form_that_comes_back_with_another_amount_is_refused_in_words() -> None:
    w = make.world(allotted=100)
    programmes.allot(w.envelope.pk, amount=5, reason="More.", key="form", by=w.finn, at=make.MONDAY)
    with pytest.raises(NotAllotted, match="another amount"):
        programmes.allot(w.envelope.pk, amount=50, reason="More.", key="form", by=w.finn, at=make.MONDAY)
    assert available_in(w.envelope) == 105


def test_a_version_that_waits_for_its_day_is_replaced_by_what_is_in_force_or_begun_earlier() -> None:
    w = make.world()
    first, day = w.programme.policies.get(), timedelta(days=1)

    def adopt(values: dict[str, Any], starts_at: datetime) -> int:
        return programmes.adopt(
            w.programme.pk,
            values=values,
            reason=f"{starts_at}",
            starts_at=starts_at,
            by=w.doyun,
            at=make.MONDAY,
        ).number

    changed = {**first.values, "sign_days": 20}
    assert adopt(changed, make.MONDAY + 30 * day) == 2
    assert adopt(changed, make.MONDAY + 10 * day) == 3
    assert adopt(first.values, make.MONDAY + 10 * day) == 4
    with pytest.raises(NothingDiffers):
        adopt(first.values, make.MONDAY + 20 * day)


def test_a_version_that_changes_nothing_is_refused_and_the_same_twice_counts_once() -> None:
    w = make.world()
    new: dict[str, Any] = {
        "values": {"quorum": 3},
        "starts_at": make.MONDAY,
        "by": w.doyun,
        "at": make.MONDAY,
    }
    first = programmes.adopt(w.programme.pk, reason="more eyes", after=1, **new)
    assert programmes.adopt(w.programme.pk, reason="more eyes", after=1, **new) == first
    with pytest.raises(NothingDiffers):
        programmes.adopt(w.programme.pk, reason="other words", after=2, **new)
    assert w.programme.policies.count() == 2
