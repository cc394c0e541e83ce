"""The parameters of a policy: their defaults, limits, and the precedent behind each.

A policy version is data. Code asks `policy.terms`; no default is a constant elsewhere.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rdfast.core.refusals import ManyRulesBroken, RuleBroken
from rdfast.core.working_days import after_working_days


def _number(
    default: int, label: Promise, precedent: Promise | str = "", *, least: int = 0, most: int = 1000
) -> Any:
    return field(
        default=default,
        metadata={"label": label, "precedent": precedent, "least": least, "most": most},
    )


def _yes_or_no(label: Promise, precedent: Promise | str = "", *, default: bool) -> Any:
    return field(default=default, metadata={"label": label, "precedent": precedent})


_OWN = _("Own choice.")
_UCA = _("US undefinitized contract actions: 180 days, obligations at most 50 % before.")
_LARGEST = 10**12


@dataclass(frozen=True)
class Terms:
    """One policy version's parameters. Amounts in minor units of the currency, shares in percent."""

    provisional_share_percent: int = _number(
        30,
        _("Provisional amount, percent of the asked total at most"),
        _("EU pre-financing 30–70 %; US contract actions at most 50 % before they are definitized."),
        least=1,
        most=50,
    )
    provisional_cap: int = _number(
        300_000_000,
        _("Provisional amount per award at most"),
        "Fast Grants, NSF RAPID",
        least=1,
        most=_LARGEST,
    )
    second_approval_above: int = _number(
        100_000_000, _("A second approver is needed above"), _("Separation of duties."), most=_LARGEST
    )
    working_days_only: bool = _yes_or_no(
        _("Count decision times in working days (24 hours = one working day)"), _OWN, default=False
    )
    decision_hours: int = _number(48, _("Hours to decide"), "Fast Grants", least=1)
    second_approval_hours: int = _number(24, _("Hours for the second approver"), "Fast Grants", least=1)
    resubmit_working_days: int = _number(
        5, _("Working days to send a returned proposal in again"), _OWN, least=2
    )
    sign_wished_days: int = _number(3, _("Days in which an agreement should be signed"), _OWN, least=1)
    sign_days: int = _number(
        30, _("Days after which an unsigned agreement lapses"), _("Innovation Act decree 13(2)."), least=5
    )
    signed_by_pi_allowed: bool = _yes_or_no(
        _("The principal investigator may sign for the organisation"), _OWN, default=False
    )
    first_milestone_day: int = _number(
        150, _("First milestone due at the latest on day"), _OWN, least=30, most=180
    )
    plan_days: int = _number(
        30,
        _("Days until the plan is due"),
        _("US undefinitized contract actions: 30 days."),
        least=5,
        most=90,
    )
    decide_plan_working_days: int = _number(10, _("Working days to decide on a plan"), _OWN, least=1)
    confirmation_days: int = _number(180, _("Days to confirmation"), _UCA, least=60, most=365)
    extension_days: int = _number(90, _("Days by which the head may extend once"), _UCA, least=0, most=180)
    raise_percent: int = _number(
        50, _("Obligation before confirmation, percent of the asked total at most"), _UCA, least=1, most=100
    )
    raise_with_plan_percent: int = _number(
        75, _("The same once the plan is in"), _("US undefinitized contract actions."), least=1, most=100
    )
    cover_percent: int = _number(
        60,
        _("Percent of the unconfirmed rests that must fit this or the next year's envelope"),
        _("Own choice: do not start what cannot be confirmed."),
        most=100,
    )
    account_days: int = _number(90, _("Days in which a payment must be accounted for"), _OWN, least=7)
    liquidated_percent: int = _number(
        70, _("Percent of earlier payments accounted for before the next"), "2 CFR 2900.7", most=100
    )
    approve_tranche_days: int = _number(5, _("Days to approve a payment"), _("Money within a week."), least=1)
    release_tranche_days: int = _number(2, _("Days to release an approved payment"), "Fast Grants", least=1)
    settle_tranche_days: int = _number(3, _("Days to note what became of a released payment"), _OWN, least=1)
    claim_days: int = _number(14, _("Days to decide on a claim"), _OWN, least=1)
    milestone_opens_days: int = _number(14, _("Days before its due date a milestone opens"), _OWN, least=1)
    grace_days: int = _number(14, _("Days of grace for a late report"), "ARPA-E", least=3)
    cure_days: int = _number(30, _("Days to put a conditional milestone right"), "ARPA-E", least=3)
    conditional_opens_gate: bool = _yes_or_no(
        _("A conditional finding already allows the next payment"), _OWN, default=False
    )
    reviewers: int = _number(3, _("Reviewers per milestone"), _("NSF: at least two."), least=2, most=9)
    quorum: int = _number(2, _("Reviews that make a finding"), _("NSF: at least two."), least=2, most=9)
    answer_hours: int = _number(72, _("Hours to answer an invitation"), _OWN, least=4)
    deliver_days: int = _number(14, _("Days to deliver a review"), _OWN, least=2)
    misses_to_suspension: int = _number(2, _("Missed milestones in a row that suspend"), "ARPA-E", least=1)
    after_failure_working_days: int = _number(
        10, _("Working days to act on a failed milestone"), _OWN, least=1
    )
    suspension_days: int = _number(60, _("Days until a suspension must be resolved"), _OWN, least=14)
    reply_days: int = _number(
        20,
        _("Days to reply to a notice"),
        _("Innovation Act 33; Administrative Procedures Act 21."),
        least=10,
    )
    votes: int = _number(
        3,
        _("Votes that decide a proceeding"),
        _("Innovation Act 33: a panel without interest."),
        least=3,
        most=9,
    )
    final_claim_days: int = _number(
        90, _("Days for the last claim after the end"), _("Innovation Act decree 26."), least=14
    )
    final_report_days: int = _number(
        60, _("Days for the final report after the end"), _("Innovation Act decree 35."), least=14
    )
    close_days: int = _number(90, _("Days to close an ended award"), _OWN, least=14)
    contest_days: int = _number(20, _("Days to contest a recovery"), _("Innovation Act 33."), least=10)
    determine_days: int = _number(30, _("Days to determine a recovery"), _("Innovation Act 33."), least=10)
    pay_days: int = _number(30, _("Days to pay a recovery"), _("Innovation Act 34."), least=14)
    dun_after_days: int = _number(
        15, _("Days after which an unpaid recovery is dunned"), _("Innovation Act decree 63."), least=1
    )
    dun_days: int = _number(10, _("Days to pay after dunning"), _("Innovation Act decree 63."), least=3)
    appeal_days: int = _number(10, _("Days to file an appeal"), _("Innovation Act 14."), least=5)
    decide_appeal_days: int = _number(30, _("Days to decide an appeal"), _("Innovation Act 14."), least=5)
    audit_sample: int = _number(
        59,
        _("Claims a year drawn at random for a full audit (all if there are fewer)"),
        _("A chance of 95 percent to meet an error rate of 5 percent."),
        most=100_000,
    )
    high_risk_claim: int = _number(
        100_000_000, _("Claims from this amount on are audited in full"), _OWN, least=1, most=_LARGEST
    )
    quorum_days: int = _number(21, _("Days after the report until the head steps in"), _OWN, least=3)
    confirm_finding_working_days: int = _number(5, _("Working days to confirm a finding"), _OWN, least=1)
    programme_exposure_percent: int = _number(
        20,
        _("Exposure of the programme, percent of the envelope at most"),
        _("Expected loss below 1 % at Korea's recovery rate of 51.8 %."),
        least=1,
        most=100,
    )
    organisation_exposure_percent: int = _number(
        10, _("Exposure of one organisation, percent of the envelope at most"), _OWN, least=1, most=100
    )
    exposure_days: int = _number(90, _("Payments expected within so many days count as exposure"), _OWN)
    provisional_awards_per_pi: int = _number(
        1, _("Provisional awards per principal investigator"), _OWN, least=1
    )
    projects_as_pi: int = _number(
        3, _("Running projects as principal investigator"), _("Innovation Act 35 (3책5공).")
    )
    projects_in_all: int = _number(5, _("Running projects in all"), _("Innovation Act 35 (3책5공)."))
    small_task_below: int = _number(
        100_000_000, _("Warn below this amount a year"), _("Size classes of national R&D."), most=_LARGEST
    )

    def decide_by(self, at: datetime) -> datetime:
        """When a decision is due on what came in at `at`."""
        return self._after_hours(at, self.decision_hours)

    def second_approval_by(self, at: datetime) -> datetime:
        """When the second approver's answer is due on what was recommended at `at`."""
        return self._after_hours(at, self.second_approval_hours)

    def _after_hours(self, at: datetime, hours: int) -> datetime:
        if self.working_days_only:
            return after_working_days(at, -(-hours // 24))
        return at + timedelta(hours=hours)


class BadTerms(RuleBroken):
    """A parameter is missing, of the wrong type, or outside its limits; `field` names it."""


def parse(values: dict[str, Any]) -> Terms:
    """Terms from stored or typed values; what is not given keeps its default.

    Raises ManyRulesBroken with one BadTerms for each parameter that cannot be.
    """
    refusals: list[RuleBroken] = []
    known = {each.name: each for each in fields(Terms)}
    for name, value in values.items():
        if name not in known:
            refusals.append(BadTerms(_("There is no such parameter.")))
        elif problem := _problem(known[name].metadata, known[name].default, value):
            refusals.append(BadTerms(problem, field=name))
    if refusals:
        raise ManyRulesBroken(refusals)
    terms = Terms(**values)
    if terms.quorum > terms.reviewers:
        refusals.append(BadTerms(_("The quorum cannot exceed the number of reviewers."), field="quorum"))
    if terms.sign_wished_days >= terms.sign_days:
        refusals.append(BadTerms(_("The wished time must be shorter."), field="sign_wished_days"))
    if terms.projects_as_pi > terms.projects_in_all:
        refusals.append(BadTerms(_("This cannot exceed the total."), field="projects_as_pi"))
    if refusals:
        raise ManyRulesBroken(refusals)
    return terms


def _problem(metadata: Any, default: Any, value: Any) -> str | None:
    if isinstance(default, bool):
        return None if isinstance(value, bool) else str(_("Answer yes or no."))
    if not isinstance(value, int) or isinstance(value, bool):
        return str(_("Write a whole number."))
    least, most = metadata["least"], metadata["most"]
    if not least <= value <= most:
        return _("Write a number from %(least)s to %(most)s.") % {"least": f"{least:,}", "most": f"{most:,}"}
    return None
