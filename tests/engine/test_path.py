"""The whole path, as its accountant would check it."""

from datetime import timedelta

import pytest

from rdfast.flow import accounting, evaluating, paying
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.ledger import queries as ledger
from rdfast.outbox.models import Message
from rdfast.programmes.models import BudgetCategory
from rdfast.reviews.models import Finding, Review
from rdfast.settlement import operations as settlement
from rdfast.settlement.operations import Line, Verdict
from tests import make

pytestmark = pytest.mark.django_db


def test_one_proposal_goes_all_the_way_to_the_second_payment() -> None:
    w = make.world()
    milestone = make.reported(w)
    award = Award.objects.get()
    now = milestone.reported_at or make.MONDAY
    assert ledger.boxes_of_award(award.pk)["advances"] == 24_000_000

    for reviewer in w.reviewers[:3]:
        review = Review.objects.get(reviewer=reviewer, milestone=milestone)
        evaluating.accept(review.pk, by=reviewer, at=now)
    for reviewer in w.reviewers[:3]:
        review = Review.objects.get(reviewer=reviewer, milestone=milestone)
        scores = {"reached": 5, "evidence": 4, "worth": 5, "money": 4}
        evaluating.deliver(review.pk, scores=scores, grade="passed", comments="Good.", by=reviewer, at=now)
    finding = Finding.objects.get()
    evaluating.confirm(finding.pk, reason="Agreed.", by=w.minjun, at=now)
    second = award.tranches.get(number=2)
    assert second.state == "scheduled"

    claim = settlement.start(award.pk, by=w.hana, at=now, once=make.uuid4())
    line = Line(BudgetCategory.objects.earliest("pk"), now.date(), "Salaries", 20_000_000)
    settlement.save(claim.pk, [line], files=[], revision=0, by=w.hana, at=now)
    accounting.submit(claim.pk, by=w.hana, at=now)
    verdicts = {each.pk: Verdict(each.amount) for each in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=w.finn, at=now)

    second.refresh_from_db()
    assert second.state == "ready"
    paying.approve(second.pk, by=w.minjun, at=now)
    paying.release(second.pk, by=w.finn, at=now)
    boxes = ledger.boxes_of_award(award.pk)
    assert (boxes["obligated"], boxes["advances"], boxes["expense"]) == (0, 40_000_000, 20_000_000)
    settle_down(at=now + timedelta(days=1))
    assert not Message.objects.exclude(status="delivered").exists()
