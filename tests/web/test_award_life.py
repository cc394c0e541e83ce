"""The life of an award through the browser's door: plan, motions, leave, final report, the wish to end."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from rdfast.flow import moving, stopping
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award, Motion
from rdfast.milestones.models import FinalReport, Milestone
from rdfast.plans.models import Plan
from rdfast.programmes import operations as programmes
from rdfast.timers.queries import next_due
from tests import make
from tests.web.browsing import as_, queries_for, said_beside, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now", "own_storage")]
Now = Callable[[datetime], None]
DAY = timedelta(days=1)


def my(name: str, pk: int) -> str:
    return reverse(f"researcher:{name}", args=[pk])


def theirs(name: str, pk: int) -> str:
    return reverse(f"manager:{name}", args=[pk])


def test_the_plan_is_filled_in_saved_and_handed_in() -> None:
    w = make.world()
    award = make.signed(w)
    page = as_(w.hana).get(my("award", award.pk))
    assertContains(page, "Write the plan")
    assertContains(as_(w.hana).get(reverse("researcher:home")), "Write the plan of the whole work")
    page = as_(w.hana).get(my("plan", award.pk))
    assertContains(page, award.proposal.aim)
    assertContains(page, 'value="Cell"')
    saved = as_(w.hana).post(my("plan", award.pk), make.plan_form(award.plan, action="save"), follow=True)
    assertContains(saved, "The draft is saved.")
    award.plan.refresh_from_db()
    assert (award.plan.state, award.plan.data) == ("due", "Published with the paper.")
    page = as_(w.hana).post(my("plan", award.pk), make.plan_form(award.plan), follow=True)
    assertContains(page, "The plan is handed in.")
    assert Plan.objects.get().state == "submitted"
    assert [step.milestone_id for step in award.plan.steps.all()] == [
        milestone.pk for milestone in award.milestones.order_by("number")
    ]
    again = as_(w.hana).post(my("plan", award.pk), make.plan_form(award.plan), follow=True)
    assertContains(again, "This plan can no longer be edited.")


def test_a_signatory_reads_the_plan_and_writes_nothing() -> None:
    w = make.world()
    award = make.signed(w)
    page = as_(w.sejin).get(my("plan", award.pk))
    assertContains(page, award.proposal.aim)
    assertNotContains(page, 'value="submit"')
    as_(w.sejin).post(my("plan", award.pk), make.plan_form(award.plan))
    assert Plan.objects.get().revision == 0


@pytest.mark.parametrize(
    ("field", "value", "message", "beside"),
    [
        ("data_plan", "", "Say what happens to the data", "data_plan"),
        ("amount", "360,000,001", "cannot ask for more", "amount"),
        ("own_cash", "1", "The two must be equal.", ""),
        ("steps-0-share_percent", "39", "they must add up to 100 %", ""),
        ("steps-1-due_on", "2026-11-01", "This day has passed.", "steps-1-due_on"),
        ("steps-1-title", "", "Name the milestone.", "steps-1-title"),
    ],
)
def test_what_the_plan_lacks_is_said_beside_its_field(
    field: str, value: str, message: str, beside: str
) -> None:
    w = make.world()
    award = make.signed(w)
    page = as_(w.hana).post(my("plan", award.pk), make.plan_form(award.plan, **{field: value}))
    assertContains(page, message)
    assertContains(page, "What you wrote is saved.")
    if beside:
        assert message in said_beside(page, beside)
    assert Plan.objects.get().state == "due"


def test_a_row_is_added_without_saving_anything() -> None:
    w = make.world()
    award = make.signed(w)
    page = as_(w.hana).post(my("plan", award.pk), make.plan_form(award.plan, add_row="steps"))
    assertContains(page, 'name="steps-2-title"')
    assert Plan.objects.get().revision == 0


def test_a_manager_returns_a_plan_with_a_reason_and_accepts_the_next() -> None:
    w = make.world()
    plan = make.plan_handed_in(make.signed(w))
    assertContains(as_(w.minjun).get(reverse("manager:inbox")), theirs("plan", plan.pk))
    page = as_(w.minjun).post(theirs("plan", plan.pk), {"answer": "return", "reason": ""})
    assertContains(page, "Say what is missing.")
    as_(w.minjun).post(theirs("plan", plan.pk), {"answer": "return", "reason": "More data."})
    assertContains(as_(w.hana).get(my("plan", plan.award_id)), "More data.")
    plan = make.plan_handed_in(plan.award)
    page = as_(w.yuna).get(theirs("plan", plan.pk))
    assertContains(page, "Somebody else answers this plan")
    as_(w.minjun).post(theirs("plan", plan.pk), {"answer": "accept", "reason": ""})
    assert Plan.objects.get().state == "accepted"
    late = as_(w.minjun).post(theirs("plan", plan.pk), {"answer": "return", "reason": "x"}, follow=True)
    assertContains(late, "Nothing was changed")


@pytest.fixture
def ripe(now: Now) -> tuple[make.World, Award]:
    """An award that can be raised and confirmed."""
    w = make.world()
    milestone = make.passed(w)
    now(milestone.reported_at or make.MONDAY)
    return w, Award.objects.get()


def test_an_award_is_confirmed_by_two_people_on_two_pages(ripe: tuple[make.World, Award]) -> None:
    w, award = ripe
    assertContains(as_(w.minjun).get(theirs("award", award.pk)), theirs("confirm_award", award.pk))
    page = as_(w.minjun).get(theirs("confirm_award", award.pk))
    assertContains(page, "₩360,000,000")
    assertContains(page, "Committed in the envelope")
    form = {"envelope": str(w.envelope.pk), "reason": "It works."}
    page = as_(w.minjun).post(theirs("confirm_award", award.pk), form)
    assertContains(page, "Tick the box")
    as_(w.minjun).post(theirs("confirm_award", award.pk), {**form, "understood": "on"})
    motion = Motion.objects.get()
    assertContains(as_(w.yuna).get(reverse("manager:inbox")), theirs("motion", motion.pk))
    assertNotContains(as_(w.minjun).get(reverse("manager:inbox")), theirs("motion", motion.pk))
    assertContains(as_(w.minjun).get(theirs("motion", motion.pk)), "Another person signs")
    answer = {"verdict": "carry", "answer": "", "understood": "on"}
    as_(w.minjun).post(theirs("motion", motion.pk), answer)
    assert Award.objects.get().state == "provisional"
    as_(w.yuna).post(theirs("motion", motion.pk), answer)
    assert Award.objects.get().state == "confirmed"
    late = as_(w.yuna).post(theirs("motion", motion.pk), answer, follow=True)
    assertContains(late, "Nothing was changed")
    assertContains(as_(w.hana).get(my("award", award.pk)), "Confirmed amount")
    assertContains(as_(w.minjun).get(theirs("award", award.pk)), "Confirmed amount")


def test_a_raise_beyond_the_limit_is_said_beside_the_amount(ripe: tuple[make.World, Award]) -> None:
    w, award = ripe
    form = {"envelope": str(w.envelope.pk), "reason": "More.", "understood": "on"}
    page = as_(w.minjun).post(theirs("raise", award.pk), {**form, "amount": "300,000,000"})
    assert "₩270,000,000" in said_beside(page, "amount")
    as_(w.minjun).post(theirs("raise", award.pk), {**form, "amount": "100,000,000"})
    assert Motion.objects.get().amount == 100_000_000


def test_what_the_envelope_refuses_is_said_to_the_signer_and_the_motion_waits(now: Now) -> None:
    w = make.world(allotted=400_000_000, programme_exposure_percent=100, organisation_exposure_percent=100)
    milestone = make.passed(w)
    at = milestone.reported_at or make.MONDAY
    now(at)
    motion = moving.propose_confirmation(
        milestone.award_id, envelope_id=w.envelope.pk, reason="x", by=w.minjun, at=at
    )
    programmes.cut(w.envelope.pk, amount=200_000_000, reason="Cut.", key="cut", by=None, at=at)
    answer = {"verdict": "carry", "answer": "", "understood": "on"}
    page = as_(w.yuna).post(theirs("motion", motion.pk), answer)
    assertContains(page, "₩140,000,000 left")
    assert Motion.objects.get().state == "proposed"


@pytest.mark.parametrize("name", ["raise", "confirm_award", "resume", "terminate", "extend"])
def test_what_is_not_possible_now_leads_back_to_the_award(name: str) -> None:
    w = make.world()
    award = make.signed(w)
    page = as_(w.minjun).get(theirs(name, award.pk))
    assert (page.status_code, page["Location"]) == (302, theirs("award", award.pk))
    assertContains(as_(w.minjun).get(theirs("award", award.pk)), "Nothing can be proposed by you now.")


def test_a_suspended_award_says_why_to_both_sides_and_is_resumed() -> None:
    w = make.world()
    award = make.suspended(make.signed(w), make.Cause.PLAN_OVERDUE)
    for page in (as_(w.hana).get(my("award", award.pk)), as_(w.minjun).get(theirs("award", award.pk))):
        assertContains(page, "The plan is overdue")
        assertContains(page, "(not put right yet)")
    make.plan_handed_in(award)
    assertContains(as_(w.hana).get(my("award", award.pk)), "(put right)")
    as_(w.minjun).post(theirs("resume", award.pk), {"reason": "It is in.", "understood": "on"})
    answer = {"verdict": "carry", "answer": "", "understood": "on"}
    as_(w.yuna).post(theirs("motion", Motion.objects.get().pk), answer)
    assert Award.objects.get().state == "provisional"


def test_the_head_extends_on_a_page() -> None:
    w = make.world()
    award = make.signed(w)
    form = {"days": "91", "reason": "A crack.", "understood": "on"}
    page = as_(w.doyun).post(theirs("extend", award.pk), form)
    assert "Between 1 and 90" in said_beside(page, "days")
    as_(w.doyun).post(theirs("extend", award.pk), {**form, "days": "90"})
    assert Award.objects.get().extended_at is not None
    assert as_(w.doyun).get(theirs("extend", award.pk)).status_code == 302


def test_the_end_is_asked_for_on_a_page_and_proposed_by_the_programme() -> None:
    w = make.world()
    award = make.signed(w)
    as_(w.hana).post(my("stop", award.pk), {"reason": "It does not hold.", "understood": "on"})
    assert as_(w.hana).get(my("stop", award.pk)).status_code == 302
    assertContains(as_(w.minjun).get(theirs("award", award.pk)), "It does not hold.")
    form = {"reason": "Agreed.", "lesson": "", "understood": "on"}
    page = as_(w.minjun).post(theirs("terminate", award.pk), form)
    assertContains(page, "This field is required.")
    as_(w.minjun).post(theirs("terminate", award.pk), {**form, "lesson": "No sulphide."})
    assertContains(as_(w.yuna).get(theirs("motion", Motion.objects.get().pk)), "No sulphide.")


def test_a_change_of_one_day_keeps_the_other_milestones() -> None:
    w = make.world()
    award = make.signed(w)
    form = {"action": "propose", "amount": str(award.amount), "reason": "The furnace is late."}
    form |= {"version": str(award.version), "once": str(uuid4())}
    form |= {"milestones-TOTAL_FORMS": "2", "milestones-INITIAL_FORMS": "0"}
    for index, (milestone, later) in enumerate(zip(award.milestones.order_by("number"), (1, 0), strict=True)):
        form |= {
            f"milestones-{index}-title": milestone.title,
            f"milestones-{index}-criterion": milestone.criterion,
            f"milestones-{index}-due_on": (milestone.due_on + later * DAY).isoformat(),
            f"milestones-{index}-share_percent": str(milestone.share_percent),
        }
    page = as_(w.hana).post(reverse("change_propose", args=[award.pk]), form, follow=True)
    assertContains(page, "The date is moved.")
    assert [each.title for each in award.milestones.filter(state="planned")] == ["Cell", "Stack"]


def test_leave_is_given_on_a_page(now: Now) -> None:
    w = make.world(account_days=400)
    milestone = make.paid(w).award.milestones.get(number=1)
    at = make.start_of(milestone.due_on + 16 * DAY)
    while (due := next_due()) is not None and due <= at:
        settle_down(at=due)
    now(at)
    assertContains(as_(w.minjun).get(theirs("milestone", milestone.pk)), theirs("leave", milestone.pk))
    page = as_(w.minjun).post(theirs("leave", milestone.pk), {"until": "2026-11-01", "reason": "Flu."})
    assert "This day has passed." in said_beside(page, "until")
    until = (at + 9 * DAY).date()
    as_(w.minjun).post(theirs("leave", milestone.pk), {"until": until.isoformat(), "reason": "Flu."})
    assert Milestone.objects.get(pk=milestone.pk).leave_until == until
    assertContains(as_(w.hana).get(my("milestone", milestone.pk)), "The programme lets you report")


def test_the_final_report_is_given_with_files_and_read_by_both_sides(now: Now) -> None:
    w = make.world(account_days=900)
    award = make.confirmed(w)
    assertContains(as_(w.hana).get(my("final_report", award.pk)), "No final report yet")
    milestone = make.passed_next(w, award, at=award.confirmed_at or make.MONDAY)
    now(milestone.reported_at or make.MONDAY)
    form: dict[str, Any] = {"text": "It holds.", "lesson": "", "understood": "on"}
    page = as_(w.hana).post(my("final_report", award.pk), form)
    assertContains(page, "This field is required.")
    form |= {"lesson": "Use oxide.", "evidence": SimpleUploadedFile("결과.pdf", b"%PDF-1.7\n%%EOF\n")}
    as_(w.hana).post(my("final_report", award.pk), form)
    assert Award.objects.get().state == "completed"
    file = FinalReport.objects.get().evidence.get()
    for page in (
        as_(w.sejin).get(my("final_report", award.pk)),
        as_(w.minjun).get(theirs("award", award.pk)),
    ):
        assertContains(page, "Use oxide.")
        assertContains(page, reverse("final_evidence", args=[file.pk]))
    assert as_(w.olga).get(reverse("final_evidence", args=[file.pk])).status_code == 404


def test_the_inbox_asks_the_database_equally_often_for_one_and_for_three() -> None:
    w = make.world()
    people = [make.person(name, w.institute) for name in ("Ari", "Bora", "Cho")]
    awards = [make.signed(w, by=people[0])]
    make.plan_handed_in(awards[0])
    stopping.ask_to_stop(awards[0].pk, reason="x", by=people[0], at=make.MONDAY)
    few = queries_for(w.minjun, reverse("manager:inbox"))
    for pi in people[1:]:
        award = make.signed(w, by=pi)
        make.plan_handed_in(award)
        stopping.ask_to_stop(award.pk, reason="x", by=pi, at=make.MONDAY)
    assert queries_for(w.minjun, reverse("manager:inbox")) == few


def test_a_wish_to_end_the_work_is_taken_back_with_one_press(now: Now) -> None:
    w = make.world()
    award = make.paid(w).award
    stopping.ask_to_stop(award.pk, reason="It does not hold.", by=w.hana, at=make.MONDAY)
    page, back = (reverse(f"researcher:{name}", args=[award.pk]) for name in ("award", "take_stop_back"))
    shown = text_of(as_(w.sejin).get(page))
    assert "Go on with the work" in shown
    assert back in shown
    assert "Ask to end the work" not in shown
    assert "told that the work goes on" in text_of(as_(w.sejin).post(back, follow=True))
    assert "Nothing was changed" in text_of(as_(w.sejin).post(back, follow=True))
    assert Award.objects.get().stop_asked_at is None
    assert "Ask to end the work" in text_of(as_(w.hana).get(page))


def test_nobody_is_asked_to_account_for_what_is_in_a_claim() -> None:
    w, home = make.world(), reverse("researcher:home")
    award = make.paid(w).award
    assertContains(as_(w.hana).get(home), "Account for the payment")
    make.claimed(w, award, amount=24_000_000)
    page = as_(w.hana).get(home)
    assertNotContains(page, "Account for the payment")
    assertContains(page, "Payment accounted for")


def test_nobody_is_asked_for_a_last_claim_that_was_made() -> None:
    w, home = make.world(), reverse("researcher:home")
    award = make.ended(w)
    assertContains(as_(w.hana).get(home), "Make the last claim")
    make.claimed(w, award, amount=24_000_000)
    assertNotContains(as_(w.hana).get(home), "Make the last claim")
