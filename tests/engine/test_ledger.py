"""Money moves by arrows alone: once, within its boxes, never below zero."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from rdfast.audit.models import Event
from rdfast.flow import granting, signing
from rdfast.funding.limits import EnvelopeExhausted, ExposureTooHigh
from rdfast.funding.models import Award
from rdfast.ledger import operations as ledger
from rdfast.ledger import queries
from rdfast.ledger.kinds import SECOND_SET, BoxKind, What
from rdfast.ledger.models import Arrow, Box
from rdfast.programmes import operations as programmes
from rdfast.programmes.operations import NotAllotted
from tests import make

pytestmark = pytest.mark.django_db


def _reserve(w: make.World, amount: int, key: str = "k") -> bool:
    return ledger.move(
        What.RESERVED,
        envelope_id=w.envelope.pk,
        award_id=77,
        amount=amount,
        at=make.MONDAY,
        key=key,
        event=Event.objects.latest("pk"),
    )


def test_an_arrow_changes_both_boxes_and_nothing_else() -> None:
    w = make.world(allotted=100)
    assert _reserve(w, 30)
    assert queries.boxes_of_envelope(w.envelope.pk) | {} == {
        **dict.fromkeys([kind.value for kind in BoxKind if kind not in SECOND_SET], 0),
        "treasury": -100,
        "available": 70,
        "reserved": 30,
    }


def test_the_same_key_moves_money_once() -> None:
    w = make.world(allotted=100)
    assert _reserve(w, 30)
    assert not _reserve(w, 30)
    assert queries.balance(BoxKind.AVAILABLE, envelope_id=w.envelope.pk) == 70


def test_a_key_used_for_another_amount_is_a_bug_that_is_heard() -> None:
    w = make.world(allotted=100)
    _reserve(w, 30)
    with pytest.raises(ledger.KeyUsedOtherwise):
        _reserve(w, 31)


def test_more_than_a_box_holds_is_refused_and_changes_nothing() -> None:
    w = make.world(allotted=100)
    before = Arrow.objects.count()
    with pytest.raises(ledger.NotEnough) as refused:
        _reserve(w, 101)
    assert (refused.value.balance, refused.value.asked) == (100, 101)
    assert Arrow.objects.count() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_box SET balance = balance + 1",
        "DELETE FROM ledger_box",
        "TRUNCATE ledger_box CASCADE",
        "UPDATE ledger_arrow SET amount = amount + 1",
        "DELETE FROM ledger_arrow",
        "TRUNCATE ledger_arrow",
        "UPDATE audit_event SET reason = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event CASCADE",
        "UPDATE programmes_policy SET number = 9",
        "INSERT INTO ledger_box (envelope_id, kind, balance) VALUES (999, 'available', 5)",
    ],
)
def test_the_database_refuses_to_rewrite_the_books(statement: str) -> None:
    make.world(allotted=100)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_the_database_refuses_an_arrow_that_is_not_listed() -> None:
    w = make.world(allotted=100)
    _reserve(w, 30)
    source, target = Box.objects.get(kind="reserved"), Box.objects.get(kind="available")
    with pytest.raises(IntegrityError, match="does not lead"), transaction.atomic():
        Arrow.objects.create(
            what="released",
            source=source,
            target=target,
            amount=1,
            at=make.MONDAY,
            key="x",
            event=Event.objects.latest("pk"),
        )


def test_an_arrow_by_sql_cannot_overdraw_either() -> None:
    w = make.world(allotted=100)
    _reserve(w, 30)
    source, target = Box.objects.get(kind="available"), Box.objects.get(kind="reserved")
    with pytest.raises(IntegrityError, match="box_is_not_below_zero"), transaction.atomic():
        Arrow.objects.create(
            what="reserved",
            source=source,
            target=target,
            amount=71,
            at=make.MONDAY,
            key="x",
            event=Event.objects.latest("pk"),
        )


def test_a_cut_takes_at_most_what_is_available() -> None:
    w = make.world(allotted=100)
    _reserve(w, 30)
    with pytest.raises(NotAllotted, match="₩70"):
        programmes.cut(w.envelope.pk, amount=71, reason="less", key="c", by=w.finn, at=make.MONDAY)
    programmes.cut(w.envelope.pk, amount=70, reason="less", key="c", by=w.finn, at=make.MONDAY)
    assert queries.balance(BoxKind.AVAILABLE, envelope_id=w.envelope.pk) == 0


def test_approving_beyond_the_envelope_leaves_nothing_behind() -> None:
    w = make.world(allotted=30_000_000, programme_exposure_percent=100, organisation_exposure_percent=100)
    late = [
        make.Planned("First", "It works", (make.MONDAY + timedelta(days=120)).date(), 40),
        make.Planned("Second", "It lasts", (make.MONDAY + timedelta(days=200)).date(), 60),
    ]
    proposal = make.submitted(w, provisional=60_000_000, milestones=late)
    events = Event.objects.count()
    with pytest.raises(EnvelopeExhausted, match=r"₩30,000,000 left; ₩60,000,000 is needed"):
        granting.approve(proposal.pk, amount=60_000_000, reason="yes", by=w.minjun, at=make.MONDAY)
    proposal.refresh_from_db()
    assert proposal.state == "submitted"
    assert not Award.objects.exists()
    assert Event.objects.count() == events


def test_a_cap_on_money_at_risk_is_refused_with_its_numbers() -> None:
    w = make.world(allotted=500_000_000)
    proposal = make.submitted(w, provisional=60_000_000)
    with pytest.raises(
        ExposureTooHigh, match=r"₩60,000,000; the cap is ₩50,000,000, exceeded by ₩10,000,000"
    ):
        granting.approve(proposal.pk, amount=60_000_000, reason="yes", by=w.minjun, at=make.MONDAY)
    assert not Award.objects.exists()


def test_refusing_an_award_frees_its_money() -> None:
    w = make.world()
    award = make.offered(w)
    signing.refuse(award.pk, reason="no", by=w.sejin, at=make.MONDAY + timedelta(days=1))
    assert queries.balance(BoxKind.AVAILABLE, envelope_id=w.envelope.pk) == 10_000_000_000
    assert queries.boxes_of_award(award.pk)["reserved"] == 0
    assert set(award.tranches.values_list("state", flat=True)) == {"cancelled"}
    assert set(award.milestones.values_list("state", flat=True)) == {"superseded"}
