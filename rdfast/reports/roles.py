"""Of what is always true, the ninth: who did what, against conflicts of interest and forbidden pairs."""

from datetime import datetime

from rdfast.reports.offenders import offenders


def nobody_acts_in_two_roles(at: datetime) -> list[str]:
    """9. Nothing was reviewed or decided against a conflict of interest or a forbidden pair."""
    found = offenders(
        "tranche {} was approved and released by person {}",
        "SELECT id, released_by_id FROM funding_tranche WHERE released_by_id = approved_by_id",
    )
    found += offenders(
        "claim {} was decided by its author {}",
        "SELECT id, decided_by_id FROM settlement_claim WHERE decided_by_id = submitted_by_id",
    )
    found += offenders(
        "recovery {} was determined or given up by person {} who proposed it",
        """
        SELECT id, proposed_by_id FROM settlement_recovery WHERE determined_by_id = proposed_by_id
        OR (state IN ('waived', 'written_off') AND ended_by_id = proposed_by_id)
        """,
    )
    found += offenders(
        "person {} both decided and reviewed proposal {}",
        """
        SELECT DISTINCT r.reviewer_id, a.proposal_id FROM reviews_review r
        JOIN milestones_milestone m ON m.id = r.milestone_id JOIN funding_award a ON a.id = m.award_id
        WHERE r.state IN ('submitted', 'locked') AND (
            EXISTS (SELECT FROM decisions_decision d WHERE d.proposal_id = a.proposal_id AND d.by_id = r.reviewer_id)
            OR EXISTS (
                SELECT FROM reviews_finding f JOIN milestones_milestone n ON n.id = f.milestone_id
                WHERE n.award_id = a.id AND f.confirmed_by_id = r.reviewer_id
            )
        )
        """,
    )
    found += offenders(
        "proposal {} was answered again by person {}, who had said no to it",
        """
        SELECT DISTINCT d.proposal_id, d.by_id FROM decisions_decision d JOIN decisions_decision earlier
        ON earlier.proposal_id = d.proposal_id AND earlier.by_id = d.by_id AND earlier.id < d.id
        WHERE earlier.kind IN ('decline', 'route')
        """,
    )
    found += _judges_who_took_part()
    return found + offenders(
        "{} {} was made by person {} against a conflict of interest",
        """
        WITH acted AS (
            SELECT 'decision' AS what, id, by_id AS person, proposal_id, at FROM decisions_decision
            UNION ALL
            SELECT 'review', r.id, r.reviewer_id, a.proposal_id, r.submitted_at FROM reviews_review r
            JOIN milestones_milestone m ON m.id = r.milestone_id JOIN funding_award a ON a.id = m.award_id
            WHERE r.state IN ('submitted', 'locked')
        ), applicants AS (
            SELECT id AS proposal_id, pi_id AS person FROM proposals_proposal
            UNION SELECT proposal_id, user_id FROM proposals_teammember WHERE user_id IS NOT NULL
        )
        SELECT acted.what, acted.id, acted.person FROM acted
        JOIN proposals_proposal p ON p.id = acted.proposal_id JOIN people_user u ON u.id = acted.person
        WHERE u.organisation_id = p.organisation_id
        OR EXISTS (SELECT FROM applicants s WHERE s.proposal_id = p.id AND s.person = acted.person)
        OR EXISTS (
            SELECT FROM people_conflict c WHERE c.declared_at <= acted.at AND (
                (c.user_id = acted.person AND (
                    c.with_organisation_id = p.organisation_id
                    OR c.with_user_id IN (SELECT person FROM applicants s WHERE s.proposal_id = p.id)
                ))
                OR (c.with_user_id = acted.person
                    AND c.user_id IN (SELECT person FROM applicants s WHERE s.proposal_id = p.id))
            )
        )
        """,
    )


def _judges_who_took_part() -> list[str]:
    """Whoever voted in a proceeding or decided an appeal had done nothing else in the matter before."""
    earlier = """
        EXISTS (
            SELECT FROM audit_event e WHERE e.matter_id = {matter} AND e.actor_id = {person} AND e.id < mine.id
            AND NOT (e.subject_kind = mine.subject_kind AND e.subject_id = mine.subject_id)
        )
    """
    return (
        offenders(
            "motion {} was proposed and signed by person {}",
            "SELECT id, decided_by_id FROM funding_motion WHERE decided_by_id = proposed_by_id",
        )
        + offenders(
            "proceeding {} was signed by person {}, who opened it or voted",
            """
            SELECT p.id, p.signed_by_id FROM proceedings_proceeding p WHERE p.signed_by_id = p.opened_by_id
            OR EXISTS (SELECT FROM proceedings_vote v WHERE v.proceeding_id = p.id AND v.member_id = p.signed_by_id)
            """,
        )
        + offenders(
            "{} {} was judged by person {}, who took part in the matter",
            f"""
            SELECT mine.subject_kind, mine.subject_id, mine.actor_id FROM audit_event mine
            WHERE mine.kind IN ('proceeding.voted', 'appeal.uphold', 'appeal.reject')
            AND {earlier.format(matter="mine.matter_id", person="mine.actor_id")}
            """,  # noqa: S608 - made of our own words
        )
    )
