"""What linters cannot see."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import get_resolver

from rdfast.audit.models import Event
from rdfast.core import boundaries
from rdfast.core.machines import Machine
from rdfast.flow.deadlines import ACTIONS
from rdfast.funding import rules as funding
from rdfast.funding.states import AWARD, MOTION, TRANCHE
from rdfast.ledger.kinds import WAYS, What
from rdfast.local import catalogue
from rdfast.milestones import rules as milestones
from rdfast.milestones.states import MACHINE as MILESTONE
from rdfast.plans import rules as plans
from rdfast.plans.states import MACHINE as PLAN
from rdfast.proposals import rules as proposals
from rdfast.proposals.states import MACHINE as PROPOSAL
from rdfast.reports import diagrams
from rdfast.reports.invariants import MACHINES
from rdfast.reports.story import LABELS
from rdfast.reviews.rules import may as may_review
from rdfast.reviews.states import MACHINE as REVIEW
from rdfast.settlement import rules as settlement
from rdfast.settlement.states import MACHINE as CLAIM
from rdfast.settlement.states import RECOVERY
from rdfast.timers.kinds import NOTICE, Kind
from rdfast.web import names

ROOT = Path(settings.BASE_DIR)
SOURCES = sorted(path for path in (ROOT / "rdfast").rglob("*.py") if "migrations" not in path.parts)


def test_the_page_of_state_diagrams_is_current() -> None:
    assert (ROOT / "docs" / "states.md").read_text() == diagrams.page(), "run: manage.py diagrams"


@pytest.mark.parametrize(
    ("machine", "who"),
    [
        (PROPOSAL, proposals.WHO),
        (AWARD, funding.AWARD_WHO),
        (TRANCHE, funding.TRANCHE_WHO),
        (MOTION, funding.MOTION_WHO),
        (MILESTONE, milestones.WHO),
        (PLAN, plans.WHO),
        (CLAIM, settlement.WHO),
        (RECOVERY, settlement.RECOVERY_WHO),
    ],
)
def test_every_move_says_who_may_take_it(machine: Machine, who: dict[str, Any]) -> None:
    assert {move.name for move in machine.moves} == set(who)


def test_only_the_reviewer_moves_a_review_and_the_clock_never_asks() -> None:
    taken = {m.name for m in REVIEW.moves if may_review(m.name, state=m.source, is_reviewer=True)}
    assert taken == {"accept", "decline", "recuse", "submit"}
    assert not any(may_review(m.name, state=m.source, is_reviewer=False) for m in REVIEW.moves)


def test_predicates_answer_yes_or_no() -> None:
    answer = proposals.may("submit", state="draft", relations=frozenset())
    assert type(answer) is bool


def test_every_state_has_a_tone_and_every_move_a_label() -> None:
    toned = set(" ".join(names._TONES.values()).split())
    for machine in MACHINES.values():
        assert set(machine.states.values) <= toned, machine.name
        kinds = {f"{machine.name}.{move.name}" for move in machine.moves} | {f"{machine.name}.begin"}
        assert kinds <= set(LABELS), kinds - set(LABELS)


def test_every_event_that_code_records_has_a_label() -> None:
    recorded = {
        kind for path in SOURCES for kind in re.findall(r'audit\.record\(\s*"([a-z_.]+)"', path.read_text())
    }
    assert len(recorded) > 10
    assert recorded <= set(LABELS), recorded - set(LABELS)


def test_every_deadline_acts_and_every_harmful_one_gives_notice() -> None:
    assert set(ACTIONS) | {Kind.REMINDER} == set(Kind)
    assert set(NOTICE) == {
        Kind.RESUBMIT, Kind.SIGN, Kind.REPORT_MISSED, Kind.CURE, Kind.PLAN_DUE, Kind.CONFIRM, Kind.ACCOUNT,
        Kind.FINAL_CLAIM, Kind.REPLY, Kind.CONTEST, Kind.REFER,
    }  # fmt: skip


def test_every_arrow_has_its_way() -> None:
    assert set(WAYS) == set(What)


def test_foreign_keys_point_to_classes_not_to_words() -> None:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                words = node.args and isinstance(node.args[0], ast.Constant)
                if node.func.attr in {"ForeignKey", "OneToOneField", "ManyToManyField"} and words:
                    found.append((path.name, ast.unparse(node.args[0])))
    assert found == [("models.py", "'self'")], "only a row about another row of its own table may"


def test_only_doors_ask_for_the_time() -> None:
    doors = {"web", "tasks", "local", "api"}
    asking = {
        path.relative_to(ROOT / "rdfast")
        for path in SOURCES
        if "clock.now" in path.read_text() and path.relative_to(ROOT / "rdfast").parts[0] not in doors
    }
    # The demo's clock is moved in `flow`, administration and commands are doors too, and the relay's own
    # retries are technical.
    assert asking == {
        Path("flow/admin.py"),
        Path("flow/time_travel.py"),
        Path("outbox/admin.py"),
        Path("reports/management/commands/check_invariants.py"),
    }


def test_only_the_ledger_writes_its_tables() -> None:
    writers = [
        path.relative_to(ROOT / "rdfast")
        for path in SOURCES
        if re.search(r"\b(Arrow|Box)\.objects\.(create|bulk|update|get_or)", path.read_text())
    ]
    assert writers == []


def test_append_only_tables_are_guarded() -> None:
    guarded = {
        model._meta.label_lower
        for model in apps.get_models()
        if any(trigger.name == "never_changed" for trigger in getattr(model._meta, "triggers", []))
    }
    assert guarded >= {
        "audit.event", "ledger.arrow", "programmes.policy", "decisions.decision", "screening.report",
        "funding.agreement", "funding.payment", "milestones.milestonereport", "milestones.evidence",
    }  # fmt: skip
    assert Event._meta.label_lower in guarded


def test_every_message_has_its_korean_words() -> None:
    written = catalogue.written()
    missing = []
    for message in catalogue.extracted():
        if not message.id:
            continue
        found = written.get(message.id)
        said = (
            found.string
            if found and isinstance(found.string, tuple | list)
            else (found.string if found else "",)
        )
        if not all(said):
            missing.append(message.id)
    assert missing == [], "run: make messages"


def test_translations_keep_every_placeholder() -> None:
    wrong = []
    for message in catalogue.written():
        if not message.id:
            continue
        english = message.id[1] if isinstance(message.id, tuple | list) else message.id
        korean = message.string[0] if isinstance(message.string, tuple | list) else message.string
        found = [sorted(re.findall(r"%\(\w+\)[sd]", text or "")) for text in (english, korean)]
        if korean and found[0] != found[1]:
            wrong.append(message.id)
    assert wrong == []


def test_every_word_of_a_mail_is_translated() -> None:
    translated = re.compile(r"{% blocktrans.*?{% endblocktrans %}|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
    bare = {
        path.name: words
        for path in sorted((ROOT / "templates" / "mail").iterdir())
        if (words := re.findall(r"\w+", translated.sub("", path.read_text())))
    }
    assert bare == {}


def test_no_page_holds_inline_script_or_style() -> None:
    wrong = [
        path.name
        for path in (ROOT / "templates").rglob("*.html")
        if re.search(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=\"|\son[a-z]+=\"", path.read_text())
    ]
    assert wrong == []


# What doors ask of flow and operations without writing anything, or by calling what is one commit itself.
READS = {
    "flow.signing.agreement_text", "flow.signing.agreement_hash", "flow.granting.policy_of", "flow.paying.gate_facts",
    "flow.closing.what_is_open", "flow.closing.is_accounted_for", "flow.changing.effect_of", "flow.telling.managers", "flow.deadlines.sweep", "outbox.operations.deliver_waiting",
    "monitoring.operations.check_tonight",
}  # fmt: skip
# Only a demonstration moves its clock.
NO_DOORS = {"flow.time_travel"}


def test_every_write_that_a_door_calls_is_a_named_boundary() -> None:
    get_resolver().url_patterns  # noqa: B018 - loads every door, and what it calls
    unnamed = {
        name
        for path in SOURCES
        if path.relative_to(ROOT / "rdfast").parts[0] in {"web", "tasks", "api"} or path.name == "admin.py"
        for name in _operations_called_in(path)
        if name.rpartition(".")[0] not in NO_DOORS and f"{name}, before its commit" not in boundaries.NAMES
    }
    assert unnamed - READS == set()
    assert unnamed >= READS, "some of these are called no more"
    assert len(boundaries.NAMES) == len(set(boundaries.NAMES)) > 60


def _operations_called_in(path: Path) -> set[str]:
    """The functions of flow and of the stages' operations that the module names."""
    tree = ast.parse(path.read_text())
    modules, found = {}, set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("rdfast."):
            continue
        source = str(node.module).removeprefix("rdfast.")
        for each in node.names:
            full = f"{source}.{each.name}"
            if source == "flow" or each.name == "operations":
                modules[each.asname or each.name] = full
            elif (source.startswith("flow.") or source.endswith(".operations")) and each.name.islower():
                found.add(full)
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr.islower()]
    for node in used:
        if isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add(f"{modules[node.value.id]}.{node.attr}")
    return found


def test_what_no_door_commits_is_committed_at_a_named_boundary() -> None:
    folders = {"flow", "outbox", "monitoring"}
    plain = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.relative_to(ROOT / "rdfast").parts[0] in folders and "transaction.atomic" in path.read_text()
    ]
    assert plain == []
