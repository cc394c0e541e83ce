"""How fast: from the first submission to the decision, and to the first payment, with every clock that stood still.

The published figures count from the first submission and subtract nothing. Beside them stands what is left
without the time in which a clock stood still for a recorded reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rdfast.audit.models import Event
from rdfast.core.working_days import start_of
from rdfast.programmes.models import Programme
from rdfast.proposals.models import Proposal

# A month with fewer cases shows only how many there were: the figures would be about people one can name.
FEWEST = 5
# How many months the page goes back.
MONTHS = 24
RETURNED = "returned"
NO_FUNDS = "no_funds"
OUTAGE = "outage"
REASONS: dict[str, str | Promise] = {
    RETURNED: _("returned for completion"),
    NO_FUNDS: _("no funds"),
    OUTAGE: _("outage: nobody is harmed before being warned"),
}
DECIDED = ("proposal.approve", "proposal.decline", "proposal.route")
# What stops a proposal's clock, why it stood still, and what starts it again. An answer or a withdrawal ends any stop.
_STOPS = {"proposal.give_back": RETURNED, "proposal.waits": NO_FUNDS}
_OVER = (*DECIDED, "proposal.withdraw")
_STARTS: dict[str, tuple[str, ...]] = {
    RETURNED: ("proposal.resubmit", "proposal.lapse", *_OVER),
    NO_FUNDS: ("proposal.served", *_OVER),
}


@dataclass(frozen=True)
class Stop:
    """A time in which a clock stood still; without `until` it still does."""

    reason: str
    since: datetime
    until: datetime | None

    @property
    def words(self) -> str | Promise:
        """The recorded reason."""
        return REASONS[self.reason]


@dataclass(frozen=True)
class Speed:
    """One proposal's times. A decision is the first yes, no or routing; what an appeal changed is not counted."""

    submitted_at: datetime
    decided_at: datetime | None
    signed_at: datetime | None
    paid_at: datetime | None
    stops: list[Stop]

    @property
    def to_decision(self) -> timedelta | None:
        """From the first submission to the decision, nothing subtracted."""
        return self.decided_at - self.submitted_at if self.decided_at else None

    @property
    def to_money(self) -> timedelta | None:
        """From the first submission to the first payment, nothing subtracted."""
        return self.paid_at - self.submitted_at if self.paid_at else None

    @property
    def to_decision_running(self) -> timedelta | None:
        """The time to the decision in which the clock ran."""
        return self.to_decision - self._stopped_until(self.decided_at) if self.to_decision else None

    @property
    def to_money_running(self) -> timedelta | None:
        """The time to the first payment in which the clock ran."""
        return self.to_money - self._stopped_until(self.paid_at) if self.to_money else None

    def _stopped_until(self, end: datetime | None) -> timedelta:
        if end is None:
            return timedelta(0)
        stood = ((stop.since, min(stop.until or end, end)) for stop in self.stops if stop.since < end)
        return _together(stood)


def _together(spans: Any) -> timedelta:
    """The length of what the spans cover: what two clocks stood still at once counts once."""
    total, reached = timedelta(0), None
    for since, until in sorted(spans):
        begin = max(since, reached) if reached else since
        if until > begin:
            total += until - begin
            reached = until
    return total


def of_proposal(proposal: Proposal) -> Speed | None:
    """The proposal's times; None before it was first submitted. One query."""
    if proposal.first_submitted_at is None:
        return None
    kinds = [*_STOPS, *chain(*_STARTS.values()), "clock.stopped", "award.sign", "tranche.release"]
    events = list(Event.objects.filter(matter_id=proposal.pk, kind__in=kinds).order_by("pk"))
    first: dict[str, datetime] = {}
    for event in events:
        first.setdefault("decided" if event.kind in DECIDED else event.kind, event.at)
    return Speed(
        submitted_at=proposal.first_submitted_at,
        decided_at=first.get("decided"),
        signed_at=first.get("award.sign"),
        paid_at=first.get("tranche.release"),
        stops=sorted(_stops(events), key=lambda stop: stop.since),
    )


def _stops(events: list[Event]) -> Iterator[Stop]:
    standing: dict[str, datetime] = {}
    for event in events:
        if event.kind == "clock.stopped":
            yield Stop(OUTAGE, event.at, datetime.fromisoformat(event.data["until"]))
        elif event.kind in _STOPS:
            standing[_STOPS[event.kind]] = event.at
        for reason in [each for each in standing if event.kind in _STARTS[each]]:
            yield Stop(reason, standing.pop(reason), event.at)
    for reason, since in standing.items():
        yield Stop(reason, since, None)


@dataclass(frozen=True)
class Month:
    """The cases of one programme that ended in one month. With too few of them the figures are withheld."""

    month: date
    count: int
    p50: timedelta | None
    p90: timedelta | None
    p50_running: timedelta | None
    p90_running: timedelta | None


# The times in which a clock stood still, by proposal; overlapping ones are melted together.
_STOOD_STILL = """
    stood AS (
        SELECT matter_id, tstzrange(at, CASE kind
            WHEN 'clock.stopped' THEN (data->>'until')::timestamptz
            ELSE (SELECT min(s.at) FROM audit_event s WHERE s.matter_id = e.matter_id AND s.id > e.id AND s.kind = ANY(
                CASE e.kind WHEN 'proposal.waits' THEN %(served)s::text[] ELSE %(returned)s::text[] END))
            END) AS span
        FROM audit_event e WHERE kind IN ('proposal.give_back', 'proposal.waits', 'clock.stopped')
        AND matter_id IN (SELECT matter_id FROM ended)
    ), melted AS (
        SELECT matter_id, range_agg(span) AS spans FROM stood GROUP BY 1
    ), timed AS (
        SELECT ended.*, extract(epoch FROM ended.at - ended.since) AS whole,
            extract(epoch FROM ended.at - ended.since) - coalesce((
                SELECT sum(extract(epoch FROM upper(x) - lower(x)))
                FROM unnest(melted.spans * tstzmultirange(tstzrange(ended.since, ended.at))) x
            ), 0) AS running
        FROM ended LEFT JOIN melted USING (matter_id)
    )
    SELECT programme_id, date_trunc('month', at AT TIME ZONE %(zone)s)::date AS month, count(*),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY whole), percentile_cont(0.9) WITHIN GROUP (ORDER BY whole),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY running), percentile_cont(0.9) WITHIN GROUP (ORDER BY running)
    FROM timed GROUP BY 1, 2 ORDER BY 1, 2 DESC
"""
_DECISIONS = f"""
    WITH ended AS (
        SELECT p.id AS matter_id, p.first_submitted_at AS since, min(d.at) AS at, c.programme_id
        FROM decisions_decision d JOIN proposals_proposal p ON p.id = d.proposal_id
        JOIN programmes_call c ON c.id = p.call_id
        WHERE d.kind IN ('approve', 'decline', 'route') GROUP BY 1, 2, 4 HAVING min(d.at) >= %(since)s
    ), {_STOOD_STILL}
"""  # noqa: S608 - both parts are written above
_PAYMENTS = f"""
    WITH ended AS (
        SELECT p.id AS matter_id, p.first_submitted_at AS since, min(y.released_at) AS at, c.programme_id
        FROM funding_payment y JOIN funding_tranche t ON t.id = y.tranche_id
        JOIN funding_award a ON a.id = t.award_id JOIN proposals_proposal p ON p.id = a.proposal_id
        JOIN programmes_call c ON c.id = p.call_id
        GROUP BY 1, 2, 4 HAVING min(y.released_at) >= %(since)s
    ), {_STOOD_STILL}
"""  # noqa: S608 - both parts are written above


def to_decision(*, at: datetime) -> dict[int, list[Month]]:
    """Time to decision by programme, the newest month first; a case belongs to the month of its decision."""
    return _months(_DECISIONS, at)


def to_money(*, at: datetime) -> dict[int, list[Month]]:
    """Time to money by programme; a case belongs to the month of its first payment."""
    return _months(_PAYMENTS, at)


def _months(sql: str, at: datetime) -> dict[int, list[Month]]:
    asked: dict[str, Any] = {
        "since": _beginning(at),
        "zone": settings.TIME_ZONE,
        "served": list(_STARTS[NO_FUNDS]),
        "returned": list(_STARTS[RETURNED]),
    }
    found: dict[int, list[Month]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        for programme, month, count, *seconds in cursor.fetchall():
            spans = [timedelta(seconds=float(each)) if count >= FEWEST else None for each in seconds]
            found.setdefault(programme, []).append(Month(month, count, *spans))
    return found


def _beginning(at: datetime) -> datetime:
    months = at.year * 12 + at.month - MONTHS
    return start_of(date(months // 12, months % 12 + 1, 1))


@dataclass(frozen=True)
class Published:
    """What is published about one programme."""

    programme: Programme
    decisions: list[Month]
    payments: list[Month]


def published(*, at: datetime) -> list[Published]:
    """Every programme with its months, those without any cases left out. Three queries."""
    decisions, payments = to_decision(at=at), to_money(at=at)
    programmes = Programme.objects.filter(pk__in=decisions.keys() | payments.keys()).order_by("code")
    return [Published(each, decisions.get(each.pk, []), payments.get(each.pk, [])) for each in programmes]
