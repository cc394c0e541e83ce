"""What people do while an award runs: plan, extension, change, motions, late reports; to its completion and closing."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone

from rdfast.changes.models import Change
from rdfast.flow import paying
from rdfast.funding.models import Award, Motion
from rdfast.milestones.models import FinalReport
from rdfast.plans.models import Plan
from rdfast.timers import clock
from tests import make
from tests.prove.items import PDF, UNDERSTOOD, Fork, Item, Later, Post, happened, left_alone, newly, until


def work_that_succeeds() -> Iterator[Item]:
    """An award from its signature over plan, raise and confirmation to its completion and closing."""
    w = make.world(account_days=800)
    award = make.signed(w)
    yield Fork(
        [
            partial(_plan_forgotten, w, award),
            partial(_stopped_by_consent, w, award),
            partial(_moved_by_a_day, w, award),
            partial(_changed, w, award),
        ]
    )
    yield from _planned(w, award)
    url = reverse("manager:extend", args=[award.pk])
    form = {"days": "30", "reason": "A crack.", **UNDERSTOOD}
    yield Post(w.doyun, url, form, happened("award.extended", award))
    _pay(w, award)
    yield until(make.passed_next(w, award, at=clock.now()).reported_at)
    yield from _raised(w, award)
    yield Fork([partial(left_alone, 150, 164)])
    yield from _confirmed(w, award)
    yield until(make.passed_next(w, award, at=clock.now()).reported_at)
    yield Fork([partial(left_alone, 61)])
    yield from _completed(w, award)


def milestones_that_are_missed() -> Iterator[Item]:
    """Two milestones pass without a report; the first may be reported late."""
    w = make.world(account_days=800, confirmation_days=300)
    award = make.paid(w).award
    yield Later((47, 61, 73, 76))
    milestone = award.milestones.get(number=1)
    yield Fork([partial(left_alone, 61, 76, 88, 91)])
    until_day = timezone.localdate(clock.now()) + timedelta(days=9)
    form = {"until": until_day.isoformat(), "reason": "Flu."}
    url = reverse("manager:leave", args=[milestone.pk])
    yield Post(w.minjun, url, form, happened("milestone.leave_given", milestone))
    told = happened("milestone.report", milestone)
    url = reverse("researcher:milestone", args=[milestone.pk])
    yield Post(w.hana, url, {"text": "It held 81 %."}, told, files={"evidence": PDF})


def _plan_forgotten(w: make.World, award: Award) -> Iterator[Item]:
    """The award is suspended, and resumed once the plan is in after all."""
    yield Later((24, 31))
    yield Fork([partial(left_alone, 61, 76)])
    form = make.plan_form(Plan.objects.get(award=award))
    handed_in = happened("plan.submit", award.plan)
    yield Post(w.hana, reverse("researcher:plan", args=[award.pk]), form, handed_in)
    yield from _moved(w, award, "resume", {}, kind="award.resume")


def _planned(w: make.World, award: Award) -> Iterator[Item]:
    """A draft, a plan that is returned, and one that is accepted."""
    url, form = reverse("researcher:plan", args=[award.pk]), make.plan_form(award.plan)
    saved = Plan.objects.filter(award=award, revision=1)
    yield Post(w.hana, url, {**form, "action": "save"}, saved.count)
    handed_in = happened("plan.submit", award.plan)
    yield Post(w.hana, url, {**form, "revision": "1"}, handed_in)
    yield Fork([partial(left_alone, 15)])
    answer = reverse("manager:plan", args=[award.plan.pk])
    returned = happened("plan.return_", award.plan)
    yield Post(w.minjun, answer, {"answer": "return", "reason": "More data."}, returned)
    yield Post(w.hana, url, {**form, "revision": "2"}, newly(handed_in))
    yield Post(w.minjun, answer, {"answer": "accept", "reason": ""}, happened("plan.accept", award.plan))


def _change_form(award: Award, *, days: list[int], amount: int) -> dict[str, str]:
    """The milestones that are not begun, each so many days later, as the page sends them."""
    form = {
        "action": "propose",
        "amount": str(amount),
        "reason": "The furnace is late.",
        "version": str(award.version),
        "once": str(uuid4()),
        "milestones-TOTAL_FORMS": str(len(days)),
        "milestones-INITIAL_FORMS": "0",
    }
    for index, (milestone, later) in enumerate(zip(award.milestones.order_by("number"), days, strict=True)):
        form |= {
            f"milestones-{index}-title": milestone.title,
            f"milestones-{index}-criterion": milestone.criterion,
            f"milestones-{index}-due_on": (milestone.due_on + timedelta(days=later)).isoformat(),
            f"milestones-{index}-share_percent": str(milestone.share_percent),
        }
    return form


def _moved_by_a_day(w: make.World, award: Award) -> Iterator[Item]:
    """Moving one date is free once."""
    form = _change_form(award, days=[1, 0], amount=award.amount)
    agreed = Change.objects.filter(award=award, state="agreed")
    yield Post(w.hana, reverse("change_propose", args=[award.pk]), form, agreed.count)


def _changed(w: make.World, award: Award) -> Iterator[Item]:
    """More money and later days, proposed by one side, answered by the other."""
    form = _change_form(award, days=[5, 9], amount=award.amount + 10_000_000)
    proposed = Change.objects.filter(award=award)
    yield Post(w.hana, reverse("change_propose", args=[award.pk]), form, proposed.count)
    change = proposed.get()
    url = reverse("change", args=[change.pk])
    refusal = {"answer": "refuse", "words": "Use the old furnace.", **UNDERSTOOD}
    yield Fork(
        [
            partial(left_alone, 15),
            lambda: iter([Post(w.minjun, url, refusal, happened("change.refuse", change))]),
        ]
    )
    agreement = {"answer": "agree", "words": "", **UNDERSTOOD}
    yield Post(w.minjun, url, agreement, happened("change.agree", change))


def _stopped_by_consent(w: make.World, award: Award) -> Iterator[Item]:
    """The applicant side asks to end the work, twice, two people agree, and nothing is left to account for."""
    url = reverse("researcher:stop", args=[award.pk])
    form = {"reason": "It does not hold.", **UNDERSTOOD}
    asked, taken_back = happened("award.stop_asked", award), happened("award.stop_taken_back", award)
    yield Post(w.hana, url, form, asked)
    back = reverse("researcher:take_stop_back", args=[award.pk])
    yield Post(w.sejin, back, {}, taken_back)
    yield Post(w.hana, url, form, newly(asked))
    yield from _moved(w, award, "terminate", {"lesson": "No sulphide."}, kind="award.terminate")
    yield from _closed(w, award)


def _moved(
    w: make.World, award: Award, name: str, form: dict[str, str], *, kind: str, escalates: bool = False
) -> Iterator[Item]:
    """A motion by its address: proposed by the manager; refused or signed by the second approver."""
    proposed = Motion.objects.filter(award=award, state="proposed")
    form = {"reason": "It works.", **form, **UNDERSTOOD}
    yield Post(w.minjun, reverse(f"manager:{name}", args=[award.pk]), form, proposed.count)
    motion = proposed.get()
    url = reverse("manager:motion", args=[motion.pk])
    refusal = {"verdict": "refuse", "answer": "Not yet.", **UNDERSTOOD}
    if escalates:
        yield Fork(
            [
                partial(left_alone, 2),
                lambda: iter([Post(w.yuna, url, refusal, happened("motion.refuse", motion))]),
            ]
        )
    signature = {"verdict": "carry", "answer": "", **UNDERSTOOD}
    yield Post(w.yuna, url, signature, newly(happened(kind, award)))


def _raised(w: make.World, award: Award) -> Iterator[Item]:
    form = {"amount": "100,000,000", "envelope": str(w.envelope.pk)}
    yield from _moved(w, award, "raise", form, kind="award.restated", escalates=True)


def _confirmed(w: make.World, award: Award) -> Iterator[Item]:
    form = {"envelope": str(w.envelope.pk)}
    yield from _moved(w, award, "confirm_award", form, kind="award.confirm")


def _completed(w: make.World, award: Award) -> Iterator[Item]:
    """The final report completes it; once everything is accounted for it is closed."""
    url = reverse("researcher:final_report", args=[award.pk])
    form = {"text": "It holds.", "lesson": "Use oxide.", **UNDERSTOOD}
    reported = FinalReport.objects.filter(award=award)
    yield Post(w.hana, url, form, reported.count, files={"evidence": PDF})
    yield Fork([partial(left_alone, 61, 91, 181)])
    make.accepted(w, award, amount=24_000_000, at=clock.now())
    yield from _closed(w, award)


def _closed(w: make.World, award: Award) -> Iterator[Item]:
    url = reverse("finance:award", args=[award.pk])
    yield Post(w.finn, url, UNDERSTOOD, happened("award.close", award))


def _pay(w: make.World, award: Award) -> None:
    """Its payment that is ready; how, the path has shown."""
    tranche = award.tranches.get(state="ready")
    paying.approve(tranche.pk, by=w.minjun, at=clock.now())
    paying.release(tranche.pk, by=w.finn, at=clock.now())
    paying.settle(tranche.pk, by=w.finn, at=clock.now())
