"""Bugs planted in the second half: agreements and their changes, disputes, money back, the end."""

from tests.prove.plant import Plant, without

# What must come before: plan and milestone, the limit, the version, enough votes.
_TOO_EARLY = [
    Plant(
        "an award is confirmed before its plan and its milestone",
        "random",
        500,
        file="rdfast/flow/moving.py",
        old="    if not confirming.is_ready(award):\n",
        new="    if False:\n",
    ),
    Plant(
        "a provisional award may stand at all that was asked",
        "random",
        1_000,
        file="rdfast/funding/rules.py",
        old="    if planned is None:\n        return asked * terms.raise_percent // 100\n",
        new="    return asked\n    if planned is None:\n        return asked\n",
    ),
    Plant(
        "an agreement that moves on leaves the change that waited",
        "random",
        10_000,
        file="rdfast/flow/overtaking.py",
        old="    _overtake_change(award, at=at)\n\n",
        new="\n",
    ),
    Plant(
        "the first vote decides",
        "random",
        4_000,
        file="rdfast/proceedings/operations.py",
        old="    if len(votes) < proceeding.award.policy.terms.votes:\n",
        new="    if not votes:\n",
    ),
]
# Who took part does not judge, and nobody decides on what he asked for.
_IN_TWO_ROLES = [
    Plant(
        "members vote on what they took part in",
        "random",
        8_000,
        file="rdfast/proceedings/queries.py",
        old="        is_uninvolved=not took_part(user, proceeding.matter_id),\n",
        new="        is_uninvolved=True,\n",
    ),
    Plant(
        "members decide appeals in which they took part",
        "random",
        8_000,
        file="rdfast/appeals/queries.py",
        old="        took_part=took_part(user, appeal.proposal_id),\n",
        new="        took_part=False,\n",
    ),
    Plant(
        "who asked money back determines it",
        "random",
        8_000,
        file="rdfast/settlement/rules.py",
        old='_NOT_BY_PROPOSER = {"determine", "waive", "write_off"}\n',
        new='_NOT_BY_PROPOSER = {"waive", "write_off"}\n',
        seed=3,
    ),
]
# Money: what is held, freed, owed, carried over.
_IN_THE_SETTLEMENT = [
    Plant(
        "a suspension leaves what is ready payable",
        "random",
        1_500,
        file="rdfast/funding/standing.py",
        old="filter(state__in=[State.SCHEDULED, State.READY, State.APPROVED]):\n",
        new="filter(state__in=[State.SCHEDULED]):\n",
    ),
    Plant(
        "an award that ends keeps what it was never paid",
        "random",
        500,
        file="rdfast/funding/standing.py",
        old="    rest = boxes_of_award(award.pk)[BoxKind.OBLIGATED]\n    if rest:\n",
        new="    rest = boxes_of_award(award.pk)[BoxKind.OBLIGATED]\n    if not rest:\n",
    ),
    Plant(
        "a change to less frees one won less",
        "random",
        6_000,
        file="rdfast/funding/standing.py",
        old="What.FREED, award_id=award.pk, amount=-more, at=at, key=key, event=event, kept=kept\n",
        new="What.FREED, award_id=award.pk, amount=-more - 1, at=at, key=key, event=event, kept=kept\n",
    ),
    Plant(
        "instalments need not add up",
        "random",
        1_000,
        file="rdfast/settlement/recoveries.py",
        old="    if sum(amount for amount, _day in rows) != owed:\n",
        new="    if False:\n",
        seed=3,
    ),
    Plant(
        "an award is closed over an open recovery",
        "random",
        1_000,
        file="rdfast/flow/closing.py",
        old="        if not _is_kept(recovery)\n",
        new="        if False\n",
        seed=3,
    ),
    Plant(
        "one won more arrives in the next year",
        "random",
        500,
        file="rdfast/programmes/operations.py",
        old='    _move(What.CARRIED_IN, following, amount, key=f"carry-in:{key}", event=event, at=at)\n',
        new='    _move(What.CARRIED_IN, following, amount + 1, key=f"carry-in:{key}", event=event, at=at)\n',
    ),
    Plant(
        "repayments can be changed and deleted",
        "random",
        1_000,
        sql=without("settlement_repayment", "never_changed"),
    ),
]
# Clocks and history: what is left behind, or left out.
_LEFT_BEHIND = [
    Plant(
        "what no longer applies keeps its clock",
        "random",
        500,
        file="rdfast/flow/ending.py",
        old="        timers.cancel(of=milestone, at=at)\n",
        new="",
        seed=2,
    ),
    Plant(
        "what the agency lets lie is told once",
        "random",
        1_000,
        file="rdfast/flow/accounting.py",
        old="    timers.again(Kind.DECIDE_CLAIM, of=claim, due_at=at + TOLD_AGAIN, at=at)\n",
        new="",
    ),
    Plant(
        "money that is not accounted for in time has no next date",
        "random",
        1_000,
        file="rdfast/flow/paying.py",
        old="    timers.again(Kind.ACCOUNT, of=tranche, due_at=at + TOLD_AGAIN, at=at)\n",
        new="",
        seed=3,
    ),
    Plant(
        "a reopened proposal has no clock",
        "random",
        6_000,
        file="rdfast/flow/appealing.py",
        old="    else:\n        granting.start_decision_clock(proposal, at=at)\n",
        new="",
    ),
    Plant(
        "a proposal passed on while it waits for money goes on waiting",
        "random",
        6_000,
        file="rdfast/proposals/models.py",
        old="    def route(self, *, by: Any, at: Any) -> None:\n"
        "        self.turned_down_by = by\n"
        "        self.decided_at = at\n"
        "        self.waits_since = None\n",
        new="    def route(self, *, by: Any, at: Any) -> None:\n"
        "        self.turned_down_by = by\n"
        "        self.decided_at = at\n",
    ),
    Plant(
        "the manager's answer to a plan leaves no history",
        "random",
        500,
        file="rdfast/plans/operations.py",
        old='    plan.save(update_fields=["state", "decided_by", "decided_at", "reason", "due_at"])\n'
        "    audit.moved(plan, by=by, at=at, reason=reason)\n",
        new='    plan.save(update_fields=["state", "decided_by", "decided_at", "reason", "due_at"])\n',
    ),
    Plant(
        "votes can be changed and deleted", "random", 1_000, sql=without("proceedings_vote", "never_changed")
    ),
]
IN_THE_SECOND_HALF = [*_TOO_EARLY, *_IN_TWO_ROLES, *_IN_THE_SETTLEMENT, *_LEFT_BEHIND]
