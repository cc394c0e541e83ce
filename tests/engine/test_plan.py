"""The plan of the whole work: owed from the signature, handed in, decided on; silence suspends or is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rdfast.audit.models import Event
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import ManyRulesBroken, NotAllowed, OutOfDate
from rdfast.core.working_days import after_working_days, end_of
from rdfast.flow import planning
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.outbox.models import Message
from rdfast.plans import operations as plans
from rdfast.plans.models import Plan
from rdfast.plans.operations import ReasonMissing, Step
from rdfast.reports.invariants import broken
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
AT, DAY = make.MONDAY, timedelta(days=1)


def _pending(plan: Plan) -> list[str]:
    mine = Timer.objects.filter(subject_kind="plans.plan", subject_id=plan.pk, status="pending")
    return list(mine.exclude(kind=Kind.REMINDER).values_list("kind", flat=True))


def _state(award: Award) -> str:
    return str(Award.objects.values_list("state", flat=True).get(pk=award.pk))


def test_a_signed_award_owes_a_plan_that_begins_as_its_proposal() -> None:
    award = make.signed(make.world())
    plan = award.plan
    assert (plan.state, plan.scope, plan.amount) == ("due", award.proposal.aim, award.asked_amount)
    assert [step.title for step in plan.steps.all()] == ["Cell", "Stack"]
    assert sum(line.amount for line in plan.budget.all()) == 400_000_000
    assert "Jiwoo" in plan.team
    timer = Timer.objects.get(kind=Kind.PLAN_DUE)
    assert timer.due_at == plan.due_at == end_of((AT + 30 * DAY).date())
    reminders = Timer.objects.filter(about=timer).order_by("due_at")
    assert [timer.due_at - each.due_at for each in reminders] == [7 * DAY, 3 * DAY]


def test_a_plan_is_handed_in_and_accepted_and_waits_for_nobody_then() -> None:
    w = make.world()
    plan = make.plan_handed_in(make.signed(w))
    assert (plan.state, _pending(plan)) == ("submitted", ["decide_plan"])
    assert Timer.objects.get(kind=Kind.DECIDE_PLAN).due_at == after_working_days(AT, 10)
    assert Message.objects.filter(to=w.minjun, subject__startswith="Plan to look at").exists()
    planning.accept(plan.pk, reason="", by=w.minjun, at=AT)
    assert _pending(plan) == []
    assert Message.objects.filter(to=w.hana, subject__startswith="Plan accepted").exists()
    assert _state(plan.award) == "provisional"
    assert broken(at=AT) == []


def test_a_returned_plan_is_due_again_and_comes_back() -> None:
    w = make.world()
    plan = make.plan_handed_in(make.signed(w))
    with pytest.raises(ReasonMissing):
        planning.return_(plan.pk, reason=" ", by=w.minjun, at=AT)
    returned = planning.return_(plan.pk, reason="Say more about the data.", by=w.minjun, at=AT)
    assert (returned.state, returned.due_at) == ("returned", plan.due_at)
    assert _pending(plan) == ["plan_due"]
    again = planning.submit(plan.pk, by=w.hana, at=AT + DAY)
    assert (again.state, _pending(plan)) == ("submitted", ["decide_plan"])


@pytest.mark.parametrize("who", ["sejin", "minjun", "olga", "yuna"])
def test_only_the_principal_investigator_writes_and_hands_in_the_plan(who: str) -> None:
    w = make.world()
    plan = make.signed(w).plan
    content = make.plan_content(plan)
    with pytest.raises(NotAllowed):
        plans.save(plan.pk, content, revision=0, by=getattr(w, who), at=AT)
    plans.save(plan.pk, content, revision=0, by=w.hana, at=AT)
    with pytest.raises(NotAllowed):
        planning.submit(plan.pk, by=getattr(w, who), at=AT)
    assert Plan.objects.get().state == "due"


@pytest.mark.parametrize("who", ["hana", "sejin", "yuna", "finn", "olga"])
def test_only_managers_and_the_head_decide_on_a_plan(who: str) -> None:
    w = make.world()
    plan = make.plan_handed_in(make.signed(w))
    for decide in (planning.accept, planning.return_):
        with pytest.raises(NotAllowed):
            decide(plan.pk, reason="Mine.", by=getattr(w, who), at=AT)
    assert Plan.objects.get().state == "submitted"


def test_a_plan_is_handed_in_and_decided_once() -> None:
    w = make.world()
    plan = make.plan_handed_in(make.signed(w))
    with pytest.raises(NotPossibleNow):
        planning.submit(plan.pk, by=w.hana, at=AT)
    with pytest.raises(NotAllowed):
        plans.save(plan.pk, make.plan_content(plan), revision=1, by=w.hana, at=AT)
    planning.accept(plan.pk, reason="", by=w.minjun, at=AT)
    with pytest.raises(NotPossibleNow):
        planning.return_(plan.pk, reason="Late thought.", by=w.minjun, at=AT)
    assert Event.objects.filter(kind="plan.submit").count() == 1


def test_a_stale_form_is_noticed() -> None:
    w = make.world()
    plan = make.signed(w).plan
    plans.save(plan.pk, make.plan_content(plan), revision=0, by=w.hana, at=AT)
    with pytest.raises(OutOfDate):
        plans.save(plan.pk, make.plan_content(plan, scope="Another"), revision=0, by=w.hana, at=AT)
    assert Plan.objects.get().scope != "Another"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"scope": "", "data": ""}, {"scope", "data_plan"}),
        ({"amount": 360_000_001, "own_cash": 29_999_999}, {"amount"}),
        ({"amount": 59_999_999}, {"amount", "budget"}),
        ({"budget": {}}, {"budget"}),
        ({"own_kind": 0}, {"budget"}),
        ({"steps": []}, {"steps"}),
        ({"steps": [Step()]}, {"steps", *(f"steps-0-{name}" for name in ("title", "criterion", "due_on"))}),
        ({"steps": [Step("A", "B", AT.date(), 100)]}, {"steps-0-due_on"}),
        ({"steps": [Step("A", "B", (AT + 701 * DAY).date(), 100)]}, {"steps-0-due_on"}),
        (
            {
                "steps": [
                    Step("A", "B", (AT + 60 * DAY).date(), 40),
                    Step("C", "D", (AT + 50 * DAY).date(), 40),
                ]
            },
            {"steps"},
        ),
    ],
)
def test_every_gap_is_named_beside_its_field(changes: dict[str, object], fields: set[str]) -> None:
    w = make.world()
    plan = make.signed(w).plan
    plans.save(plan.pk, make.plan_content(plan, **changes), revision=0, by=w.hana, at=AT)
    with pytest.raises(ManyRulesBroken) as refused:
        planning.submit(plan.pk, by=w.hana, at=AT)
    assert (
        fields <= {refusal.field for refusal in refused.value.refusals} <= fields | {"steps-0-share_percent"}
    )
    assert Plan.objects.get().state == "due"


def test_an_overdue_plan_suspends_after_its_warnings_and_can_still_be_handed_in() -> None:
    w = make.world()
    award = make.signed(w)
    settle_down(at=AT + 23 * DAY)
    settle_down(at=AT + 24 * DAY)
    assert Message.objects.filter(to=w.hana, subject__startswith="Reminder: Plan").exists()
    assert _state(award) == "provisional"
    settle_down(at=AT + 31 * DAY)
    assert _state(award) == "provisional_suspended"
    assert Award.objects.get().suspension_cause == "plan_overdue"
    assert set(award.tranches.values_list("state", flat=True)) == {"held"}
    plan = make.plan_handed_in(award, at=AT + 32 * DAY)
    assert plan.state == "submitted"
    assert _state(award) == "provisional_suspended"
    assert broken(at=AT + 32 * DAY) == []


def test_an_unwarned_plan_clock_harms_nobody() -> None:
    w = make.world()
    award = make.signed(w)
    settle_down(at=AT + 40 * DAY)
    assert _state(award) == "provisional"
    assert Event.objects.filter(kind="clock.stopped").exists()


def test_silence_about_a_plan_is_told_to_the_head_again_and_again_and_accepts_nothing() -> None:
    w = make.world()
    plan = make.plan_handed_in(make.signed(w))
    for _round in range(2):
        settle_down(at=Timer.objects.get(kind=Kind.DECIDE_PLAN, status="pending").due_at)
    assert Event.objects.filter(kind="plan.late").count() == 2
    assert Message.objects.filter(to=w.doyun, subject__startswith="Plan waits").count() == 2
    assert Plan.objects.get().state == "submitted"
    planning.accept(plan.pk, reason="", by=w.doyun, at=AT + 40 * DAY)
    assert Plan.objects.get().state == "accepted"


def test_a_step_that_restates_a_milestone_of_another_award_stands_for_itself() -> None:
    w = make.world()
    plan = make.signed(w).plan
    steps = [replace(step, milestone=999_999) for step in make.plan_content(plan).steps]
    plans.save(plan.pk, make.plan_content(plan, steps=steps), revision=0, by=w.hana, at=AT)
    assert [step.milestone for step in plan.steps.all()] == [None, None]
