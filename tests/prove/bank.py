"""Sixteen connections move money over three envelopes that are nearly empty; somebody counts the boxes all the while.

Everybody reaches for the same few rows. Meanwhile the invariants are checked again and again, each time in one
snapshot of the running database.
"""

import multiprocessing
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from multiprocessing.queues import SimpleQueue

from django.db import connections
from django.utils.timezone import localdate

from rdfast.flow import signing
from rdfast.flow.telling import signatories
from rdfast.funding.models import Award
from rdfast.funding.queries import exposure
from rdfast.funding.rules import exposure_cap
from rdfast.ledger.models import Arrow
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment, Call, Envelope, Programme
from rdfast.programmes.queries import allotment_of, available_in
from rdfast.programmes.terms import parse
from rdfast.reports.invariants import broken, snapshot
from tests import ground, make
from tests.prove import chance_early as early
from tests.prove import chance_settling as settling
from tests.prove.chance import Chance, Stage, stage
from tests.prove.proof import Options, Outcome, Progress

TELLERS = 16
ENVELOPES = 3
ALLOTTED = 200_000_000
# Everybody may lead many projects, and little must be left for what was begun: it is the caps on money at risk that
# are met, and then the envelopes' end.
TERMS = {
    "cover_percent": 5,
    "programme_exposure_percent": 60,
    "organisation_exposure_percent": 40,
    "provisional_awards_per_pi": 500,
    "projects_as_pi": 500,
    "projects_in_all": 500,
}
# Researchers ask, sign and refuse, the agency grants, pays and counts; nobody waits, so that no deadline comes between.
OPERATIONS = [
    early.submit, early.submit, early.approve, early.approve, early.approve, early.approve, early.second,
    early.sign, early.sign, early.sign, early.approve_tranche, early.release, early.release, early.settle,
    settling.claim, settling.submit_claim, settling.decide_claim, settling.decide_claim,
]  # fmt: skip
# So many seconds let everything happen; what never did is a violation.
WHOLE = 60
Report = tuple[int, Counter[str], list[str]]


class Teller(Chance):
    """A player who reaches for what everybody reaches for: one of the few newest rows."""

    def pick(self, keys: list[int]) -> int:
        """One of the last six."""
        return self.coin.choice(keys[-6:])


def prove(options: Options) -> Outcome:
    """Let the tellers work for `size` seconds."""
    with ground.fresh_database(planted=options.planted):
        worlds = _worlds(stage())
        until = time.monotonic() + options.size
        connections.close_all()  # the tellers must not share them
        context = multiprocessing.get_context("fork")
        reports: SimpleQueue[Report] = context.SimpleQueue()
        tellers = [
            context.Process(target=_work, args=(worlds, options.seed + number, until, reports))
            for number in range(TELLERS)
        ]
        for teller in tellers:
            teller.start()
        counted, violations = _count_until(until, worlds[0].at, options.size)
        found = [reports.get() for _teller in tellers]
        for teller in tellers:
            teller.join()
        violations += broken(at=worlds[0].at)
        arrows = Counter(Arrow.objects.order_by().values_list("what", flat=True))
    outcome = _outcome(found, violations, counted, arrows)
    if options.size >= WHOLE:
        outcome.violations += _never_done(found)
    return outcome


def _worlds(first: Stage) -> list[Stage]:
    """The same people in several programmes, each with an envelope of its own and little in it."""
    excess = available_in(first.w.envelope) - ALLOTTED
    programmes.cut(first.w.envelope.pk, amount=excess, reason="", key="bank", by=None, at=first.at)
    _adopt_terms(first.w.programme)
    return [first, *(_another(first, number) for number in range(1, ENVELOPES))]


def _another(first: Stage, number: int) -> Stage:
    at = make.MONDAY
    programme = Programme.objects.create(code=f"bank{number}", name_ko="연구", name_en="Research")
    _adopt_terms(programme)
    envelope = Envelope.objects.create(programme=programme, year=2026)
    programmes.allot(envelope.pk, amount=ALLOTTED, reason="", key=f"bank{number}", by=None, at=at)
    call = Call.objects.get(pk=first.w.call.pk)
    call.pk, call.programme, call.envelope = None, programme, envelope
    call.save(force_insert=True)
    call.topics.add(first.w.topic)
    Appointment.objects.bulk_create(
        Appointment(programme=programme, user=each.user, role=each.role)
        for each in first.w.programme.appointments.all()
    )
    return replace(first, w=replace(first.w, programme=programme, envelope=envelope, call=call))


def _adopt_terms(programme: Programme) -> None:
    at = make.MONDAY
    programmes.adopt(programme.pk, values=TERMS, reason="bank", starts_at=at, by=None, at=at)


def _draft(c: Chance) -> None:
    """A proposal for a small part of the envelope, or one that needs two approvals."""
    provisional = c.coin.choice([20_000_000, 30_000_000, 60_000_000, 105_000_000])
    pi = c.coin.choice(c.pis)
    make.draft(c.w, by=pi, at=c.at, provisional=provisional, organisation=pi.organisation)


def _refuse(c: Chance) -> None:
    """An offer comes back, and others reach for the room it leaves."""
    award = c.row(Award, "offered")
    signing.refuse(award.pk, reason="no", by=c.someone(*signatories(award)), at=c.at)


def _shift(c: Chance) -> None:
    """A little is put into the envelope. What is taken out again would lower the caps behind people's backs."""
    c.seldom(0.5)
    programmes.allot(
        c.w.envelope.pk, amount=10_000_000, reason="bank", key=str(make.uuid4()), by=c.w.finn, at=c.at
    )


EVERYTHING: list[Callable[[Chance], None]] = [*OPERATIONS, _draft, _draft, _refuse, _refuse, _shift]


def _work(worlds: list[Stage], seed: int, until: float, reports: "SimpleQueue[Report]") -> None:
    coin = random.Random(seed)
    tellers = [Teller(world, coin, EVERYTHING, alone=False) for world in worlds]
    steps, violations = 0, list[str]()
    while time.monotonic() < until and not violations:
        teller = coin.choice(tellers)
        steps += 1
        try:
            teller.step()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the proof looks for
            last = traceback.extract_tb(error.__traceback__)[-1]
            violations.append(
                f"{type(error).__name__} {str(error).strip()[:200]} ({last.name}, {teller.met})"
            )
    outcomes: Counter[str] = Counter()
    for teller in tellers:
        for (name, _met, outcome), count in teller.cells.items():
            outcomes[name if outcome == "done" else outcome] += count
    connections.close_all()
    reports.put((steps, outcomes, violations))


def _count_until(until: float, at: datetime, seconds: int) -> tuple[int, list[str]]:
    """Check the running database until it is time; how often, and what was wrong."""
    counted, violations = 0, list[str]()
    progress, began = Progress("bank", seconds), time.monotonic()
    while time.monotonic() < until:
        with snapshot():
            violations += broken(at=at) + _over_the_cap(at)
        counted += 1
        progress.at(int(time.monotonic() - began), f"counted {counted} times, {len(violations)} violations")
        time.sleep(0.2)
    return counted, violations


def _over_the_cap(at: datetime) -> list[str]:
    """Exposure counted afresh: each grant and release saw only what had been committed before it."""
    found, terms = list[str](), parse(dict(TERMS))
    for envelope in Envelope.objects.all():
        exposed = exposure(
            Award.objects.filter(envelope=envelope), today=localdate(at), days=terms.exposure_days
        )
        cap = exposure_cap(allotment_of(envelope), terms.programme_exposure_percent)
        if exposed > cap:
            found.append(f"{envelope}: {exposed} at risk, more than {cap}")
    return found


def _outcome(found: list[Report], violations: list[str], counted: int, arrows: Counter[str]) -> Outcome:
    outcomes: Counter[str] = Counter()
    for _steps, done, broken_by_it in found:
        outcomes += done
        violations += broken_by_it
    steps = sum(steps for steps, _done, _broken in found)
    # Operations are written small, the refusals' names begin with a capital.
    refused = Counter({name: count for name, count in outcomes.items() if name[0].isupper()})
    done = outcomes - refused
    told = [
        (
            f"{TELLERS} connections, {ENVELOPES} envelopes of {ALLOTTED:,} won: {steps:,} steps, "
            f"{done.total():,} done, {refused.total():,} refused; {arrows.total():,} arrows. The running database "
            f"was counted {counted:,} times."
        ),
        "",
        f"Done: {_counted(done)}.",
        "",
        f"Refused: {_counted(refused)}.",
        "",
        f"Arrows: {_counted(arrows)}.",
    ]
    return Outcome(steps, "steps", violations, told)


def _never_done(found: list[Report]) -> list[str]:
    done = {name for _steps, outcomes, _broken in found for name in outcomes}
    return sorted(
        f"{each.__name__} was never done" for each in set(EVERYTHING) if each.__name__.strip("_") not in done
    )


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counter.items()))
