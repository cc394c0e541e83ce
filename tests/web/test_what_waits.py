"""Whoever has to act finds it where they look, and nobody is told that nothing is left to do when something is."""

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from rdfast.appeals.queries import appealable
from rdfast.core.working_days import after_days
from rdfast.flow import appealing, confirming, moving, proceeding, recovering
from rdfast.funding.models import Award
from rdfast.funding.states import Cause
from rdfast.milestones.models import Evidence, MilestoneReport
from rdfast.timers import clock
from tests import make
from tests.web.browsing import as_

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now", "own_storage")]
DAY = timedelta(days=1)


def _notice(w: make.World, award: Award) -> int:
    opened = proceeding.open_(
        award.pk, "termination", reason="Doubts.", possible_outcome="The end.", by=w.minjun, at=clock.now()
    )
    return int(opened.pk)


def test_a_notice_asks_both_who_may_reply_and_leads_to_its_page() -> None:
    w = make.world()
    award = make.paid(w).award
    page = reverse("researcher:proceeding", args=[_notice(w, award)])
    for person in (w.hana, w.sejin):
        mine = as_(person).get(reverse("researcher:home"))
        assertContains(mine, "Reply to the notice")
        assertContains(mine, f'href="{page}"')


def test_a_change_of_the_programme_asks_who_signs_and_tells_the_others_who_does() -> None:
    w = make.world()
    change = make.change(make.paid(w).award, w.minjun, amount=50_000_000)
    page = reverse("change", args=[change.pk])
    mine = as_(w.sejin).get(reverse("researcher:home"))
    assertContains(mine, "Answer the proposed change")
    assertContains(mine, f'href="{page}"')
    assertNotContains(as_(w.hana).get(reverse("researcher:home")), "Answer the proposed change")
    assertContains(as_(w.hana).get(page), "Whoever signs for the organisation answers it.")


def test_ones_own_change_asks_nothing_of_oneself() -> None:
    w = make.world()
    change = make.change(make.paid(w).award, w.hana, amount=70_000_000)
    assertNotContains(as_(w.sejin).get(reverse("researcher:home")), "Answer the proposed change")
    page = as_(w.hana).get(reverse("change", args=[change.pk]))
    assertContains(page, "A manager or the head of the programme answers it.")


def test_an_appeal_leads_to_its_page_and_says_what_it_is_about() -> None:
    w = make.world()
    milestone = make.passed(w, grade="conditional")
    at = milestone.reported_at or clock.now()
    proposal = milestone.award.proposal
    (event,) = [each for each in appealable(proposal, at=at) if each.kind == "finding.confirmed"]
    appeal = appealing.file(proposal.pk, event.pk, text="It is.", by=w.hana, at=at)
    page = reverse("researcher:appeal", args=[appeal.pk])
    assertContains(as_(w.hana).get(reverse("researcher:home")), f'href="{page}"')
    about = f"{milestone}: Conditional"
    assertContains(as_(w.hana).get(page), about)
    judged = as_(w.committee[0]).get(reverse("committee:appeal", args=[appeal.pk]))
    assertContains(judged, about)
    assertContains(judged, "Read.")  # what the reviewers wrote
    assertNotContains(judged, w.reviewers[0].name)


def test_who_judges_an_appeal_reads_the_evidence_and_other_members_do_not() -> None:
    w = make.world()
    milestone = make.passed(w, grade="conditional")
    at = milestone.reported_at or clock.now()
    report = MilestoneReport.objects.get(milestone=milestone)
    file = Evidence.objects.create(
        report=report, name="a.pdf", path="a.pdf", content_type="application/pdf", size=1, sha256="0" * 64
    )
    url = reverse("evidence", args=[file.pk])
    assert as_(w.committee[0]).get(url).status_code == 404
    (event,) = [
        each for each in appealable(milestone.award.proposal, at=at) if each.kind == "finding.confirmed"
    ]
    appealing.file(milestone.award.proposal_id, event.pk, text="It is.", by=w.hana, at=at)
    with pytest.raises(FileNotFoundError):  # found, and read from the disk
        as_(w.committee[0]).get(url)
    assert as_(w.olga).get(url).status_code == 404
    later = MilestoneReport.objects.create(
        milestone=milestone, round=report.round + 1, text="Cured.", by=w.hana, at=at
    )
    cure = Evidence.objects.create(
        report=later, name="b.pdf", path="b.pdf", content_type="application/pdf", size=1, sha256="0" * 64
    )
    assert as_(w.committee[0]).get(reverse("evidence", args=[cure.pk])).status_code == 404


def test_a_debtor_is_not_told_that_nothing_is_left_to_do() -> None:
    w = make.world()
    award = make.ended(w)
    recovery = make.recovery(w, award, amount=24_000_000)
    at = clock.now()
    make.run_to(after_days(at, 40))
    page = as_(w.hana).get(reverse("researcher:award", args=[award.pk]))
    assertNotContains(page, "Everything is accounted for")
    assertContains(page, reverse("researcher:recovery", args=[recovery.pk]))


def test_an_applicant_does_not_read_of_a_recovery_that_was_dropped_before_its_notice() -> None:
    w = make.world()
    award = make.ended(w)
    at = clock.now()
    recovery = recovering.propose(
        award.pk, kind="unspent", amount=1_000_000, origin="advances", reason="Unspent.", by=w.finn, at=at
    )
    recovering.dismiss(recovery.pk, conclusion="A slip of ours.", by=w.minjun, at=at)
    assertNotContains(as_(w.hana).get(reverse("researcher:award", args=[award.pk])), "A slip of ours.")
    assertContains(as_(w.minjun).get(reverse("manager:award", args=[award.pk])), "A slip of ours.")


def test_the_head_may_extend_the_confirmation_while_a_motion_waits() -> None:
    w = make.world()
    milestone = make.passed(w)
    award = milestone.award
    moving.propose_confirmation(
        award.pk, envelope_id=w.envelope.pk, reason="It works.", by=w.minjun, at=clock.now()
    )
    page = as_(w.doyun).get(reverse("manager:award", args=[award.pk]))
    assertContains(page, "Waits for the second signature:")
    assertContains(page, reverse("manager:extend", args=[award.pk]))
    confirming.extend(award.pk, days=30, reason="Second approver ill.", by=w.doyun, at=clock.now())
    page = as_(w.doyun).get(reverse("manager:award", args=[award.pk]))
    assertNotContains(page, reverse("manager:extend", args=[award.pk]))
    assertNotContains(page, "Nothing can be proposed by you now.")


def test_what_a_manager_has_to_answer_stands_in_the_inbox_until_it_is_answered() -> None:
    w = make.world()
    milestone = make.passed(w, grade="failed")
    inbox = reverse("manager:inbox")
    page = as_(w.minjun).get(inbox)
    assertContains(page, "Missed and failed milestones to answer (1)")
    assertContains(page, reverse("manager:milestone", args=[milestone.pk]))
    assertNotContains(page, "Awards to confirm, resume or end")
    make.suspended(milestone.award, Cause.PLAN_OVERDUE, at=clock.now())
    page = as_(w.minjun).get(inbox)
    assertContains(page, "Suspended: to be resumed or ended")
    assertNotContains(as_(w.yuna).get(inbox), "Awards to confirm, resume or end")


def test_an_award_that_is_ready_stands_in_the_inbox_until_its_confirmation_is_proposed() -> None:
    w = make.world()
    award = make.passed(w).award
    inbox = reverse("manager:inbox")
    page = as_(w.minjun).get(inbox)
    assertContains(page, "Plan accepted, milestone passed: to be confirmed")
    moving.propose_confirmation(
        award.pk, envelope_id=w.envelope.pk, reason="It works.", by=w.minjun, at=clock.now()
    )
    assertNotContains(as_(w.minjun).get(inbox), "to be confirmed")
