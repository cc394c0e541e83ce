"""Builders: a fixed cast and the things they work with, made by the real operations.

Hana (PI) and Sejin (signatory) belong to the institute; Minjun manages, Yuna gives second approvals, Doyun heads
the programme, Finn pays; Rhea, Rolf, Rosa and Rui review; Cara, Chan, Cole and Cora sit on the committee; Olga is an outsider, Audrey audits.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import get_hasher, make_password
from django.db import transaction
from django.utils import timezone

from rdfast.changes.models import Change
from rdfast.core.working_days import start_of
from rdfast.flow import (
    accounting,
    changing,
    ending,
    evaluating,
    granting,
    holding,
    moving,
    paying,
    performing,
    planning,
    recovering,
    signing,
    submitting,
)
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award, Tranche
from rdfast.funding.operations import PaymentAccount, lock_award
from rdfast.funding.states import Cause
from rdfast.milestones.models import Milestone
from rdfast.milestones.operations import Promise
from rdfast.people.models import Organisation, User
from rdfast.plans import operations as plans
from rdfast.plans.models import Plan
from rdfast.plans.operations import Content as PlanContent
from rdfast.plans.operations import Step
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment, BudgetCategory, Call, Envelope, Programme, Topic
from rdfast.programmes.terms import Terms
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.operations import Content, Member, Planned
from rdfast.reviews.models import Review
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import Claim, Recovery
from rdfast.settlement.operations import Line, Verdict
from rdfast.timers.queries import next_due
from rdfast.web.manager.forms import as_seen

SEOUL = ZoneInfo("Asia/Seoul")
# A Monday morning without holidays near it.
MONDAY = datetime(2026, 11, 2, 10, 0, tzinfo=SEOUL)
PASSWORD = "correct horse battery"
ACCOUNT = PaymentAccount(bank="한국은행", account_number="110-123-456789", account_holder="가온연구원")
Role = Appointment.Role


def person(name: str, organisation: Organisation | None = None, **fields: object) -> User:
    """An account whose address is its name."""
    return User.objects.create(
        email=f"{name.lower()}@example.kr",
        name=name,
        organisation=organisation,
        language="en",
        password=_password_hash(get_hasher().algorithm),
        **fields,
    )


@cache
def _password_hash(algorithm: str) -> str:
    """Hashing is slow on purpose; the whole cast shares one, made in the way that the settings ask for just now."""
    return make_password(PASSWORD, hasher=algorithm)


def organisation(number: int, kind: str = "institute") -> Organisation:
    """An organisation of its own registration number."""
    return Organisation.objects.create(
        kind=kind,
        name_ko=f"기관 {number}",
        name_en=f"Organisation {number}",
        registration_number=f"{number:03d}-00-00000",
    )


@dataclass
class World:
    """A programme with an open call, its people, and money."""

    programme: Programme
    envelope: Envelope
    call: Call
    topic: Topic
    institute: Organisation
    hana: User
    sejin: User
    minjun: User
    yuna: User
    doyun: User
    finn: User
    reviewers: list[User]
    committee: list[User]
    audrey: User
    olga: User
    admin: User


def world(*, at: datetime = MONDAY, allotted: int = 10_000_000_000, **terms: object) -> World:
    """The cast, and a programme whose call is open from a week ago for sixty days."""
    agency, institute, elsewhere = organisation(1, "agency"), organisation(2), organisation(3, "university")
    programme = Programme.objects.create(code="fast", name_ko="도전 연구", name_en="Bold research")
    programmes.adopt(
        programme.pk,
        values=dict(terms),
        reason="first",
        starts_at=at - timedelta(days=30),
        by=None,
        at=at - timedelta(days=30),
    )
    envelope = Envelope.objects.create(programme=programme, year=2026)
    programmes.allot(
        envelope.pk,
        amount=allotted,
        reason="budget",
        key=str(envelope.pk),
        by=None,
        at=at - timedelta(days=30),
    )
    topic = Topic.objects.create(programme=programme, name_ko="이차전지", name_en="Batteries")
    call = Call.objects.create(
        programme=programme,
        envelope=envelope,
        title_ko="2026 도전 공고",
        title_en="Call 2026",
        summary_ko="요약",
        summary_en="Summary",
        continuation_criteria_ko="기준",
        continuation_criteria_en="Criteria",
        opens_at=at - timedelta(days=7),
        closes_at=at + timedelta(days=60),
        work_ends_on=(at + timedelta(days=700)).date(),
    )
    call.topics.add(topic)
    reviewers = [person(name, elsewhere) for name in ("Rhea", "Rolf", "Rosa", "Rui", "Rafi")]
    cast = World(
        programme=programme,
        envelope=envelope,
        call=call,
        topic=topic,
        institute=institute,
        hana=person("Hana", institute),
        sejin=person("Sejin", institute, is_signatory=True),
        minjun=person("Minjun", agency),
        yuna=person("Yuna", agency),
        doyun=person("Doyun", agency),
        finn=person("Finn", agency),
        reviewers=reviewers,
        committee=[person(name, elsewhere) for name in ("Cara", "Chan", "Cole", "Cora")],
        audrey=person("Audrey", agency),
        olga=person("Olga", organisation(4, "small")),
        admin=person("Admin", agency, is_staff=True, is_superuser=True),
    )
    roles = {
        Role.MANAGER: [cast.minjun],
        Role.SECOND_APPROVER: [cast.yuna],
        Role.HEAD: [cast.doyun],
        Role.FINANCE: [cast.finn],
        Role.REVIEWER: reviewers,
        Role.COMMITTEE: cast.committee,
        Role.AUDITOR: [cast.audrey],
    }
    Appointment.objects.bulk_create(
        Appointment(programme=programme, user=user, role=role)
        for role, users in roles.items()
        for user in users
    )
    return cast


def content(w: World, *, at: datetime = MONDAY, provisional: int = 60_000_000, **changes: object) -> Content:
    """A complete proposal text over 400 million won, 40 million of it the organisation's own."""
    personnel, materials = BudgetCategory.objects.filter(code__in=["personnel", "materials"])
    fields: dict[str, object] = {
        "organisation": w.institute,
        "topic": w.topic,
        "title_ko": "전고체 전지 계면 연구",
        "title_en": "Interfaces of solid-state batteries",
        "abstract_ko": "요약",
        "abstract_en": "Abstract",
        "aim": "Find out whether the interface holds.",
        "asked_amount": 360_000_000,
        "asked_provisional": provisional,
        "own_cash": 30_000_000,
        "own_kind": 10_000_000,
        "team": [Member(name="Jiwoo", task="Synthesis", effort_percent=50)],
        "budget": {(personnel.pk, 1): 250_000_000, (materials.pk, 1): 150_000_000},
        "milestones": [
            Planned(
                "Cell", "A cell of 1 Ah keeps 80 % after 100 cycles", (at + timedelta(days=60)).date(), 40
            ),
            Planned("Stack", "A stack of 10 cells runs for 500 h", (at + timedelta(days=150)).date(), 60),
        ],
    }
    return Content(**{**fields, **changes})  # type: ignore[arg-type]


def draft(w: World, *, by: User | None = None, at: datetime = MONDAY, **changes: object) -> Proposal:
    """A complete draft, Hana's unless said otherwise."""
    pi = by or w.hana
    proposal = proposals.start(w.call, by=pi, at=at, once=uuid4())
    return proposals.save(proposal.pk, content(w, at=at, **changes), revision=0, by=pi, at=at)  # type: ignore[arg-type]


def submitted(w: World, *, by: User | None = None, at: datetime = MONDAY, **changes: object) -> Proposal:
    """A submitted proposal."""
    return submitting.submit(draft(w, by=by, at=at, **changes).pk, by=by or w.hana, at=at)


def offered(w: World, *, by: User | None = None, at: datetime = MONDAY, **changes: object) -> Award:
    """An offered award of what was asked for to start with."""
    proposal = submitted(w, by=by, at=at, **changes)
    granting.approve(
        proposal.pk, amount=proposal.asked_provisional, reason="Bold and clear.", by=w.minjun, at=at
    )
    return Award.objects.get(proposal=proposal)


def signed(w: World, *, at: datetime = MONDAY, **changes: object) -> Award:
    """A provisional award; its first tranche is ready."""
    award = offered(w, at=at, **changes)  # type: ignore[arg-type]
    sha256 = signing.agreement_hash(signing.agreement_text(award, at=at))
    signer = User.objects.get(organisation=award.organisation, is_signatory=True)
    return signing.sign(award.pk, sha256=sha256, account=ACCOUNT, by=signer, at=at)


def paid(w: World, *, at: datetime = MONDAY, **changes: object) -> Tranche:
    """The settled first tranche of a signed award whose plan is accepted."""
    award = planned(w, signed(w, at=at, **changes), at=at)
    tranche = award.tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=at)
    paying.release(tranche.pk, by=w.finn, at=at)
    return paying.settle(tranche.pk, by=w.finn, at=at)


def opened(w: World, *, at: datetime = MONDAY, **changes: object) -> Milestone:
    """The first milestone, opened by the clock, with its reviewers invited."""
    award = paid(w, at=at, **changes).award
    milestone = award.milestones.get(number=1)
    settle_down(at=start_of(milestone.due_on - timedelta(days=13)))
    milestone.refresh_from_db()
    return milestone


def reported(w: World, *, at: datetime = MONDAY, **changes: object) -> Milestone:
    """The first milestone, reported on the day it opened."""
    milestone = opened(w, at=at, **changes)
    now = start_of(milestone.due_on - timedelta(days=13))
    return performing.report(milestone.pk, text="It held 83 %.", files=[], by=milestone.award.pi, at=now)


def ended(w: World, *, at: datetime = MONDAY, **changes: object) -> Award:
    """A paid award that was terminated: nothing of its 24 million won is accounted for."""
    award = paid(w, at=at, **changes).award
    with transaction.atomic():
        ending.terminate(
            Award.objects.get(pk=award.pk), kind="technical", reason="It did not hold.", by=None, at=at
        )
    return Award.objects.get(pk=award.pk)


def accepted(w: World, award: Award, *, amount: int = 10_000_000, at: datetime = MONDAY) -> Claim:
    """A claim of one line, accepted in full by Finn."""
    claim = claimed(w, award, amount=amount, at=at)
    verdicts = {line.pk: Verdict(line.amount) for line in claim.lines.all()}
    return accounting.decide(claim.pk, verdicts, by=w.finn, at=at, checked_in_full=True)


def recovery(
    w: World, award: Award, *, amount: int = 5_000_000, at: datetime = MONDAY, **changes: str
) -> Recovery:
    """A recovery that Finn proposed and gave notice of."""
    fields = {"kind": "disallowed", "origin": "advances", "reason": "No receipts.", **changes}
    proposed = recovering.propose(award.pk, amount=amount, by=w.finn, at=at, **fields)
    return recovering.notice(proposed.pk, by=w.finn, at=at)


def run_to(instant: datetime) -> None:
    """Let the deadlines act one after the other, each at its own time, as a running installation does."""
    while (due := next_due()) is not None and due <= instant:
        settle_down(at=due)


def plan_content(plan: Plan, **changes: object) -> PlanContent:
    """The plan as it is filled in at the signature, and what happens to the data."""
    plain = {name: getattr(plan, name) for name in ("scope", "team", "amount", "own_cash", "own_kind")}
    rows: dict[str, object] = {
        "data": "Measurements are published with the paper.",
        "budget": {(line.category_id, line.year): line.amount for line in plan.budget.all()},
        "steps": [
            Step(s.title, s.criterion, s.due_on, s.share_percent, s.is_critical, s.milestone_id)
            for s in plan.steps.all()
        ],
    }
    return PlanContent(**{**plain, **rows, **changes})


def plan_handed_in(award: Award, *, at: datetime = MONDAY, **changes: object) -> Plan:
    """The award's plan, complete and handed in."""
    plan = award.plan
    plans.save(plan.pk, plan_content(plan, **changes), revision=plan.revision, by=award.pi, at=at)
    return planning.submit(plan.pk, by=award.pi, at=at)


def planned(w: World, award: Award, *, at: datetime = MONDAY, **changes: object) -> Award:
    """The award with its plan accepted."""
    planning.accept(plan_handed_in(award, at=at, **changes).pk, reason="", by=w.minjun, at=at)
    return award


def promises(award: Award) -> list[Promise]:
    """The milestones that have not begun, as a change restates them."""
    return [
        Promise(each.title, each.criterion, each.due_on, each.share_percent, each.is_critical)
        for each in award.milestones.filter(state="planned").order_by("number")
    ]


def change(award: Award, by: User, *, at: datetime = MONDAY, **changes: Any) -> Change:
    """A change of the agreement as it stands now, proposed by one side."""
    facts: dict[str, Any] = {
        "amount": award.amount,
        "promises": promises(award),
        "reason": "We learnt something.",
        "base_version": award.version,
        "once": uuid4(),
    }
    return changing.propose(award.pk, by=by, at=at, **{**facts, **changes})


def evaluated(w: World, milestone: Milestone, grade: str, *, at: datetime) -> Milestone:
    """A reported milestone after its panel gave one grade and the manager confirmed it."""
    spoken(milestone, grade, at=at)
    evaluating.confirm(milestone.findings.latest("pk").pk, reason="Agreed.", by=w.minjun, at=at)
    milestone.refresh_from_db()
    return milestone


def spoken(milestone: Milestone, grade: str, *, at: datetime) -> None:
    """The panel of a reported milestone gives one grade; nobody has confirmed what it found."""
    invited = list(Review.objects.filter(milestone=milestone, round=milestone.round, state="invited"))
    for review in invited:
        evaluating.accept(review.pk, by=review.reviewer, at=at)
    scores = dict.fromkeys(("reached", "evidence", "worth", "money"), 4)
    for review in invited:
        evaluating.deliver(review.pk, scores=scores, grade=grade, comments="Read.", by=review.reviewer, at=at)


def passed(w: World, *, at: datetime = MONDAY, grade: str = "passed", **changes: object) -> Milestone:
    """The first milestone, evaluated on the day it was reported."""
    milestone = reported(w, at=at, **changes)
    return evaluated(w, milestone, grade, at=milestone.reported_at or at)


def passed_next(w: World, award: Award, *, at: datetime, grade: str = "passed") -> Milestone:
    """The award's next milestone, opened at its time, reported and evaluated."""
    milestone = award.milestones.filter(state="planned").earliest("number")
    now = max(at, start_of(milestone.due_on - timedelta(days=13)))
    while Milestone.objects.get(pk=milestone.pk).state == "planned":
        settle_down(at=now)
    milestone = performing.report(milestone.pk, text="500 h.", files=[], by=award.pi, at=now)
    return evaluated(w, milestone, grade, at=now)


def confirmed(w: World, *, at: datetime = MONDAY, **changes: object) -> Award:
    """A confirmed award; `confirmed_at` is the day its first milestone was passed."""
    milestone = passed(w, at=at, **changes)  # type: ignore[arg-type]
    now = milestone.reported_at or at
    motion = moving.propose_confirmation(
        milestone.award_id, envelope_id=w.envelope.pk, reason="It works.", by=w.minjun, at=now
    )
    moving.carry(motion.pk, answer="Agreed.", by=w.yuna, at=now)
    return Award.objects.get(pk=milestone.award_id)


@transaction.atomic
def suspended(award: Award, cause: Cause = Cause.SPECIAL_REVIEW, *, at: datetime = MONDAY) -> Award:
    """The award, suspended for this cause whatever the facts are."""
    holding.suspend(lock_award(award.pk), cause, reason="Doubts.", by=None, at=at)
    return Award.objects.get(pk=award.pk)


def claimed(w: World, award: Award, *, amount: int = 10_000_000, at: datetime = MONDAY) -> Claim:
    """A submitted claim of one line."""
    claim = settlement.start(award.pk, by=award.pi, at=at, once=uuid4())
    line = Line(BudgetCategory.objects.get(code="materials"), timezone.localdate(at), "Electrolyte", amount)
    settlement.save(claim.pk, [line], files=[], revision=0, by=award.pi, at=at)
    return accounting.submit(claim.pk, by=award.pi, at=at)


def budget_cell(code: str, year: int) -> str:
    return f"budget-{BudgetCategory.objects.get(code=code).pk}-{year}"


def proposal_form(w: World, *, at: datetime = MONDAY) -> dict[str, str]:
    """The proposal form filled in completely, as a browser sends it to submit."""
    first, second = at.date() + timedelta(days=60), at.date() + timedelta(days=150)
    return {
        "revision": "0",
        "action": "submit",
        "organisation": str(w.institute.pk),
        "topic": str(w.topic.pk),
        "title_ko": "전고체 전지",
        "title_en": "",
        "abstract_ko": "요약",
        "abstract_en": "",
        "aim": "Find out whether the interface holds.",
        "asked_amount": "3억 6,000만원",
        "asked_provisional": "６０，０００，０００",
        "own_cash": "30,000,000",
        "own_kind": "10000000",
        "other_projects_as_pi": "0",
        "other_projects_in_all": "",
        budget_cell("personnel", 1): "250,000,000",
        budget_cell("materials", 2): "1억 5천만",
        "team-TOTAL_FORMS": "2",
        "team-INITIAL_FORMS": "0",
        "team-0-name": "Jiwoo",
        "team-0-email": "",
        "team-0-task": "Synthesis",
        "team-0-effort_percent": "50",
        "team-1-name": "",
        "team-1-email": "",
        "team-1-task": "",
        "team-1-effort_percent": "",
        "milestones-TOTAL_FORMS": "2",
        "milestones-INITIAL_FORMS": "0",
        "milestones-0-title": "Cell",
        "milestones-0-criterion": "80 % after 100 cycles",
        "milestones-0-due_on": first.isoformat(),
        "milestones-0-share_percent": "40",
        "milestones-1-title": "Stack",
        "milestones-1-criterion": "500 h",
        "milestones-1-due_on": second.isoformat(),
        "milestones-1-share_percent": "60",
    }


def plan_form(plan: Plan, **changes: str) -> dict[str, str]:
    """The plan's form filled in completely, as a browser sends it to hand it in."""
    steps: dict[str, str] = {}
    for index, step in enumerate(plan.steps.all()):
        at = f"steps-{index}"
        steps |= {
            f"{at}-title": step.title,
            f"{at}-criterion": step.criterion,
            f"{at}-due_on": step.due_on.isoformat() if step.due_on else "",
            f"{at}-share_percent": str(step.share_percent),
            f"{at}-milestone": str(step.milestone_id or ""),
        }
    return {
        "action": "submit",
        "revision": str(plan.revision),
        "scope": "Find out whether the interface holds.",
        "team": "Jiwoo",
        "data_plan": "Published with the paper.",
        "amount": "3억 6,000만원",
        "own_cash": "30,000,000",
        "own_kind": "10,000,000",
        budget_cell("personnel", 1): "250,000,000",
        budget_cell("materials", 2): "1억 5천만",
        "steps-TOTAL_FORMS": str(plan.steps.count()),
        "steps-INITIAL_FORMS": "0",
        **steps,
        **changes,
    }


def policy_form(*, after: int, reason: str = "Less at risk", **changes: Any) -> dict[str, str]:
    """A policy version as a browser sends it: the defaults but for `changes`; a box that is not ticked is not sent."""
    values = {parameter.name: parameter.default for parameter in fields(Terms)} | changes
    sent = {
        name: "on" if value is True else str(value) for name, value in values.items() if value is not False
    }
    return {**sent, "reason": reason, "after": str(after), "starts_at": ""}


def approval_form(proposal: Proposal) -> dict[str, str]:
    """The manager's yes as a browser sends it."""
    return {
        "answer": "approve",
        "amount": str(proposal.asked_provisional),
        "reason": "Bold and clear.",
        "no_conflict": "on",
        "seen": as_seen(proposal),
    }
