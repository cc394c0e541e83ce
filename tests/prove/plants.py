"""The bugs that `teeth` plants, and the proof that has to find each."""

from tests.prove.plant import Plant, without
from tests.prove.plants_later import IN_THE_SECOND_HALF

# Guards, constraints and history: whoever gets past the application meets the database.
IN_THE_DATABASE = [
    Plant(
        "history of a proposal's moves not demanded",
        "random",
        1_000,
        sql=without("proposals_proposal", "moves_leave_history"),
    ),
    Plant(
        "events can be changed and deleted",
        "random",
        200,
        sql=without("audit_event", "never_changed"),
    ),
    Plant("arrows can be changed and deleted", "random", 200, sql=without("ledger_arrow", "never_changed")),
    Plant("a balance can be written", "random", 200, sql=without("ledger_box", "only_arrows_move_money")),
    Plant("payments can be changed", "random", 200, sql=without("funding_payment", "never_changed")),
    Plant(
        "an ended deadline can return",
        "random",
        200,
        sql=without("timers_timer", "ended_timers_stay_ended"),
    ),
    Plant(
        "an approver may release",
        "random",
        200,
        sql="ALTER TABLE funding_tranche DROP CONSTRAINT approver_does_not_release",
    ),
    Plant(
        "an arrow does not move the money",
        "random",
        500,
        sql=without("ledger_arrow", "arrow_moves_the_money"),
    ),
]
# Rules: predicates that say yes, steps that are left out, sums that are off by one.
IN_THE_RULES = [
    Plant(
        "reviewers invited after the panel has spoken",
        "random",
        6_000,
        file="rdfast/reviews/queries.py",
        old="return Finding.objects.filter(milestone=milestone, round=review_round(milestone)).exists()",
        new="return False",
    ),
    Plant(
        "a conflict declared later does not stop a review",
        "random",
        2_000,
        file="rdfast/reviews/operations.py",
        old="        not has_conflict(by, applicants=applicants, organisation_id=award.organisation_id),\n",
        new="        True,\n",
    ),
    Plant(
        "a conflict of interest is never seen",
        "random",
        2_000,
        file="rdfast/people/queries.py",
        old="    return not people.isdisjoint(applicants) or organisation_id in places\n",
        new="    return False\n",
    ),
    Plant(
        "the settlement of a payment leaves no history",
        "random",
        500,
        file="rdfast/funding/payments.py",
        old='    tranche.settle()\n    tranche.save(update_fields=["state"])\n    audit.moved(tranche, by=by, at=at)\n',
        new='    tranche.settle()\n    tranche.save(update_fields=["state"])\n',
    ),
    Plant(
        "the cap on money at risk refuses nothing",
        "bank",
        20,
        file="rdfast/funding/limits.py",
        old="    if exposed > cap:\n",
        new="    if exposed > cap * 1000:\n",
    ),
    Plant(
        "a payment without a date to account for it",
        "random",
        500,
        file="rdfast/flow/paying.py",
        old="    _expect_account(tranche, tranche.account_by or at, at=at)\n",
        new="",
    ),
    Plant(
        "one won less is paid than the tranche says",
        "random",
        500,
        file="rdfast/funding/payments.py",
        old="        What.RELEASED,\n        envelope_id=tranche.envelope_id,\n        award_id=award.pk,\n        amount=tranche.amount,\n",
        new="        What.RELEASED,\n        envelope_id=tranche.envelope_id,\n        award_id=award.pk,\n        amount=tranche.amount - 1,\n",
    ),
    Plant(
        "a granted proposal keeps its decision deadline",
        "random",
        1_000,
        file="rdfast/flow/granting.py",
        old="    policy = policy_of(proposal)\n    timers.cancel(of=proposal, at=at)\n    _ensure_still_eligible",
        new="    policy = policy_of(proposal)\n    _ensure_still_eligible",
    ),
]
# Locks: what only several at once can find.
AT_ONCE = [
    Plant(
        "rows are read without a lock",
        "bank",
        20,
        file="rdfast/core/locks.py",
        old='.select_for_update(no_key=True, of=("self",)).filter(pk=pk)',
        new=".filter(pk=pk)",
    ),
    Plant(
        "envelopes are not locked while exposure is counted",
        "bank",
        40,
        file="rdfast/programmes/operations.py",
        old="    return lock(Envelope, pk)\n",
        new="    return Envelope.objects.get(pk=pk)\n",
        # The moment between counting and moving is short; it is made longer.
        sql="""
            CREATE FUNCTION wait_a_little() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
            CREATE TRIGGER a_slow_arrow BEFORE INSERT ON ledger_arrow
                FOR EACH ROW EXECUTE FUNCTION wait_a_little();
        """,
    ),
    Plant(
        "a sweep holds a deadline and waits for its subject",
        "random",
        8_000,
        seed=4,
        file="rdfast/flow/deadlines.py",
        old="    subject = _lock_subject(found)\n",
        new=(
            "    timers.claim(found.pk, at=at)\n"
            "    Award.objects.select_for_update().filter(proposal=found.matter_id).first()\n"
            "    subject = _lock_subject(found)\n"
        ),
    ),
]
# Deadlines: twice, too early, or on somebody who was not warned.
IN_THE_CLOCK = [
    Plant(
        "a deadline that has ended is acted upon again",
        "clock",
        400,
        file="rdfast/timers/operations.py",
        old=".filter(pk=timer_id, status=Timer.Status.PENDING, due_at__lte=at, next_try_at__lte=at)",
        new=".filter(pk=timer_id)",
    ),
    Plant(
        "a harmful deadline acts without its warning",
        "clock",
        400,
        file="rdfast/flow/deadlines.py",
        old="    if notice is None or (timer.warned_at is not None and timer.warned_at <= at - notice):\n",
        new="    if notice is None or notice is not None:\n",
    ),
    Plant(
        "the sweep looks a day ahead",
        "clock",
        400,
        file="rdfast/tasks/tasks.py",
        old="    return deadlines.sweep(at=clock.now())\n",
        new="    from datetime import timedelta\n\n    return deadlines.sweep(at=clock.now() + timedelta(days=1))\n",
    ),
]
# Repetition and death: what is sent twice, and who dies in the middle.
IN_REPETITION_AND_DEATH = [
    Plant(
        "an allotment sent twice is recorded twice",
        "tenfold",
        2,
        file="rdfast/programmes/operations.py",
        old='    if _is_recorded(f"allot:{key}", amount):\n        return\n',
        new="",
    ),
    Plant(
        "a double click begins two drafts",
        "tenfold",
        4,
        file="rdfast/proposals/operations.py",
        old="    lock_person(by.pk)  # a double click waits for itself\n",
        new="",
    ),
    Plant(
        "a mail is marked before it is sent",
        "crashes",
        1,
        file="rdfast/outbox/operations.py",
        old="    try:\n        _send(mail)\n",
        new="    _mark(message, at=at)\n    try:\n        _send(mail)\n",
    ),
    Plant(
        "messages are written after the commit",
        "crashes",
        1,
        file="rdfast/flow/telling.py",
        old="    outbox.tell(people, template, context, event=event, at=at, warns_of=warns_of)\n",
        new="    from django.db.transaction import on_commit\n\n"
        "    on_commit(lambda: outbox.tell(people, template, context, event=event, at=at, warns_of=warns_of))\n",
    ),
    Plant(
        "a mail leads everybody to the applicant's page",
        "letters",
        1,
        file="templates/mail/award_lapsed.txt",
        old="{% url 'award' award.pk %}",
        new="{% url 'researcher:award' award.pk %}",
    ),
    Plant(
        "a commit is answered before it is on the disk",
        "kills",
        27,
        sql="ALTER DATABASE rdfast SET synchronous_commit = off",
    ),
    Plant(
        "a page asks Redis and fails without it",
        "kills",
        12,
        file="rdfast/web/middleware.py",
        old="        began = time.monotonic()\n        request_id",
        new=(
            "        from rdfast.monitoring.broker import queue_depth\n\n"
            "        if queue_depth() is None:\n"
            '            raise RuntimeError("no Redis")\n'
            "        began = time.monotonic()\n        request_id"
        ),
    ),
]
PLANTS = [
    *IN_THE_DATABASE, *IN_THE_RULES, *IN_THE_SECOND_HALF, *AT_ONCE, *IN_THE_CLOCK, *IN_REPETITION_AND_DEATH,
]  # fmt: skip
