"""Random steps: every operation of every role, legal or not, in worlds of their own; the ten invariants hold.

A world ends with everything that only somebody past the application can try. Worlds are played in several
processes. Every fourth is played by four connections at once, where the seed replays what is tried but not who
comes first.
"""

import multiprocessing
import random
import signal
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial

from django.db import connections

from rdfast.audit.models import Event
from rdfast.flow.deadlines import settle_down
from rdfast.reports.invariants import MACHINES, broken
from rdfast.timers.models import Timer
from tests import databases, ground
from tests.prove.beginnings import SCENES, scene
from tests.prove.chance import Chance, Stage, wait
from tests.prove.chance_early import EARLY
from tests.prove.chance_later import LATER
from tests.prove.chance_settling import SETTLING
from tests.prove.proof import Options, Outcome, Progress
from tests.prove.tampering import TAMPERINGS, tamper

STEPS = 500  # of one world: many stories, and the invariants stay cheap
# So many steps meet every legal move and do every operation; what is left out of them is a violation.
WHOLE = 50_000
LOOK_EVERY = 10
TAMPERED_ROWS = 3
PROCESSES = 2
PLAYERS = 4

EVERYTHING = [*EARLY, *LATER, *SETTLING, tamper, wait, wait]
# What somebody may do sometimes; tampering is refused always.
POSSIBLE = {operation.__name__ for operation in EVERYTHING} - {"tamper"}
Move = tuple[str, str, str]
_worlds: list["World"] = []


@dataclass
class Played:
    """What happened in one world."""

    steps: int = 0
    at_once: int = 0
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    moves: Counter[Move] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Played") -> None:
        """Count the other's steps too."""
        self.steps += other.steps
        self.at_once += other.at_once
        self.cells += other.cells
        self.moves += other.moves
        self.violations += other.violations


@dataclass(frozen=True)
class World:
    """One world to be played: in a copy of the database in which its scene is set."""

    seed: int
    steps: int
    database: str
    stage: Stage


def prove(options: Options) -> Outcome:
    """Play worlds until `size` steps are done. The first world has the seed itself, so that it can be replayed.

    It ends with the first world in which something is broken. Interrupted, it tells of the worlds played so far.
    """
    lengths = [min(STEPS, options.size - first) for first in range(0, options.size, STEPS)]
    seeds = range(options.seed, options.seed + len(lengths))
    with ExitStack() as stack:
        try:
            scenes = _set(stack, sorted({seed % len(SCENES) for seed in seeds}), options.planted)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the proof looks for
            return Outcome(0, "steps", [f"while the scenes were set: {_words(error)}"])
        worlds = [
            World(seed, steps, *scenes[seed % len(SCENES)])
            for seed, steps in zip(seeds, lengths, strict=True)
        ]
        total = _play_all(worlds, options.size)
    return Outcome(total.steps, "steps", total.violations or left_out(total), _told(total))


def _set(stack: ExitStack, numbers: list[int], planted: str) -> dict[int, tuple[str, Stage]]:
    """A database for each of these scenes, from which the worlds are copied."""
    found = {}
    for number in numbers:
        name = stack.enter_context(ground.database(planted=planted, safe=False))
        with databases.pointing_at(name):
            found[number] = name, scene(number)
    return found


def _play_all(worlds: list[World], size: int) -> Played:
    total, progress = Played(), Progress("random", size)
    numbers = range(len(worlds))
    _worlds[:] = worlds  # the processes are forked with it
    with (
        suppress(KeyboardInterrupt),
        multiprocessing.get_context("fork").Pool(PROCESSES, _deaf_to_interrupts, maxtasksperchild=10) as pool,
    ):
        for played in pool.imap_unordered(_play_world, numbers):
            total.add(played)
            progress.at(total.steps, f"{len(total.violations)} violations, {len(_unmet(total))} moves unmet")
            progress.found(played.violations)
            if total.violations:
                break
    return total


def _deaf_to_interrupts() -> None:
    """An interrupt is for the process that counts; it ends the others itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _play_world(number: int) -> Played:
    world = _worlds[number]
    seed, coin, played = world.seed, random.Random(world.seed), Played()
    with ground.fresh_database(of=world.database, safe=False):
        shared = replace(world.stage, waiting=threading.Lock())
        if seed % 4:
            play(Chance(shared, coin, EVERYTHING), world.steps, played, seed)
        else:
            _play_together(shared, coin, world.steps, played, seed)
        tamper_with_everything(shared, coin, played, seed)
        _look(shared, played, f"seed {seed}, at the end")
        failed = Timer.objects.filter(attempts__gt=0).values_list("pk", "kind", "last_error")
        played.violations += [
            f"seed {seed}: deadline {pk} ({kind}) failed: {why}" for pk, kind, why in failed
        ]
        played.moves = moves_of_history()
    return played


def play(chance: Chance, steps: int, played: Played, seed: int) -> None:
    """One player's steps, until something is broken."""
    for step in range(steps):
        where = f"seed {seed}, step {step}"
        played.steps += 1
        _take(chance.step, chance, played, where)
        if step % LOOK_EVERY == 0:
            _look(chance.stage, played, where)
        if played.violations:
            break
    played.cells += chance.cells


def _play_together(shared: Stage, coin: random.Random, steps: int, played: Played, seed: int) -> None:
    """Rounds of several players at once; between the rounds everybody stands still and the invariants are checked.

    A deadline set while another player moved the time on is overdue at once: the sweep comes before the look.
    """
    players = [
        Chance(shared, random.Random(coin.random()), EVERYTHING, alone=False) for _player in range(PLAYERS)
    ]
    a_round = 20
    for number in range(steps // (PLAYERS * a_round) + 1):
        where = f"seed {seed} with {PLAYERS} at once, round {number}"
        threads = [
            threading.Thread(target=_play_a_round, args=(player, a_round, played, where))
            for player in players
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        played.at_once += a_round * PLAYERS
        settle_down(at=shared.at)
        _look(shared, played, where)
        if played.violations:
            break
    for player in players:
        played.cells += player.cells


def _play_a_round(player: Chance, steps: int, played: Played, where: str) -> None:
    try:
        for _step in range(steps):
            played.steps += 1
            _take(player.step, player, played, where)
    finally:
        connections.close_all()


def tamper_with_everything(shared: Stage, coin: random.Random, played: Played, seed: int) -> None:
    """Every tampering there is, on a few rows each."""
    player = Chance(shared, coin, TAMPERINGS)
    for tampering in TAMPERINGS * TAMPERED_ROWS:
        _take(partial(player.attempt, tampering), player, played, f"seed {seed}, tampered with at the end")
    played.cells += player.cells


def _take(step: Callable[[], object], player: Chance, played: Played, where: str) -> None:
    """One step; anything that is neither done nor refused is a violation, a deadlock too."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the proof looks for
        played.violations.append(f"{where}: {_words(error)} ({player.met})")


def _words(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {str(error).strip()[:200]} in {last.name}"


def _look(shared: Stage, played: Played, where: str) -> None:
    played.violations += [f"{where}: {offender}" for offender in broken(at=shared.at)]


def moves_of_history() -> Counter[Move]:
    """Every move that was made, from the history itself."""
    found: Counter[Move] = Counter()
    entries = Event.objects.exclude(to_state="").values_list("kind", "from_state", "to_state")
    for kind, source, target in entries.iterator():
        found[kind, source, target] += 1
    return found


def _unmet(total: Played) -> list[str]:
    return sorted(" ".join(move) for move in legal_moves() - set(total.moves))


def _never_done(total: Played) -> list[str]:
    return sorted(POSSIBLE - {name for name, _met, outcome in total.cells if outcome == "done"})


def left_out(total: Played) -> list[str]:
    """The legal moves and operations that a whole run never came to. A shorter one may leave out what it likes."""
    if total.steps < WHOLE:
        return []
    return [f"{total.steps:,} steps never made the legal move {move}" for move in _unmet(total)] + [
        f"{total.steps:,} steps never did {operation}" for operation in _never_done(total)
    ]


def _told(total: Played) -> list[str]:
    legal, unmet, never = legal_moves(), _unmet(total), _never_done(total)
    done = sum(count for (_name, _met, outcome), count in total.cells.items() if outcome == "done")
    return [
        (
            f"{total.steps:,} steps in worlds of {STEPS:,}, {total.at_once:,} of them by {PLAYERS} connections "
            f"at once; {done:,} done, {sum(total.cells.values()) - done:,} refused. "
            f"Invariants checked every {LOOK_EVERY} steps."
        ),
        "",
        f"Legal moves met: {len(legal & set(total.moves))} of {len(legal)}. "
        + (f"Not met: {', '.join(unmet)}." if unmet else "None was left out."),
        *([f"Operations never done: {', '.join(never)}."] if never else []),
        "",
        "| operation | states it met, and what came of it |",
        "|---|---|",
        *_rows(total.cells),
    ]


def legal_moves() -> set[Move]:
    """Every move of every machine, and every beginning."""
    legal: set[Move] = set()
    for model, machine in MACHINES.items():
        name = model._meta.model_name
        legal.add((f"{name}.begin", "", machine.first))
        legal |= {(f"{name}.{move.name}", str(move.source), str(move.target)) for move in machine.moves}
    return legal


def _rows(cells: Counter[tuple[str, str, str]]) -> list[str]:
    """One row for each operation: every state it met, with every outcome."""
    outcomes: dict[str, dict[str, list[str]]] = {}
    for (name, met, outcome), count in sorted(cells.items()):
        outcomes.setdefault(name, {}).setdefault(met, []).append(f"{outcome} {count:,}")
    return [
        f"| {name} | "
        + "; ".join(f"{met}: {', '.join(found)}".removeprefix(": ") for met, found in states.items())
        + " |"
        for name, states in outcomes.items()
    ]
