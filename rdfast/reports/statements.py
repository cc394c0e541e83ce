"""Account statements at any past instant: of a programme, a fiscal year, an organisation or one award.

Everything is reckoned from the arrows up to that instant, so the same question has the same answer for ever. A
scope is a set of arrows; each takes from one box what it gives to another, so the boxes of a statement add up to
zero, treasury and outside included.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.models import Arrow
from rdfast.programmes.models import Envelope

# How many movements a download reads at a time.
CHUNK = 2000


@dataclass(frozen=True)
class Scope:
    """Whose money: that of these envelopes, of these awards, or of these awards in these envelopes; None is all."""

    title: str
    envelopes: Sequence[int] | None = None
    awards: Sequence[int] | None = None

    @property
    def condition(self) -> Q:
        """The arrows that belong to it."""
        found = Q()
        if self.envelopes is not None:
            found &= Q(source__envelope_id__in=self.envelopes)
        if self.awards is not None:
            found &= Q(source__award_id__in=self.awards) | Q(target__award_id__in=self.awards)
        return found


@dataclass(frozen=True)
class Line:
    """What one kind of box held at the beginning and at the end, in minor units."""

    kind: BoxKind
    words: str | Promise
    opening: int
    closing: int

    @property
    def change(self) -> int:
        """What came in on balance."""
        return self.closing - self.opening


@dataclass(frozen=True)
class Age:
    """Advances that have been out for so many days and are not accounted for, in minor units."""

    words: str | Promise
    amount: int


@dataclass(frozen=True)
class Statement:
    """One statement. Without `opens_at` it begins with the first movement there ever was."""

    scope: Scope
    opens_at: datetime | None
    closes_at: datetime
    lines: list[Line]
    ages: list[Age]

    @property
    def opening_total(self) -> int:
        """The trial balance at the beginning: zero."""
        return sum(line.opening for line in self.lines)

    @property
    def closing_total(self) -> int:
        """The trial balance at the end: zero."""
        return sum(line.closing for line in self.lines)

    @property
    def exposure(self) -> int:
        """Advances not accounted for."""
        return sum(age.amount for age in self.ages)

    @property
    def arrows(self) -> QuerySet[Arrow]:
        """The movements of the period, newest first."""
        found = Arrow.objects.filter(self.scope.condition, at__lte=self.closes_at)
        if self.opens_at:
            found = found.filter(at__gte=self.opens_at)
        return found.order_by("-pk")


def statement_at(scope: Scope, *, opens_at: datetime | None, closes_at: datetime) -> Statement:
    """The statement of the period, both instants included."""
    return Statement(
        scope=scope,
        opens_at=opens_at,
        closes_at=closes_at,
        lines=_lines(scope, opens_at, closes_at),
        ages=ages_at(scope, at=closes_at),
    )


def _lines(scope: Scope, opens_at: datetime | None, closes_at: datetime) -> list[Line]:
    arrows = Arrow.objects.filter(scope.condition, at__lte=closes_at)
    before = Sum("amount", filter=Q(at__lt=opens_at) if opens_at else Q(pk__in=[]), default=0)
    ways = (
        arrows.values_list("source__kind", "target__kind")
        .annotate(opening=before, closing=Sum("amount"))
        .order_by()
    )
    held: dict[str, list[int]] = {}
    for source, target, opening, closing in ways:
        for kind, sign in ((source, -1), (target, 1)):
            both = held.setdefault(kind, [0, 0])
            both[0] += sign * opening
            both[1] += sign * closing
    return [Line(kind, _words(kind, scope), *held[kind.value]) for kind in BoxKind if kind.value in held]


def _words(kind: BoxKind, scope: Scope) -> str | Promise:
    """For some awards the envelope is where their money came from; what others have of it is not told."""
    is_partial = scope.awards is not None and kind == BoxKind.AVAILABLE
    return _("Drawn from the envelope") if is_partial else kind.label


_AGES = (_("0–30 days"), _("31–60 days"), _("61–90 days"), _("over 90 days"))
_AGED = """
    WITH paid AS (
        SELECT r.id, r.at, r.amount, b.award_id, e.subject_id,
            row_number() OVER (PARTITION BY e.subject_id ORDER BY r.id) AS nth
        FROM ledger_box b JOIN ledger_arrow r ON r.target_id = b.id JOIN audit_event e ON e.id = r.event_id
        WHERE b.kind = 'advances' AND r.at <= %(at)s
        AND (%(envelopes)s::bigint[] IS NULL OR b.envelope_id = ANY(%(envelopes)s))
        AND (%(awards)s::bigint[] IS NULL OR b.award_id = ANY(%(awards)s))
    ), gone AS (
        SELECT b.award_id, r.what, r.amount, e.subject_id
        FROM ledger_box b JOIN ledger_arrow r ON r.source_id = b.id JOIN audit_event e ON e.id = r.event_id
        WHERE b.kind = 'advances' AND r.at <= %(at)s
        AND (%(envelopes)s::bigint[] IS NULL OR b.envelope_id = ANY(%(envelopes)s))
        AND (%(awards)s::bigint[] IS NULL OR b.award_id = ANY(%(awards)s))
    ), bounced AS (
        SELECT subject_id, count(*) AS times FROM gone WHERE what = 'bounced' GROUP BY 1
    ), accounted AS (
        SELECT award_id, sum(amount) AS total FROM gone WHERE what <> 'bounced' GROUP BY 1
    ), lots AS (
        SELECT p.award_id, p.at, p.amount, sum(p.amount) OVER (PARTITION BY p.award_id ORDER BY p.id) AS upto
        FROM paid p LEFT JOIN bounced USING (subject_id) WHERE p.nth > coalesce(bounced.times, 0)
    ), aged AS (
        SELECT greatest(0, least(l.amount, l.upto - coalesce(a.total, 0))) AS rest,
            floor(extract(epoch FROM %(at)s - l.at) / 86400) AS days
        FROM lots l LEFT JOIN accounted a USING (award_id)
    )
    SELECT coalesce(sum(rest) FILTER (WHERE days <= 30), 0),
        coalesce(sum(rest) FILTER (WHERE days BETWEEN 31 AND 60), 0),
        coalesce(sum(rest) FILTER (WHERE days BETWEEN 61 AND 90), 0),
        coalesce(sum(rest) FILTER (WHERE days > 90), 0)
    FROM aged
"""


def ages_at(scope: Scope, *, at: datetime) -> list[Age]:
    """Exposure by age since the release. What is accounted for counts against the oldest payment of its award.

    A payment that the bank sent back was never out; the tranche's next payment is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _AGED,
            {
                "at": at,
                "envelopes": None if scope.envelopes is None else list(scope.envelopes),
                "awards": None if scope.awards is None else list(scope.awards),
            },
        )
        amounts = cursor.fetchone()
    return [Age(words, int(amount)) for words, amount in zip(_AGES, amounts, strict=True)]


@dataclass(frozen=True)
class Movement:
    """One arrow, as downloads write it."""

    pk: int
    at: datetime
    event: int
    what: str
    envelope: int
    award: int | None
    source: str
    target: str
    amount: int
    # Whose the boxes are: an envelope's own belong to no award.
    source_award: int | None
    target_award: int | None


def movements_of(statement: Statement) -> Iterator[Movement]:
    """The movements of the period in the order in which they were recorded, a chunk at a time."""
    rows = (
        statement.arrows.order_by("pk")
        .annotate(award=Coalesce(F("source__award_id"), F("target__award_id")))
        .values_list(
            "pk", "at", "event_id", "what", "source__envelope_id", "award", "source__kind", "target__kind",
            "amount", "source__award_id", "target__award_id",
        )
    )  # fmt: skip
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        for row in chunk:
            yield Movement(*row)
        last = chunk[-1][0]


@dataclass(frozen=True)
class BoxBalance:
    """One box of the scope, with what the scope's arrows left in it."""

    envelope: int
    award: int | None
    kind: str
    opening: int
    closing: int


def balances_of(statement: Statement) -> list[BoxBalance]:
    """Every box that the scope's arrows touched until the end, envelope by envelope."""
    arrows = Arrow.objects.filter(statement.scope.condition, at__lte=statement.closes_at)
    opens_at = statement.opens_at
    before = Sum("amount", filter=Q(at__lt=opens_at) if opens_at else Q(pk__in=[]), default=0)
    held: dict[tuple[int, int | None, str], list[int]] = {}
    for end, sign in (("source", -1), ("target", 1)):
        boxes = arrows.values_list(f"{end}__envelope_id", f"{end}__award_id", f"{end}__kind").order_by()
        for envelope, award, kind, opening, closing in boxes.annotate(opening=before, closing=Sum("amount")):
            both = held.setdefault((envelope, award, kind), [0, 0])
            both[0] += sign * opening
            both[1] += sign * closing
    found = sorted(held.items(), key=lambda item: (item[0][0], item[0][1] or 0, item[0][2]))
    return [BoxBalance(*box, *both) for box, both in found]


def envelopes_named(pks: set[int]) -> dict[int, Envelope]:
    """The envelopes with their programmes, by id."""
    return Envelope.objects.select_related("programme").in_bulk(pks)
