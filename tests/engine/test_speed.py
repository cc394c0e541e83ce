"""Published speed: from the first submission, nothing subtracted, every stopped clock explained."""

from datetime import timedelta

import pytest

from rdfast.audit.models import Event
from rdfast.flow import appealing, granting, paying, signing, submitting
from rdfast.funding.models import Award
from rdfast.programmes.models import Appointment
from rdfast.proposals.models import Proposal
from rdfast.reports import speed
from tests import make

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _declined(w: make.World, number: int, *, after: timedelta) -> Proposal:
    proposal = make.submitted(w, by=make.person(f"Pi{number}", w.institute))
    granting.decline(proposal.pk, reason="Unclear.", by=w.minjun, at=make.MONDAY + after)
    return proposal


def test_a_returned_proposal_counts_from_its_first_submission_and_says_how_long_its_clock_stood_still() -> (
    None
):
    w = make.world()
    proposal = make.submitted(w)
    granting.give_back(proposal.pk, reason="Say more.", by=w.minjun, at=make.MONDAY + 10 * HOUR)
    submitting.submit(proposal.pk, by=w.hana, at=make.MONDAY + 34 * HOUR)
    granting.approve(proposal.pk, amount=60_000_000, reason="Yes.", by=w.minjun, at=make.MONDAY + 40 * HOUR)
    award = Award.objects.get()
    sha256 = signing.agreement_hash(signing.agreement_text(award, at=make.MONDAY + 50 * HOUR))
    signing.sign(award.pk, sha256=sha256, account=make.ACCOUNT, by=w.sejin, at=make.MONDAY + 50 * HOUR)
    tranche = award.tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY + 60 * HOUR)
    paying.release(tranche.pk, by=w.finn, at=make.MONDAY + 70 * HOUR)
    found = speed.of_proposal(Proposal.objects.get(pk=proposal.pk))
    assert found
    assert (found.to_decision, found.to_decision_running) == (40 * HOUR, 16 * HOUR)
    assert (found.to_money, found.to_money_running) == (70 * HOUR, 46 * HOUR)
    assert found.signed_at == make.MONDAY + 50 * HOUR
    assert [(stop.reason, stop.until) for stop in found.stops] == [("returned", make.MONDAY + 34 * HOUR)]


def test_what_was_never_submitted_has_no_speed_and_what_is_open_no_decision() -> None:
    w = make.world()
    assert speed.of_proposal(make.draft(w)) is None
    proposal = make.submitted(w, by=make.person("Other", w.institute))
    granting.give_back(proposal.pk, reason="Say more.", by=w.minjun, at=make.MONDAY + HOUR)
    found = speed.of_proposal(proposal)
    assert found and found.to_decision is None and found.to_money is None
    assert [(stop.reason, stop.until) for stop in found.stops] == [("returned", None)]


def test_an_outage_and_missing_funds_are_named_and_what_stood_still_at_once_counts_once() -> None:
    start = make.MONDAY
    stops = [
        speed.Stop(speed.NO_FUNDS, start + HOUR, start + 5 * HOUR),
        speed.Stop(speed.OUTAGE, start + 3 * HOUR, start + 8 * HOUR),
    ]
    found = speed.Speed(start, start + 10 * HOUR, None, start + 6 * HOUR, stops)
    assert found.to_decision_running == 3 * HOUR
    assert found.to_money_running == HOUR


def _waiting_for_money() -> tuple[make.World, Proposal]:
    """Declined after two hours; its appeal was upheld after two days, and there is no money."""
    w = make.world(allotted=600_000_000, programme_exposure_percent=100, organisation_exposure_percent=100)
    proposal = make.submitted(w)
    granting.decline(proposal.pk, reason="Unclear.", by=w.minjun, at=make.MONDAY + 2 * HOUR)
    event = Event.objects.get(kind="proposal.decline")
    appeal = appealing.file(proposal.pk, event.pk, text="It is.", by=w.hana, at=make.MONDAY + DAY)
    make.programmes.cut(
        w.envelope.pk, amount=560_000_000, reason="crisis", key="c", by=w.finn, at=make.MONDAY
    )
    appealing.uphold(appeal.pk, reason="Yes.", by=w.committee[0], at=make.MONDAY + 2 * DAY)
    return w, proposal


def test_an_appeal_that_waits_for_money_does_not_change_the_first_decision() -> None:
    _w, proposal = _waiting_for_money()
    found = speed.of_proposal(Proposal.objects.get(pk=proposal.pk))
    assert found and found.to_decision == 2 * HOUR
    assert [(stop.reason, stop.until) for stop in found.stops] == [("no_funds", None)]


def test_a_no_ends_the_wait_for_money() -> None:
    w, proposal = _waiting_for_money()
    deputy = make.person("Deputy", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=deputy, role="deputy")
    granting.decline(proposal.pk, reason="No.", by=deputy, at=make.MONDAY + 3 * DAY)
    found = speed.of_proposal(Proposal.objects.get(pk=proposal.pk))
    assert found
    assert [(stop.reason, stop.until) for stop in found.stops] == [("no_funds", make.MONDAY + 3 * DAY)]


def test_months_with_few_cases_show_only_their_number() -> None:
    w = make.world()
    for number in range(4):
        _declined(w, number, after=10 * HOUR)
    (month,) = speed.to_decision(at=make.MONDAY + DAY)[w.programme.pk]
    assert (month.count, month.p50, month.p90, month.p50_running) == (4, None, None, None)
    _declined(w, 4, after=20 * HOUR)
    (month,) = speed.to_decision(at=make.MONDAY + DAY)[w.programme.pk]
    assert (month.month.isoformat(), month.count, month.p50) == ("2026-11-01", 5, 10 * HOUR)
    assert month.p90 == 16 * HOUR
    assert speed.to_money(at=make.MONDAY + DAY) == {}


def test_the_published_figures_agree_with_those_of_each_proposal() -> None:
    w = make.world()
    proposals = [_declined(w, number, after=(10 + number) * HOUR) for number in range(4)]
    late = make.submitted(w)
    granting.give_back(late.pk, reason="Say more.", by=w.minjun, at=make.MONDAY + HOUR)
    submitting.submit(late.pk, by=w.hana, at=make.MONDAY + 30 * HOUR)
    granting.decline(late.pk, reason="No.", by=w.minjun, at=make.MONDAY + 40 * HOUR)
    (month,) = speed.to_decision(at=make.MONDAY + 3 * DAY)[w.programme.pk]
    each = [speed.of_proposal(Proposal.objects.get(pk=found.pk)) for found in [*proposals, late]]
    whole = sorted(found.to_decision for found in each if found and found.to_decision)
    running = sorted(found.to_decision_running for found in each if found and found.to_decision_running)
    assert (month.p50, month.p50_running) == (whole[2], running[2]) == (12 * HOUR, 11 * HOUR)
