from django.db import migrations

# The head is told every week now, not once: what stood still before gets its clock again.
AGAIN = """
    INSERT INTO timers_timer (
        kind, subject_kind, subject_id, matter_id, status, due_at, next_try_at, set_at, attempts, last_error
    )
    SELECT still.kind, still.subject_kind, still.subject_id, a.proposal_id, 'pending',
        now() + interval '7 days', now() + interval '7 days', now(), 0, ''
    FROM (
        SELECT 'confirm_finding' AS kind, 'reviews.finding' AS subject_kind, f.id AS subject_id, m.award_id
        FROM reviews_finding f JOIN milestones_milestone m ON m.id = f.milestone_id
        WHERE f.confirmed_at IS NULL AND m.state = 'under_review'
        UNION ALL
        SELECT 'reach_quorum', 'milestones.milestone', m.id, m.award_id FROM milestones_milestone m
        WHERE m.state IN ('reported', 'under_review') AND NOT EXISTS (
            SELECT FROM reviews_finding f WHERE f.milestone_id = m.id AND f.round = m.round
        )
    ) still JOIN funding_award a ON a.id = still.award_id
    WHERE a.state IN ('provisional', 'confirmed', 'provisional_suspended', 'confirmed_suspended')
    AND NOT EXISTS (
        SELECT FROM timers_timer t WHERE t.kind = still.kind AND t.status = 'pending'
        AND t.subject_kind = still.subject_kind AND t.subject_id = still.subject_id
    );
"""


class Migration(migrations.Migration):
    dependencies = [
        ("timers", "0006_answer_lost_milestones"),
        ("reviews", "0001_initial"),
    ]

    operations = [migrations.RunSQL(AGAIN, migrations.RunSQL.noop)]
