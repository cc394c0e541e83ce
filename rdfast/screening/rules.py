"""What the machine can say about a proposal: small named rules, each with its legal source.

A rule returns a Finding. A *blocking* finding refuses the submission; a *warning* is shown to the manager.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from rdfast.core.amounts import written
from rdfast.programmes.terms import Terms

OK, WARNING, BLOCKING = "ok", "warning", "blocking"


@dataclass(frozen=True)
class Facts:
    """What the rules look at. Amounts in minor units; counts include what the PI declared."""

    call_is_open: bool
    asked_amount: int
    asked_provisional: int
    years: int
    provisional_awards_of_pi: int
    projects_as_pi: int
    projects_in_all: int
    bans: int
    unpaid_recoveries: int
    has_signatory: bool


@dataclass(frozen=True)
class Finding:
    """What one rule found. `values` fill the message, so that it can be read later in any language."""

    rule: str
    outcome: str
    values: dict[str, Any]
    field: str = ""


@dataclass(frozen=True)
class Rule:
    """A named rule with its title, its legal or other source, and its message when it is not met."""

    name: str
    title: Promise
    source: Promise | str
    message: Promise
    judge: Callable[[Facts, Terms], Finding]


def _finding(rule: str, broken: bool, outcome: str = BLOCKING, field: str = "", **values: Any) -> Finding:  # noqa: FBT001
    return Finding(rule, outcome if broken else OK, values if broken else {}, field if broken else "")


def call_is_open(facts: Facts, terms: Terms) -> Finding:
    return _finding("call_is_open", not facts.call_is_open)


def provisional_within_cap(facts: Facts, terms: Terms) -> Finding:
    return _finding(
        "provisional_within_cap",
        facts.asked_provisional > terms.provisional_cap,
        field="asked_provisional",
        cap=terms.provisional_cap,
        asked=facts.asked_provisional,
    )


def provisional_within_share(facts: Facts, terms: Terms) -> Finding:
    most = facts.asked_amount * terms.provisional_share_percent // 100
    return _finding(
        "provisional_within_share",
        facts.asked_provisional > most,
        field="asked_provisional",
        percent=terms.provisional_share_percent,
        most=most,
    )


def one_provisional_award(facts: Facts, terms: Terms) -> Finding:
    return _finding(
        "one_provisional_award",
        facts.provisional_awards_of_pi >= terms.provisional_awards_per_pi,
        count=facts.provisional_awards_of_pi,
        most=terms.provisional_awards_per_pi,
    )


def load_as_pi(facts: Facts, terms: Terms) -> Finding:
    return _finding(
        "load_as_pi",
        facts.projects_as_pi >= terms.projects_as_pi,
        field="other_projects_as_pi",
        count=facts.projects_as_pi,
        most=terms.projects_as_pi,
    )


def load_in_all(facts: Facts, terms: Terms) -> Finding:
    return _finding(
        "load_in_all",
        facts.projects_in_all >= terms.projects_in_all,
        field="other_projects_in_all",
        count=facts.projects_in_all,
        most=terms.projects_in_all,
    )


def nobody_is_barred(facts: Facts, terms: Terms) -> Finding:
    return _finding("nobody_is_barred", facts.bans > 0)


def nothing_is_owed(facts: Facts, terms: Terms) -> Finding:
    return _finding("nothing_is_owed", facts.unpaid_recoveries > 0, count=facts.unpaid_recoveries)


def somebody_can_sign(facts: Facts, terms: Terms) -> Finding:
    return _finding(
        "somebody_can_sign", not (facts.has_signatory or terms.signed_by_pi_allowed), field="organisation"
    )


def not_too_small(facts: Facts, terms: Terms) -> Finding:
    yearly = facts.asked_amount // max(facts.years, 1)
    return _finding(
        "not_too_small", yearly < terms.small_task_below, WARNING, yearly=yearly, least=terms.small_task_below
    )


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "call_is_open",
            _("The call is open"),
            _("Innovation Act decree 9(1)"),
            _("This call closed before the proposal arrived. What you wrote is kept as a draft."),
            call_is_open,
        ),
        Rule(
            "provisional_within_cap",
            _("Provisional amount within the cap"),
            _("Policy of the programme"),
            _("A provisional award is at most %(cap)s; %(asked)s was asked for."),
            provisional_within_cap,
        ),
        Rule(
            "provisional_within_share",
            _("Provisional amount within its share"),
            _("Policy of the programme"),
            _("At most %(percent)s %% of the government money, here %(most)s, can be provisional."),
            provisional_within_share,
        ),
        Rule(
            "one_provisional_award",
            _("No other provisional award"),
            _("Policy of the programme"),
            ngettext_lazy(
                "You hold a provisional award already. Apply again once it is confirmed.",
                "You hold %(count)s provisional awards already. Apply again once they are confirmed.",
                "count",
            ),
            one_provisional_award,
        ),
        Rule(
            "load_as_pi",
            _("Room for one more project as principal investigator"),
            _("Innovation Act 35, decree 64"),
            _("You lead %(count)s running projects; at most %(most)s are allowed at a time."),
            load_as_pi,
        ),
        Rule(
            "load_in_all",
            _("Room for one more project in all"),
            _("Innovation Act 35, decree 64"),
            _("You take part in %(count)s running projects; at most %(most)s are allowed at a time."),
            load_in_all,
        ),
        Rule(
            "nobody_is_barred",
            _("No participation ban"),
            _("Innovation Act 32"),
            _("A participation ban stands against you or the organisation on this day."),
            nobody_is_barred,
        ),
        Rule(
            "nothing_is_owed",
            _("No unpaid recovery"),
            _("Innovation Act 32"),
            ngettext_lazy(
                "A recovery against you or the organisation is not paid yet. Apply again once it is.",
                "%(count)s recoveries against you or the organisation are not paid yet. Apply again once they are.",
                "count",
            ),
            nothing_is_owed,
        ),
        Rule(
            "somebody_can_sign",
            _("Somebody signs for the organisation"),
            _("Policy of the programme"),
            _(
                "Nobody who signs for this organisation is registered here. Ask an administrator to register somebody, "
                "then try again."
            ),
            somebody_can_sign,
        ),
        Rule(
            "not_too_small",
            _("Not a very small task"),
            _("Size classes of national R&D"),
            _("About %(yearly)s a year is less than %(least)s: could it be part of a larger team's work?"),
            not_too_small,
        ),
    )
}
_AMOUNTS = {"cap", "asked", "most_amount", "yearly", "least"}


def screen(facts: Facts, terms: Terms) -> list[Finding]:
    """What every rule finds, in their order."""
    return [rule.judge(facts, terms) for rule in RULES.values()]


def blocking(findings: list[Finding]) -> list[Finding]:
    """The findings that refuse the submission."""
    return [finding for finding in findings if finding.outcome == BLOCKING]


def message_of(finding: Finding) -> str:
    """The finding in the reader's language."""
    values = {
        key: written(value)
        if key in _AMOUNTS or (key == "most" and finding.rule == "provisional_within_share")
        else value
        for key, value in finding.values.items()
    }
    message = RULES[finding.rule].message
    return str(message % values) if values else str(message)
