"""Proposals by the hundred thousand: some played by the real operations, all others copied from them by SQL.

A *deck* is a set of proposals in every stage of life, each played by the demonstration's own verbs up to now.
Every further deck is a copy of all its rows with the ids moved on, so that a proposal is equally rich at every
size: its team, budget, reports, decisions, award, payments, reviews, claims, deadlines, messages and history.
Copies are people's own: nobody in one deck knows anybody in another, except the officials and one university.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.funding.models import Award, Tranche
from rdfast.ledger.models import Arrow, Box
from rdfast.ledger.queries import boxes_of_envelope
from rdfast.local.demo import cases, cast
from rdfast.local.demo.long_play import LongPlay
from rdfast.local.demo.texts import TEXTS, Text
from rdfast.milestones.models import Milestone
from rdfast.outbox.models import Message
from rdfast.people.models import Organisation, User
from rdfast.plans.models import Plan
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment, Call, Envelope, Policy, Programme, Topic
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Finding, Review
from rdfast.settlement.models import Claim
from rdfast.timers import queries as timers
from rdfast.timers.kinds import Kind

Slot = tuple[cases.Script, float]

# What people do with a proposal, begun how many days ago, and how many of a deck do so.
UNANSWERED: list[tuple[cases.Script, float, int]] = [
    (cases.draft, 1, 4),
    (cases.submitted, 0.2, 1),
    (cases.submitted, 0.5, 1),
    (cases.submitted, 0.9, 1),
    (cases.recommended, 0.5, 1),
    (cases.returned, 1.5, 1),
    (cases.returned, 52, 2),
    (cases.declined, 9, 7),
    (cases.declined, 60, 7),
    (cases.withdrawn, 14, 4),
]
GRANTED: list[tuple[cases.Script, float, int]] = [
    (cases.offered, 2, 1),
    (cases.refused, 12, 1),
    (cases.offered, 36, 1),
    (cases.ready, 1.2, 1),
    (cases.approved, 2, 1),
    (cases.claimed, 20, 2),
    (cases.paid, 40, 2),
    (cases.half_reviewed, 54, 1),
    (cases.finding_waits, 55, 1),
    (cases.nothing_after_payment, 64, 1),
    (cases.conditional, 66, 1),
    (cases.passed, 62, 3),
    (cases.second_payment, 80, 5),
]


def _slots(plan: Iterable[tuple[cases.Script, float, int]]) -> list[Slot]:
    return [(script, days) for script, days, count in plan for _each in range(count)]


# Fifty proposals, of which twenty-one became awards; and awards alone.
DECK = _slots(UNANSWERED + GRANTED)
AWARDS = _slots(GRANTED)
_SUBJECTS = (Proposal, Award, Tranche, Milestone, Plan, Review, Finding, Claim)
# A part of a key like "reserve:17" that is an id.
_PART = "split_part(key, ':', {})::bigint"
# How many decks one statement copies: enough to be quick, few enough to sort in memory.
CHUNK = 50
# So much money in each envelope that no cap on exposure is met.
ALLOTTED = 10**15
_BEGAN = timedelta(days=100)


@dataclass
class Crowd:
    """The world that was filled: its officials by name, and how many decks it holds."""

    stage: cast.Stage
    envelopes: list[Envelope]
    decks: int
    proposals: int
    # By how many seconds a copied story may be earlier without any deadline being due.
    spare: int = 1
    # By model: the id below the first deck's rows, and how many ids one deck takes.
    below: dict[type[models.Model], int] = field(default_factory=dict)
    stride: dict[type[models.Model], int] = field(default_factory=dict)


def fill(proposals: int, *, deck: Sequence[Slot] | None = None, programmes: int = 1) -> Crowd:
    """Fill an empty migrated database with at least so many proposals, spread over so many programmes.

    Everything is as if it had happened up to now. Every person's password is the demonstration's.
    """
    slots, now = deck or DECK, timezone.now()
    decks = max(1, -(-proposals // len(slots)))
    with transaction.atomic():
        stage, envelopes = _stage(programmes, at=now - _BEGAN)
        crowd = Crowd(stage, envelopes, decks=1, proposals=len(slots))
        crowd.below = {model: _last_id(model) for model in _models()}
        _play(stage, slots, until=now)
        ends = {model: _last_id(model) for model in _models()}
        crowd.stride = {model: ends[model] - low for model, low in crowd.below.items() if ends[model] > low}
    crowd.spare = _time_to_spare(now)
    grow(crowd, decks=decks)
    return crowd


def grow(crowd: Crowd, *, decks: int) -> None:
    """Copy the first deck, in which nothing may have happened since, until there are so many."""
    in_deck = crowd.proposals // crowd.decks
    with transaction.atomic(), connection.cursor() as cursor:
        # Guards and foreign keys hold for the first deck and therefore for its copies; checking each row of
        # millions again is what takes the time. Unique keys and check constraints are still enforced.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SET LOCAL work_mem = '256MB'")
        _copy(crowd, cursor, until=decks)
        crowd.decks, crowd.proposals = decks, decks * in_deck
        _take_from_envelopes(crowd)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def remind(kind: Kind, times: int, *, moment: str) -> None:
    """So many further reminders of each pending deadline of this kind; `moment` is SQL over its row `t` and `n`, 1 to `times`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO timers_timer (kind, subject_kind, subject_id, matter_id, about_id, status, due_at, next_try_at,
                set_at, attempts, last_error)
            SELECT 'reminder', t.subject_kind, t.subject_id, t.matter_id, t.id, 'pending', moment, moment, t.set_at, 0, ''
            FROM timers_timer t, generate_series(1, %s) n, LATERAL (SELECT {moment} AS moment) m
            WHERE t.kind = %s AND t.status = 'pending'
            """,
            [times, kind],
        )
        cursor.execute("VACUUM (ANALYZE) timers_timer")


def _stage(count: int, *, at: datetime) -> tuple[cast.Stage, list[Envelope]]:
    """The demonstration's programme, and further ones like it served by the same officials."""
    stage = cast.make(at=at)
    calls = [stage.call, *(_another_call(stage, number, at) for number in range(1, count))]
    for call in calls:
        key = f"crowd-{call.pk}"
        programmes.allot(call.envelope_id, amount=ALLOTTED, reason="Crowd", key=key, by=None, at=at)
    return stage, [call.envelope for call in calls]


def _another_call(stage: cast.Stage, number: int, at: datetime) -> Call:
    programme = Programme.objects.create(
        code=f"crowd-{number}", name_ko=f"사업 {number}", name_en=f"Programme {number}"
    )
    call = cast._call(programme, stage.people["admin"], at=at)
    serving = Appointment.objects.filter(programme=stage.programme)
    Appointment.objects.bulk_create(
        Appointment(programme=programme, user_id=each.user_id, role=each.role) for each in serving
    )
    topics = Topic.objects.filter(programme=stage.programme).order_by("pk")
    call.topics.set(
        Topic.objects.create(programme=programme, name_ko=each.name_ko, name_en=each.name_en)
        for each in topics
    )
    return call


def _play(stage: cast.Stage, slots: Sequence[Slot], *, until: datetime) -> None:
    """The first deck, by the real operations. All but one university are the deck's own organisations."""
    hashed = stage.people["manager"].password
    places = dict(stage.organisations)
    for number, (code, (kind, ko, en, _theirs)) in enumerate(cast.ORGANISATIONS.items()):
        if code in {"agency", "neutral", "hanbit"}:
            continue
        places[code] = Organisation.objects.create(
            kind=kind, name_ko=ko, name_en=en, registration_number=f"900-00-{number:05}"
        )
        cast.account(f"sign.{code}.deck", f"서명 {ko}", places[code], hashed=hashed, is_signatory=True)
    stage = replace(stage, organisations=places)
    plays = []
    for number, (script, days) in enumerate(slots):
        text = _text(number, above_limit=script is cases.recommended)
        pi = cast.account(f"pi.{number}", text.pi, places[text.organisation], hashed=hashed)
        plays.append((LongPlay(stage, text, pi), script, until - timedelta(days=days)))
    cases.perform(plays, until=until)


def _text(number: int, *, above_limit: bool) -> Text:
    """A text, asking for what one manager may grant alone, or for more."""
    text = TEXTS[number % len(TEXTS)]
    if above_limit:
        return replace(text, total=500_000_000, provisional=120_000_000)
    return replace(text, provisional=min(text.provisional, 90_000_000))


def _time_to_spare(now: datetime) -> int:
    due = timers.next_due()
    return max(1, min(5 * 3600, int((due - now).total_seconds() / 2))) if due else 1


def _models() -> list[type[models.Model]]:
    """Every table of ours whose rows a deck may bring."""
    return [model for model in apps.get_models() if model.__module__.startswith("rdfast.")]


def _last_id(model: type[models.Model]) -> int:
    return model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0


def _copy(crowd: Crowd, cursor: Any, *, until: int) -> None:
    copy = _Copy(crowd, crowd.spare)
    for first in range(crowd.decks, until, CHUNK):
        last = min(first + CHUNK, until) - 1
        for model in crowd.stride:
            cursor.execute(copy.statement(model, first, last))
    for model in crowd.stride:
        table = model._meta.db_table
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )


def _take_from_envelopes(crowd: Crowd) -> None:
    """What the copies' awards hold is no longer available in their envelopes."""
    in_decks = Counter(number % len(crowd.envelopes) for number in range(crowd.decks))
    held = Box.objects.filter(award_id__lte=crowd.below[Award] + crowd.stride.get(Award, 0))
    drawn = held.aggregate(total=models.Sum("balance"))["total"] or 0
    for number, envelope in enumerate(crowd.envelopes):
        allotted = -boxes_of_envelope(envelope.pk)["treasury"]
        available = Box.objects.filter(envelope_id=envelope.pk, kind="available")
        available.update(balance=allotted - drawn * in_decks[number])


class _Copy:
    """Writes the statements that copy the first deck's rows; `i` is the number of the copy."""

    def __init__(self, crowd: Crowd, spare: int) -> None:
        self._crowd = crowd
        self._earlier = f"make_interval(secs => i * 7919 % {spare})"
        count = len(crowd.envelopes)
        # The other programmes' rows follow those of the first in the same order.
        self._spread = {
            model: f"i % {count} * {per_programme}"
            for model, per_programme in {Call: 1, Envelope: 1, Policy: 1, Topic: len(cast.TOPICS)}.items()
        }
        self._boxes = f"i % {count} * 2"
        self._special = self._specials()

    def statement(self, model: type[models.Model], first: int, last: int) -> str:
        """Insert copies `first` to `last` of the deck's rows of this model."""
        meta, low = model._meta, self._crowd.below[model]
        fields = list(meta.concrete_fields)
        names = ", ".join(f'"{column.column}"' for column in fields)
        values = ", ".join(self._value(model, column) for column in fields)
        return (
            f"INSERT INTO {meta.db_table} ({names}) SELECT {values} FROM {meta.db_table},"
            f" generate_series({first}, {last}) i WHERE id > {low} AND id <= {low + self._crowd.stride[model]}"
            " ORDER BY i, id"
        )

    def _value(self, model: type[models.Model], column: models.Field[object, object]) -> str:
        name = str(column.column)
        special = self._special.get((model, name)) or self._special.get((None, name))
        if special:
            return special
        if column.primary_key:
            return self._moved(model, "id")
        if isinstance(column, models.ForeignKey):
            return self._moved(column.related_model, f'"{name}"')
        if isinstance(column, models.DateTimeField):
            return f'"{name}" - {self._earlier}'
        return f'"{name}"'

    def _moved(self, model: type[models.Model], id_: str) -> str:
        """The id of the row's own copy: another one if the row is in the deck, else the same."""
        if model in self._spread:
            return f"{id_} + {self._spread[model]}"
        if model not in self._crowd.stride:
            return id_
        low, stride = self._crowd.below[model], self._crowd.stride[model]
        other = f"{id_} + {self._boxes}" if model is Box else id_
        return f"CASE WHEN {id_} > {low} THEN {id_} + i::bigint * {stride} ELSE {other} END"

    def _specials(self) -> dict[tuple[type[models.Model] | None, str], str]:
        kinds = [model for model in _SUBJECTS if model in self._crowd.stride]
        cases_ = " ".join(
            f"WHEN '{model._meta.label_lower}' THEN {self._moved(model, 'subject_id')}" for model in kinds
        )
        owners = {Award: "reserve oblige unreserve", Tranche: "release", Claim: "liquidate"}
        of_arrow = " ".join(
            f"WHEN '{what}' THEN {self._moved(model, _PART.format(2))}"
            for model, whats in owners.items()
            if model in self._crowd.stride
            for what in whats.split()
        )
        of_event, of_person = self._moved(Event, _PART.format(1)), self._moved(User, _PART.format(3))
        number = f"lpad(({self._moved(Organisation, 'id')})::text, 10, '0')"
        return {
            (None, "matter_id"): self._moved(Proposal, "matter_id"),
            (None, "subject_id"): f"CASE subject_kind {cases_} END",
            (None, "once"): "gen_random_uuid()",
            (None, "title_ko"): "title_ko || ' ' || i",
            (Organisation, "name_ko"): "name_ko || ' ' || i",
            (Organisation, "name_en"): "name_en || ' ' || i",
            (Organisation, "registration_number"): (
                f"overlay(overlay({number} placing '-' from 4 for 0) placing '-' from 7 for 0)"
            ),
            (User, "email"): "'c' || i || '.' || email",
            (Box, "envelope_id"): f"envelope_id + {self._spread[Envelope]}",
            (Box, "award_id"): self._moved(Award, "award_id"),
            (Arrow, "key"): (
                f"split_part(key, ':', 1) || ':' || CASE split_part(key, ':', 1) {of_arrow} END"
                " || substr(key, length(split_part(key, ':', 1) || split_part(key, ':', 2)) + 2)"
            ),
            (Message, "key"): f"({of_event}) || ':' || split_part(key, ':', 2) || ':' || ({of_person})",
        }
