from django.db import migrations

# Milestones missed before the programme had to answer them: two weeks from now, unless a change was agreed since.
ANSWER = """
    INSERT INTO timers_timer (
        kind, subject_kind, subject_id, matter_id, status, due_at, next_try_at, set_at, attempts, last_error
    )
    SELECT 'act_on_failure', 'milestones.milestone', m.id, a.proposal_id, 'pending',
        now() + interval '14 days', now() + interval '14 days', now(), 0, ''
    FROM milestones_milestone m JOIN funding_award a ON a.id = m.award_id, LATERAL (
        SELECT max(at) AS at FROM audit_event e
        WHERE e.subject_kind = 'milestones.milestone' AND e.subject_id = m.id AND e.to_state = 'missed'
    ) missed
    WHERE m.state = 'missed'
    AND a.state IN ('provisional', 'confirmed', 'provisional_suspended', 'confirmed_suspended')
    AND NOT EXISTS (
        SELECT FROM changes_change c
        WHERE c.award_id = a.id AND c.state = 'agreed' AND c.answered_at > missed.at
    )
    AND NOT EXISTS (
        SELECT FROM timers_timer t WHERE t.kind = 'act_on_failure' AND t.status = 'pending'
        AND t.subject_kind = 'milestones.milestone' AND t.subject_id = m.id
    );
"""


class Migration(migrations.Migration):
    dependencies = [
        ("timers", "0005_lost_milestones"),
        ("audit", "0001_initial"),
        ("changes", "0003_what_it_replaces"),
        ("milestones", "0003_second_half"),
    ]

    operations = [migrations.RunSQL(ANSWER, migrations.RunSQL.noop)]
