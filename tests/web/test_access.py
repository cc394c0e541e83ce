"""Who may open what: every address × method × person, and an address without a row here fails.

A person whom an address does not concern gets 404, as if nothing were there; nobody learns that it exists.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appealable
from rdfast.audit.models import Event
from rdfast.changes.models import Change
from rdfast.core.uploads import Stored
from rdfast.flow import appealing, changing, evaluating, moving, paying, performing, recovering, stopping
from rdfast.flow import proceeding as flow
from rdfast.funding.models import Award, Motion
from rdfast.ledger.models import Arrow
from rdfast.milestones.models import Evidence, FinalEvidence, FinalReport, Milestone
from rdfast.people.models import Conflict, User
from rdfast.proceedings.models import Proceeding
from rdfast.programmes.models import Appointment, Programme
from rdfast.reviews.models import Finding, Review
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import Receipt
from rdfast.timers import clock
from tests import make

pytestmark = pytest.mark.django_db

ANYONE = {
    "anonymous", "pi", "signatory", "outsider", "manager", "second", "head", "finance", "reviewer",
    "unasked_reviewer", "committee", "auditor", "foreign_manager", "conflicted_deputy", "admin",
}  # fmt: skip
PEOPLE = ANYONE - {"anonymous"}
APPLICANTS = {"pi", "signatory"}
DECIDERS = {"manager", "second", "head"}
READERS = {"manager", "second", "head", "finance", "auditor"}
OF_PROGRAMME = READERS | {"conflicted_deputy"}
MANAGING = DECIDERS | {"foreign_manager", "conflicted_deputy"}

# Address → (object, who may open it, who may send to it). None: nobody may (405). Some addresses only take what is
# sent and lead back to their page when opened. Sending an empty form is answered with the page or a redirect and changes nothing,
# but where a press of the button says it all.
TABLE: dict[str, tuple[str | None, set[str] | None, set[str] | None]] = {
    # For machines: whoever asks is not asked who they are.
    "health": (None, ANYONE, None),
    "ready": (None, ANYONE, None),
    # From this very machine; tests/web/test_operations.py tells from where else.
    "metrics": (None, ANYONE, None),
    "home": (None, ANYONE, None),
    "calls": (None, ANYONE, None),
    "call": ("call", ANYONE, None),
    "speed": (None, ANYONE, None),
    "sign_in": (None, ANYONE, ANYONE),
    "sign_out": (None, None, ANYONE),
    "set_language": (None, ANYONE, ANYONE),
    "administration_sign_in": (None, {"anonymous"}, None),
    "messages": (None, PEOPLE, None),
    "evidence": ("evidence", APPLICANTS | READERS | {"reviewer", "committee"}, None),
    "receipt": ("receipt", APPLICANTS | READERS, None),
    "award": ("award", APPLICANTS | DECIDERS | {"finance"}, None),
    "recovery": ("recovery", APPLICANTS | DECIDERS | {"finance"}, None),
    "milestone": ("milestone", APPLICANTS | DECIDERS, None),
    "change_propose": ("award", APPLICANTS | DECIDERS, APPLICANTS | DECIDERS),
    "change": ("change", APPLICANTS | DECIDERS, APPLICANTS | DECIDERS),
    "researcher:home": (None, PEOPLE, None),
    "researcher:proposals": (None, PEOPLE, None),
    "researcher:awards": (None, PEOPLE, None),
    "researcher:propose": ("call", PEOPLE, PEOPLE),
    "researcher:proposal": ("proposal", APPLICANTS, None),
    "researcher:edit": ("proposal", {"pi"}, {"pi"}),
    "researcher:withdraw": ("proposal", {"pi"}, {"pi"}),
    "researcher:file_appeal": ("appealed", APPLICANTS, APPLICANTS),
    "researcher:appeal": ("appeal", APPLICANTS, None),
    "researcher:proceeding": ("proceeding", APPLICANTS, APPLICANTS),
    "researcher:award": ("award", APPLICANTS, None),
    "final_evidence": ("final_evidence", APPLICANTS | READERS, None),
    "researcher:plan": ("award", APPLICANTS, APPLICANTS),
    "researcher:final_report": ("award", APPLICANTS, APPLICANTS),
    "researcher:stop": ("award", APPLICANTS, APPLICANTS),
    "researcher:take_stop_back": ("award", None, APPLICANTS),
    "researcher:statement": ("award", APPLICANTS, None),
    "researcher:statement_file": ("award_format", APPLICANTS, None),
    "researcher:sign": ("award", APPLICANTS, APPLICANTS),
    "researcher:refuse": ("award", APPLICANTS, APPLICANTS),
    "researcher:claim_start": ("award", None, APPLICANTS),
    "researcher:milestone": ("milestone", APPLICANTS, APPLICANTS),
    "researcher:claim": ("claim", APPLICANTS, APPLICANTS),
    "researcher:upload_claim": ("claim", APPLICANTS, APPLICANTS),
    "researcher:claim_template": (None, PEOPLE, None),
    "researcher:account": ("award", APPLICANTS, APPLICANTS),
    "researcher:recovery": ("recovery", APPLICANTS, APPLICANTS),
    "manager:inbox": (None, MANAGING, None),
    "manager:awards": (None, MANAGING, None),
    "manager:proposal": ("proposal", DECIDERS, DECIDERS),
    "manager:conflict": ("proposal", DECIDERS, DECIDERS),
    "manager:reassign": ("proposal", DECIDERS, DECIDERS),
    "manager:open_proceeding": ("award", DECIDERS, DECIDERS),
    "manager:proceeding": ("proceeding", DECIDERS, DECIDERS),
    "manager:award": ("award", DECIDERS, None),
    "manager:plan": ("plan", DECIDERS, DECIDERS),
    "manager:motion": ("motion", DECIDERS, DECIDERS),
    "manager:raise": ("award", DECIDERS, DECIDERS),
    "manager:confirm_award": ("award", DECIDERS, DECIDERS),
    "manager:resume": ("award", DECIDERS, DECIDERS),
    "manager:terminate": ("award", DECIDERS, DECIDERS),
    "manager:extend": ("award", DECIDERS, DECIDERS),
    "manager:leave": ("milestone", DECIDERS, DECIDERS),
    "manager:tranche": ("tranche", DECIDERS, DECIDERS),
    "manager:milestone": ("milestone", DECIDERS, None),
    "manager:invite": ("milestone", DECIDERS, DECIDERS),
    "manager:confirm": ("milestone", DECIDERS, DECIDERS),
    "manager:recover": ("award", DECIDERS, DECIDERS),
    "manager:recovery": ("recovery", DECIDERS, DECIDERS),
    "finance:inbox": (None, {"finance"}, None),
    "finance:tranche": ("tranche", {"finance"}, None),
    "finance:release": ("tranche", {"finance"}, {"finance"}),
    "finance:settle": ("tranche", {"finance"}, {"finance"}),
    "finance:claim": ("claim", {"finance"}, {"finance"}),
    "finance:award": ("award", {"finance"}, {"finance"}),
    "finance:bounce": ("tranche", {"finance"}, {"finance"}),
    "finance:account": ("account", {"finance"}, {"finance"}),
    "finance:check_claim": ("claim", {"finance"}, {"finance"}),
    "finance:recover": ("award", {"finance"}, {"finance"}),
    "finance:recovery": ("recovery", {"finance"}, {"finance"}),
    "finance:instalments": ("recovery", {"finance"}, {"finance"}),
    "finance:give_back": ("repayment", {"finance"}, {"finance"}),
    "finance:samples": (None, {"finance", "head"}, {"finance", "head"}),
    "reviewer:inbox": (None, {"reviewer", "unasked_reviewer"}, None),
    "reviewer:review": ("review", {"reviewer"}, None),
    "reviewer:accept": ("review", {"reviewer"}, {"reviewer"}),
    "reviewer:decline": ("review", {"reviewer"}, {"reviewer"}),
    "reviewer:recuse": ("review", {"reviewer"}, {"reviewer"}),
    "reviewer:deliver": ("review", {"reviewer"}, {"reviewer"}),
    "committee:inbox": (None, {"committee"}, None),
    "committee:proceeding": ("proceeding", {"committee"}, {"committee"}),
    "committee:appeal": ("appeal", {"committee"}, {"committee"}),
    "auditor:home": (None, {"auditor"}, None),
    "auditor:events": (None, {"auditor"}, None),
    "auditor:matter": ("proposal", {"auditor"}, None),
    "auditor:envelope": ("envelope", {"auditor"}, None),
    "programme:home": (None, OF_PROGRAMME | {"foreign_manager", "admin"}, None),
    "programme:envelope": ("envelope", OF_PROGRAMME, None),
    "programme:allot": ("envelope", {"finance"}, {"finance"}),
    "programme:cut": ("envelope", {"finance"}, {"finance"}),
    "programme:end_year": ("envelope", {"head"}, {"head"}),
    "programme:carry_over": ("envelope", {"head"}, {"head"}),
    "programme:statement": (None, OF_PROGRAMME - {"second"} | {"foreign_manager"}, None),
    "programme:statement_file": ("format", OF_PROGRAMME - {"second"} | {"foreign_manager"}, None),
    "programme:policies": ("programme", OF_PROGRAMME, None),
    "programme:policy": ("policy", OF_PROGRAMME, None),
    "programme:adopt": ("programme", {"head"}, {"head"}),
    # Outside a demo installation these are not there for anybody.
    "demo:forward": (None, set(), set()),
    "demo:become": (None, set(), set()),
    "demo:mailbox": (None, set(), set()),
}


def _names(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"


def test_every_address_has_its_row() -> None:
    addresses = {name for name in _names(get_resolver()) if not name.startswith("admin:")}
    assert addresses == set(TABLE)


@pytest.fixture
def stage(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any
) -> tuple[dict[str, User | None], dict[str, Any]]:
    """One award in the middle of its story, and everybody who could want to look at it."""
    settings.MEDIA_ROOT = tmp_path
    w = make.world()
    milestone = make.opened(w)
    at = make.start_of(milestone.due_on)
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    file = Stored("x.pdf", "x.pdf", 8, "0" * 64, "application/pdf")
    performing.report(milestone.pk, text="done", files=[file], by=w.hana, at=at)
    review = Review.objects.filter(milestone=milestone).earliest("pk")
    evaluating.accept(review.pk, by=review.reviewer, at=at)
    award = Award.objects.get()
    claim = settlement.start(award.pk, by=w.hana, at=at, once=make.uuid4())
    line = make.Line(make.BudgetCategory.objects.earliest("pk"), at.date(), "cost", 1000)
    receipt = Stored("y.pdf", "y.pdf", 8, "0" * 64, "application/pdf")
    (tmp_path / "y.pdf").write_bytes(b"%PDF-1.7")
    settlement.save(claim.pk, [line], files=[receipt], revision=0, by=w.hana, at=at)
    make.accounting.submit(claim.pk, by=w.hana, at=at)
    change = _change_proposed(w, award, at)
    proceeding, appeal = _disputed(w, award, at)
    account = paying.give_account(award.pk, account=make.ACCOUNT, by=w.sejin, at=at)
    recovery = make.recovery(w, award, at=at)
    early = recovering.receive(
        recovery.pk, reference="early", received_on=at.date(), amount=1, by=w.finn, at=at
    )
    monkeypatch.setattr(clock, "now", lambda: at)
    asked = set(Review.objects.values_list("reviewer", flat=True))
    people: dict[str, User | None] = {
        "anonymous": None,
        "pi": w.hana,
        "signatory": w.sejin,
        "outsider": w.olga,
        "manager": w.minjun,
        "second": w.yuna,
        "head": w.doyun,
        "finance": w.finn,
        "reviewer": review.reviewer,
        "unasked_reviewer": next(user for user in w.reviewers if user.pk not in asked),
        "committee": w.committee[0],
        "auditor": w.audrey,
        "foreign_manager": _manager_elsewhere(w),
        "conflicted_deputy": _conflicted_deputy(w),
        "admin": w.admin,
    }
    objects = {
        "call": w.call.pk,
        "proposal": award.proposal_id,
        "award": award.pk,
        "milestone": milestone.pk,
        "tranche": award.tranches.get(number=1).pk,
        "claim": claim.pk,
        "plan": award.plan.pk,
        "motion": _motion(w, award, at).pk,
        "final_evidence": _final_evidence(w, award, at).pk,
        "review": review.pk,
        "account": account.pk,
        "recovery": recovery.pk,
        "repayment": early.pk,
        "envelope": w.envelope.pk,
        "change": change.pk,
        "programme": w.programme.pk,
        "format": "csv",
        "award_format": (award.pk, "csv"),
        "policy": w.programme.policies.get().pk,
        "proceeding": proceeding.pk,
        "appeal": appeal.pk,
        "appealed": (award.proposal_id, appeal.decision_id),
        "evidence": Evidence.objects.get().pk,
        "receipt": Receipt.objects.get().pk,
    }
    return people, objects


def _change_proposed(w: make.World, award: Award, at: Any) -> Change:
    return changing.propose(
        award.pk, amount=award.amount + 1, promises=[], reason="More.", base_version=award.version,
        once=make.uuid4(), by=w.hana, at=at,
    )  # fmt: skip


def _motion(w: make.World, award: Award, at: Any) -> Motion:
    """The applicant's wish to end the work, and a motion for it."""
    stopping.ask_to_stop(award.pk, reason="It does not hold.", by=w.hana, at=at)
    return moving.propose_end(award.pk, reason="Agreed.", lesson="No sulphide.", by=w.minjun, at=at)


def _final_evidence(w: make.World, award: Award, at: Any) -> FinalEvidence:
    """A file of a final report, as it will be there once the award was confirmed."""
    report = FinalReport.objects.create(award=award, text="Done.", lesson="Much.", by=w.hana, at=at)
    return FinalEvidence.objects.create(
        report=report, name="x.pdf", path="x.pdf", size=8, sha256="0" * 64, content_type="application/pdf"
    )


def _disputed(w: make.World, award: Award, at: Any) -> tuple[Proceeding, Appeal]:
    """A special review that was heard, and an appeal against the suspension that came with it."""
    opened = flow.open_(
        award.pk, "special_review", reason="Doubts.", possible_outcome="An end.", by=w.minjun, at=at
    )
    flow.reply(opened.pk, text="All is well.", by=w.hana, at=at)
    (event,) = appealable(award.proposal, at=at)
    return opened, appealing.file(award.proposal_id, event.pk, text="No reason.", by=w.hana, at=at)


def _manager_elsewhere(w: make.World) -> User:
    other = Programme.objects.create(code="other", name_ko="다른 사업", name_en="Other")
    user = make.person("Foreign", w.minjun.organisation)
    Appointment.objects.create(programme=other, user=user, role="manager")
    return user


def _conflicted_deputy(w: make.World) -> User:
    user = make.person("Deputy", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=user, role="deputy")
    Conflict.objects.create(user=user, with_user=w.hana, reason="sister", declared_at=make.MONDAY)
    return user


def _part(name: str) -> str:
    """The part of the site that an address belongs to."""
    return name.partition(":")[0] if ":" in name else "everybody"


@pytest.mark.parametrize("part", sorted({_part(name) for name in TABLE}))
def test_an_address_opens_for_those_it_concerns_and_is_not_there_for_others(part: str, stage: Any) -> None:
    for name in sorted(name for name in TABLE if _part(name) == part):
        with transaction.atomic():
            _ensure_access(name, *stage)
            transaction.set_rollback(True)  # the next address finds everything as it was


def _ensure_access(name: str, people: dict[str, User | None], objects: dict[str, Any]) -> None:
    kind, may_open, may_send = TABLE[name]
    found = objects[kind] if kind else ()
    url = reverse(name, args=found if isinstance(found, tuple) else [found])
    concerned = (may_open or set()) | (may_send or set())
    clients = {who: _client_of(user) for who, user in people.items()}
    for method, allowed in (("get", may_open), ("post", may_send)):
        before = _facts()
        for who, client in clients.items():
            answer = getattr(client, method)(url)
            if answer.streaming:
                b"".join(answer)  # the file is closed once it was read
            status = answer.status_code
            where = f"{method} {name} as {who}: {status}"
            if allowed is not None and who in allowed:
                assert status in {200, 302}, where
            elif who == "anonymous" and "anonymous" not in concerned and concerned:
                assert status in {302, 405}, where
            else:
                assert status in {404, 405} if allowed is None else status == 404, where
        if name not in {"researcher:claim_start", "researcher:take_stop_back"}:
            assert _facts() == before, f"an empty {method} of {name} changed something"


def _client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def _facts() -> tuple[int, ...]:
    counted = (Event, Arrow, Milestone, Finding, Review)
    return tuple(model._default_manager.count() for model in counted)


def test_anonymous_people_are_sent_to_sign_in_and_come_back() -> None:
    answer = Client().get(reverse("messages"))
    assert answer.headers["Location"] == f"{reverse('sign_in')}?next={reverse('messages')}"


def test_administration_opens_for_administrators_alone(stage: Any) -> None:
    people, _objects = stage
    clients = {who: _client_of(user) for who, user in people.items()}
    tried = 0
    for name in {name for name in _names(get_resolver()) if name.startswith("admin:")}:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        if name in {"admin:login", "admin:logout", "admin:jsi18n"}:
            continue
        tried += 1
        for who, client in clients.items():
            status = client.get(url).status_code
            if people[who] is not None and who != "admin":
                assert client.get(url, follow=True).status_code == 404, f"{name} as {who}"
            assert (status in {200, 403, 405}) if who == "admin" else status in {302, 404}, (
                f"{name} as {who}: {status}"
            )
    assert tried > 15
