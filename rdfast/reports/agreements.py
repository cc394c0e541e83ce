"""What the invariants say of agreements, of their changes and of their end: parts of the numbered ones."""

from rdfast.reports.offenders import offenders


def years_pass_on_what_they_give() -> list[str]:
    """Part of 1: what is carried out of one year arrives in the next, to the last won."""
    return offenders(
        "event {} carried over, {} won did not arrive",
        """
        SELECT event_id, sum(CASE what WHEN 'carried_out' THEN amount ELSE -amount END) FROM ledger_arrow
        WHERE what IN ('carried_out', 'carried_in') GROUP BY 1
        HAVING sum(CASE what WHEN 'carried_out' THEN amount ELSE -amount END) <> 0
        """,
    )


def agreements_stand_at_what_is_theirs() -> list[str]:
    """Part of 3: a running agreement stands at what was paid and what is obligated; its payments ask for no more."""
    return offenders(
        "award {} stands at {}, but {} was paid and {} is obligated",
        """
        SELECT a.id, a.amount, coalesce(paid.total, 0), coalesce(held.total, 0) FROM funding_award a LEFT JOIN (
            SELECT t.award_id, sum(p.amount) AS total FROM funding_payment p JOIN funding_tranche t ON t.id = p.tranche_id
            WHERE NOT EXISTS (SELECT FROM funding_bounce b WHERE b.payment_id = p.id) GROUP BY 1
        ) paid ON paid.award_id = a.id LEFT JOIN (
            SELECT award_id, sum(balance) AS total FROM ledger_box WHERE kind = 'obligated' GROUP BY 1
        ) held ON held.award_id = a.id
        WHERE a.state IN ('provisional', 'confirmed', 'provisional_suspended', 'confirmed_suspended')
        AND a.amount <> coalesce(paid.total, 0) + coalesce(held.total, 0)
        """,
    ) + offenders(
        "award {} has {} obligated, and payments of {} ahead",
        """
        SELECT t.award_id, coalesce(b.total, 0), sum(t.amount) FROM funding_tranche t
        JOIN funding_award a ON a.id = t.award_id AND a.state <> 'offered' LEFT JOIN (
            SELECT award_id, sum(balance) AS total FROM ledger_box WHERE kind = 'obligated' GROUP BY 1
        ) b ON b.award_id = t.award_id
        WHERE t.state IN ('scheduled', 'ready', 'approved', 'held', 'bounced')
        GROUP BY t.award_id, b.total HAVING sum(t.amount) > coalesce(b.total, 0)
        """,
    )


def payments_stand_in_their_envelopes() -> list[str]:
    """Part of 3: each envelope holds what is to be paid again out of it, and what may still come back to it."""
    return offenders(
        "award {} has {} {} in envelope {}, where payments need {}",
        """
        SELECT t.award_id, coalesce(b.balance, 0), k.kind, t.envelope_id, sum(t.amount) FROM funding_tranche t
        JOIN (VALUES ('bounced', 'obligated'), ('released', 'advances')) k (state, kind) ON k.state = t.state
        LEFT JOIN ledger_box b
            ON b.award_id = t.award_id AND b.envelope_id = t.envelope_id AND b.kind = k.kind
        GROUP BY 1, 2, 3, 4 HAVING sum(t.amount) > coalesce(b.balance, 0)
        """,
    )


def demands_take_what_they_ask() -> list[str]:
    """Part of 3: no more counts towards a demand than it asks for."""
    return offenders(
        "recovery {} asks for {} and took {}",
        """
        SELECT r.id, r.amount, sum(p.matched) FROM settlement_recovery r
        JOIN settlement_repayment p ON p.recovery_id = r.id GROUP BY r.id HAVING sum(p.matched) > r.amount
        """,
    )


def only_live_awards_pay() -> list[str]:
    """Part of 4: while an award is suspended nothing of it can be paid, and once it has ended nothing is left to be."""
    return offenders(
        "payment {} is {} while its award {} is {}",
        """
        SELECT t.id, t.state, a.id, a.state FROM funding_tranche t JOIN funding_award a ON a.id = t.award_id
        WHERE (
            a.state IN ('provisional_suspended', 'confirmed_suspended')
            AND t.state IN ('scheduled', 'ready', 'approved')
        ) OR (
            a.state IN ('refused', 'lapsed', 'terminated', 'completed', 'closed')
            AND t.state IN ('scheduled', 'ready', 'approved', 'held', 'bounced')
        )
        """,
    )


def nothing_came_too_early() -> list[str]:
    """Part of 7: what a move waits for was there: plan and milestone, votes, the version agreed on, the settlement."""
    return (
        offenders(
            "award {} was confirmed without an accepted plan or a passed milestone",
            """
            SELECT a.id FROM funding_award a WHERE a.confirmed_at IS NOT NULL AND NOT (
                EXISTS (SELECT FROM plans_plan p WHERE p.award_id = a.id AND p.state = 'accepted')
                AND EXISTS (SELECT FROM milestones_milestone m WHERE m.award_id = a.id AND m.state = 'passed')
            )
            """,
        )
        + offenders(
            "proceeding {} was decided by {} of {} votes",
            """
            SELECT p.id, count(v.id) FILTER (WHERE v.is_for), count(v.id) FROM proceedings_proceeding p
            JOIN funding_award a ON a.id = p.award_id JOIN programmes_policy y ON y.id = a.policy_id
            LEFT JOIN proceedings_vote v ON v.proceeding_id = p.id
            WHERE p.decided_at IS NOT NULL GROUP BY p.id, y.id
            HAVING count(v.id) < coalesce((y.values->>'votes')::int, 3)
            OR count(v.id) FILTER (WHERE v.is_for) * 2 <= count(v.id)
            """,
        )
        + offenders(
            "change {} was drawn up on version {} and agreed on version {}",
            """
            SELECT c.id, c.base_version, stood.version FROM changes_change c JOIN audit_event e
                ON e.subject_kind = 'changes.change' AND e.subject_id = c.id AND e.to_state = 'agreed', LATERAL (
                SELECT 1 + count(*) AS version FROM audit_event m
                WHERE m.subject_kind = 'funding.award' AND m.subject_id = c.award_id AND m.id < e.id
                AND m.kind IN ('award.confirm', 'award.restated')
            ) stood WHERE c.state = 'agreed' AND c.base_version <> stood.version
            """,
        )
        + offenders(
            "change {} waits for an answer: drawn up on version {} of an agreement that stands at version {}",
            """
            SELECT c.id, c.base_version, a.version FROM changes_change c JOIN funding_award a ON a.id = c.award_id
            WHERE c.state = 'proposed' AND c.base_version <> a.version
            """,
        )
        + offenders(
            "plan {} of a running award restates milestone {}, which no longer applies",
            """
            SELECT s.plan_id, m.id FROM plans_plannedstep s JOIN milestones_milestone m ON m.id = s.milestone_id
            JOIN funding_award a ON a.id = m.award_id
            WHERE m.state = 'superseded' AND a.state IN ('provisional', 'provisional_suspended')
            """,
        )
        + offenders(
            "award {} was closed while recovery {} was open",
            """
            SELECT a.id, r.id FROM funding_award a JOIN settlement_recovery r ON r.award_id = a.id
            WHERE a.closed_at IS NOT NULL AND r.proposed_at < a.closed_at
            AND (r.ended_at IS NULL OR r.ended_at > a.closed_at)
            AND NOT EXISTS (SELECT FROM settlement_instalment i WHERE i.recovery_id = r.id)
            """,
        )
        + offenders(
            "award {} has ended, and {} of it is still {}",
            """
            SELECT a.id, b.balance, b.kind FROM funding_award a JOIN ledger_box b ON b.award_id = a.id
            WHERE b.balance > 0 AND (
                (b.kind = 'obligated' AND a.state IN ('terminated', 'completed', 'closed'))
                OR (b.kind = 'advances' AND a.state = 'closed')
                OR (b.kind = 'reserved' AND a.state <> 'offered')
            )
            """,
        )
    )
