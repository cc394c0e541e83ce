"""The proofs there are."""

from tests.prove.proof import Proof

PROOFS: dict[str, Proof] = {
    "random": Proof(
        claim="no step of any role, legal or not, alone or at once with others, breaks an invariant",
        size=200_000,
        module="random_steps",
    ),
    "bank": Proof(
        claim="16 connections move money at random over three envelopes; the boxes add up at every moment",
        size=180,
        module="bank",
    ),
    "clock": Proof(
        claim="each deadline has one effect, none early, whoever sweeps and whatever the clock does; "
        "nobody is punished before being warned",
        size=100_000,
        module="clock",
    ),
    "teeth": Proof(
        claim="each bug that is planted in a copy of the code is found by the proof named for it",
        size=1_000,
        module="teeth",
    ),
    "kills": Proof(
        claim="programs and servers killed or frozen under load: nothing acknowledged is lost, doubled or stuck",
        size=300,
        module="kills",
    ),
    "crashes": Proof(
        claim="a crash at every commit, publish and acknowledge boundary, once each, loses and doubles nothing",
        size=1,
        module="crashes",
    ),
    "tenfold": Proof(
        claim="every task and every form of the path delivered ten times leaves the state of once",
        size=10,
        module="tenfold",
    ),
    "letters": Proof(
        claim="whoever gets a mail can open the pages it leads to, at the moment it was written",
        size=1,
        module="letters",
    ),
}
