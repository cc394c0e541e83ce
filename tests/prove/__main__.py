"""`make prove`: the long proofs, one after the other or one alone.

python -m tests.prove                        every proof, at full size
python -m tests.prove random --size 2000     one proof, shorter
python -m tests.prove random --seed 17       the run that printed this seed
"""

import argparse
import random
import signal
import sys
import time

from tests import ground
from tests.prove import page
from tests.prove.catalogue import PROOFS
from tests.prove.proof import Options, Proof


def main() -> int:
    """Run what was asked for; the exit code says whether everything held."""
    # Shells start what runs in the background deaf to it; a long proof that is interrupted tells of what it did.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = _arguments()
    with ground.stand(redis=True):
        broken = [name for name in arguments.proofs or PROOFS if not _run(name, PROOFS[name], arguments)]
    if broken:
        sys.stderr.write(f"Broken: {', '.join(broken)}\n")
    return 1 if broken else 0


def _run(name: str, proof: Proof, arguments: argparse.Namespace) -> bool:
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)
    options = Options(seed=seed, size=arguments.size or proof.size, planted=arguments.planted)
    began = time.monotonic()
    outcome = proof.run(options)
    took = time.monotonic() - began
    done = f"{outcome.done:,} {outcome.unit}"
    for line in outcome.told:
        sys.stdout.write(f"{line}\n")
    for violation in outcome.violations[:50]:
        sys.stdout.write(f"VIOLATION {violation}\n")
    sys.stdout.write(f"{name}: {done}, {len(outcome.violations)} violations, {took:.0f} s, seed {seed}\n")
    sys.stdout.flush()
    if arguments.write:
        page.write(
            name,
            claim=proof.claim,
            seed=seed,
            done=done,
            violations=len(outcome.violations),
            took=took,
            told=outcome.told,
        )
    return not outcome.violations


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("proofs", nargs="*", metavar="proof", help=f"one of {', '.join(PROOFS)}")
    parser.add_argument("--size", type=int, help="how much of what the proof counts")
    parser.add_argument("--seed", type=int, help="the seed that a run printed")
    parser.add_argument("--planted", default="", help="SQL that plants a bug first")
    parser.add_argument("--write", action="store_true", help="write the result into docs/proofs.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.proofs) - set(PROOFS):
        parser.error(f"no such proof: {', '.join(unknown)}; there are {', '.join(PROOFS)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
