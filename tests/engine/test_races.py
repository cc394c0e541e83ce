"""Two people, or one person twice, on two real connections: one effect, and the other is told."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from rdfast.audit.models import Event
from rdfast.changes.models import Change
from rdfast.core import limits
from rdfast.core.locks import lock
from rdfast.core.refusals import RuleBroken
from rdfast.core.working_days import end_of
from rdfast.decisions.models import Decision
from rdfast.flow import appealing, changing, granting, paying, submitting
from rdfast.flow.deadlines import settle_down, sweep
from rdfast.funding.limits import EnvelopeExhausted
from rdfast.funding.models import Award, Payment
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.milestones.models import Milestone
from rdfast.milestones.operations import Promise
from rdfast.outbox import operations as outbox
from rdfast.outbox.models import Message
from rdfast.people.models import Conflict
from rdfast.people.operations import declare_conflict
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import waiting_for_money
from rdfast.reports.invariants import broken
from rdfast.timers.models import Timer
from tests import make
from tests.databases import at_once
from tests.stack import wait_until

pytestmark = pytest.mark.usefixtures("fresh_database")
DAY = timedelta(days=1)


def _only_one_succeeded(outcomes: list[object]) -> None:
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == len(outcomes) - 1, outcomes
    assert all(isinstance(refusal, RuleBroken) for refusal in refused), outcomes


def test_two_managers_approve_one_proposal() -> None:
    w = make.world()
    other = make.person("Other", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=other, role="deputy")
    proposal = make.submitted(w)
    outcomes = at_once(
        *(
            lambda by=by: granting.approve(
                proposal.pk, amount=60_000_000, reason="yes", by=by, at=make.MONDAY
            )
            for by in (w.minjun, other)
        )
    )
    _only_one_succeeded(outcomes)
    assert (Award.objects.count(), Decision.objects.count()) == (1, 1)
    assert ledger.balance(BoxKind.AVAILABLE, envelope_id=w.envelope.pk) == 10_000_000_000 - 60_000_000
    assert broken(at=make.MONDAY) == []


def test_an_approver_who_waited_for_the_submission_finds_its_policy() -> None:
    w = make.world()
    proposal, is_submitted = make.draft(w), threading.Event()

    @transaction.atomic
    def submit() -> None:
        submitting.submit(proposal.pk, by=w.hana, at=make.MONDAY)
        is_submitted.set()
        wait_until(_somebody_waits_for_a_lock)

    def approve() -> None:
        is_submitted.wait(10)
        granting.approve(proposal.pk, amount=60_000_000, reason="yes", by=w.minjun, at=make.MONDAY)

    assert at_once(submit, approve) == [None, None]
    assert Award.objects.get().policy == w.programme.policies.get()


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_an_approval_and_a_refusal_of_one_proposal() -> None:
    w = make.world()
    proposal = make.submitted(w)
    outcomes = at_once(
        lambda: granting.approve(proposal.pk, amount=60_000_000, reason="yes", by=w.minjun, at=make.MONDAY),
        lambda: granting.decline(proposal.pk, reason="no", by=w.minjun, at=make.MONDAY),
    )
    _only_one_succeeded(outcomes)
    assert Award.objects.count() == (Proposal.objects.get().state == "approved")


def test_two_approvals_against_a_nearly_empty_envelope() -> None:
    w = make.world(
        allotted=100_000_000,
        programme_exposure_percent=100,
        organisation_exposure_percent=100,
        cover_percent=0,  # another guard, with tests of its own
    )
    pis = [make.person(name, w.institute) for name in ("Ari", "Bora", "Cho")]
    asked = [make.submitted(w, by=pi) for pi in pis]
    outcomes = at_once(
        *(
            lambda pk=proposal.pk: granting.approve(
                pk, amount=60_000_000, reason="yes", by=w.minjun, at=make.MONDAY
            )
            for proposal in asked
        )
    )
    _only_one_succeeded(outcomes)
    assert Award.objects.count() == 1
    assert ledger.balance(BoxKind.AVAILABLE, envelope_id=w.envelope.pk) == 40_000_000
    assert Proposal.objects.filter(state="submitted").count() == 2
    assert broken(at=make.MONDAY) == []


def test_the_envelope_itself_refuses_when_no_cap_does() -> None:
    w = make.world(
        allotted=100_000_000,
        programme_exposure_percent=100,
        organisation_exposure_percent=100,
        cover_percent=0,  # another guard, with tests of its own
    )
    # Most of each award is paid so late that it is no exposure yet: both fit the caps, not the envelope.
    late = [
        make.Planned("First", "It works", (make.MONDAY + 120 * DAY).date(), 40),
        make.Planned("Second", "It lasts", (make.MONDAY + 200 * DAY).date(), 60),
    ]
    pis = [make.person(name, w.institute) for name in ("Ari", "Bora")]
    asked = [make.submitted(w, by=pi, milestones=late) for pi in pis]
    outcomes = at_once(
        *(
            lambda pk=proposal.pk: granting.approve(
                pk, amount=60_000_000, reason="yes", by=w.minjun, at=make.MONDAY
            )
            for proposal in asked
        )
    )
    (refused,) = (outcome for outcome in outcomes if isinstance(outcome, Exception))
    assert isinstance(refused, EnvelopeExhausted), outcomes
    assert "40,000,000" in str(refused)
    assert Award.objects.count() == 1
    assert ledger.balance(BoxKind.AVAILABLE, envelope_id=w.envelope.pk) == 40_000_000
    assert broken(at=make.MONDAY) == []


def test_one_pi_is_not_granted_two_provisional_awards_at_once() -> None:
    w = make.world()
    asked = [make.submitted(w), make.submitted(w)]
    outcomes = at_once(
        *(
            lambda pk=proposal.pk: granting.approve(
                pk, amount=60_000_000, reason="yes", by=w.minjun, at=make.MONDAY
            )
            for proposal in asked
        )
    )
    _only_one_succeeded(outcomes)
    assert Award.objects.count() == 1


def test_two_releases_of_one_tranche() -> None:
    w = make.world()
    second = make.person("Second", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=second, role="finance")
    tranche = make.signed(w).tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    outcomes = at_once(
        *(lambda by=by: paying.release(tranche.pk, by=by, at=make.MONDAY) for by in (w.finn, second))
    )
    _only_one_succeeded(outcomes)
    assert Payment.objects.count() == 1
    assert ledger.boxes_of_award(tranche.award_id)["advances"] == tranche.amount
    assert broken(at=make.MONDAY) == []


def test_eight_sweepers_over_the_same_deadlines_have_one_effect_each() -> None:
    w = make.world()
    pis = [make.person(f"Pi{number}", w.institute) for number in range(6)]
    for pi in pis:
        make.submitted(w, by=pi)
    at = make.MONDAY + 2 * DAY
    at_once(*(lambda: sweep(at=at) for _sweeper in range(8)))
    sweep(at=at)
    assert Event.objects.filter(kind="proposal.escalated").count() == 6
    assert Timer.objects.filter(kind="decide", status="done").count() == 6
    assert broken(at=at) == []


def test_one_matters_deadlines_act_in_their_order_however_many_sweep() -> None:
    w = make.world()
    milestones = [make.opened(w, by=make.person(f"Pi{number}", w.institute)) for number in range(3)]
    at = end_of(milestones[0].due_on) + timedelta(hours=1)
    at_once(*(lambda: sweep(at=at) for _sweeper in range(8)))
    sweep(at=at)
    for milestone in milestones:
        events = Event.objects.filter(subject_kind="milestones.milestone", subject_id=milestone.pk, at=at)
        ours = events.filter(kind__in=("deadline.reminded", "milestone.run_over")).order_by("pk")
        kinds = list(ours.values_list("kind", flat=True))
        assert len(kinds) > 1
        assert kinds == [*["deadline.reminded"] * (len(kinds) - 1), "milestone.run_over"]
    assert broken(at=at) == []


def test_a_sweep_ends_after_its_turn_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make.world()
    make.submitted(w)
    at = make.MONDAY + 2 * DAY
    with monkeypatch.context() as short:
        short.setattr(limits, "TURN", 0)
        assert sweep(at=at) == 0
    assert sweep(at=at) > 0


def test_eight_sweepers_serve_whoever_waits_for_money_once() -> None:
    w = make.world(allotted=600_000_000)
    programmes.cut(w.envelope.pk, amount=600_000_000, reason="crisis", key="1", by=None, at=make.MONDAY)
    waiting = [make.submitted(w, by=make.person(f"Pi{number}", w.institute)) for number in range(4)]
    for proposal in waiting:
        granting.decline(proposal.pk, reason="Unclear.", by=w.minjun, at=make.MONDAY)
        event = Event.objects.get(kind="proposal.decline", subject_id=proposal.pk)
        appeal = appealing.file(proposal.pk, event.pk, text="It is clear.", by=proposal.pi, at=make.MONDAY)
        appealing.uphold(appeal.pk, reason="It is.", by=w.committee[0], at=make.MONDAY)
    programmes.allot(w.envelope.pk, amount=150_000_000, reason="more", key="2", by=None, at=make.MONDAY)

    outcomes = at_once(*(lambda: sweep(at=make.MONDAY) for _sweeper in range(8)))
    sweep(at=make.MONDAY)

    assert not [each for each in outcomes if isinstance(each, Exception)]
    assert list(waiting_for_money(w.envelope.pk)) == waiting[2:]
    assert Event.objects.filter(kind="proposal.served").count() == 2
    assert broken(at=make.MONDAY) == []


def test_a_proposal_that_somebody_holds_is_left_for_the_next_sweep_and_holds_up_no_other() -> None:
    w = make.world()
    held, free = (make.submitted(w, by=make.person(f"Pi{number}", w.institute)) for number in range(2))
    at = make.MONDAY + 2 * DAY
    late = Timer.objects.filter(kind="decide", status="done")
    with transaction.atomic():
        lock(Proposal, held.pk)
        at_once(lambda: sweep(at=at))
        assert [timer.subject_id for timer in late] == [free.pk]
        assert Timer.objects.get(kind="decide", subject_id=held.pk).attempts == 0
    assert sweep(at=at) == 1
    assert {timer.subject_id for timer in late.all()} == {held.pk, free.pk}


def test_sweepers_and_relays_at_once_tell_everyone_once() -> None:
    w = make.world()
    make.paid(w)
    at = make.MONDAY + 46 * DAY
    at_once(*(lambda: settle_down(at=at) for _worker in range(4)))
    settle_down(at=at)
    assert Milestone.objects.get(number=1).state == "open"
    opened = Message.objects.filter(subject__startswith="Please report")
    assert [message.to for message in opened] == [w.hana]
    assert not Message.objects.exclude(status="delivered").exists()
    assert broken(at=at) == []


def test_four_relays_send_each_message_once(mailoutbox: list[object]) -> None:
    w = make.world()
    make.submitted(w)
    delivered = at_once(*(lambda: outbox.deliver_waiting(at=make.MONDAY) for _relay in range(4)))
    assert sum(delivered) == len(mailoutbox) == Message.objects.count() == 2


def test_the_same_form_posted_twice_at_once_makes_one_draft() -> None:
    w = make.world()
    once = make.uuid4()
    outcomes = at_once(
        *(lambda: proposals.start(w.call, by=w.hana, at=make.MONDAY, once=once) for _click in range(2))
    )
    assert len({outcome.pk for outcome in outcomes}) == 1
    assert Proposal.objects.count() == 1


def test_submitting_twice_at_once_submits_once() -> None:
    w = make.world()
    proposal = make.draft(w)
    outcomes = at_once(
        *(lambda: submitting.submit(proposal.pk, by=w.hana, at=make.MONDAY) for _click in range(2))
    )
    _only_one_succeeded(outcomes)
    assert Event.objects.filter(kind="proposal.submit").count() == 1
    assert Timer.objects.filter(kind="decide").count() == 1


def test_a_conflict_of_interest_declared_by_a_double_click() -> None:
    w = make.world()
    click = lambda: declare_conflict(  # noqa: E731
        w.minjun, with_user=w.hana, with_organisation=w.institute, reason="kin", at=make.MONDAY
    )
    assert not any(isinstance(outcome, Exception) for outcome in at_once(*[click] * 4))
    assert Conflict.objects.count() == 1


def test_sweepers_at_once_keep_the_order_of_one_matter() -> None:
    # The reminder comes before the deadline it is about, also when both are long due.
    w = make.world()
    milestone = make.opened(w)
    late = make.start_of(milestone.due_on)
    assert not any(isinstance(outcome, Exception) for outcome in at_once(*[lambda: sweep(at=late)] * 8))
    settle_down(at=late)
    reminded = Event.objects.filter(
        kind="deadline.reminded", subject_kind="reviews.review", data__deadline="answer_invitation"
    )
    invited = Event.objects.filter(kind="review.begin", at__lt=late)
    assert reminded.count() == invited.count() == 3


def test_a_change_sent_eight_times_at_once_is_proposed_once() -> None:
    w = make.world()
    award = make.signed(w)
    promise = Promise("Cell", "80 % after 200 cycles", (make.MONDAY + 90 * DAY).date(), 100)
    once = make.uuid4()
    changes = at_once(
        *(
            lambda: changing.propose(
                award.pk,
                amount=award.amount,
                promises=[promise],
                reason="We learnt something.",
                base_version=award.version,
                once=once,
                by=w.hana,
                at=make.MONDAY,
            )
            for _time in range(8)
        )
    )
    assert set(changes) == {Change.objects.get()}
    assert Message.objects.filter(to=w.minjun, subject__startswith="Change proposed").count() == 1
