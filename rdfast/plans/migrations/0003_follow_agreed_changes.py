from django.db import migrations

# Plans of awards that are not confirmed follow the changes agreed so far: in place of the milestones that no longer
# apply stand those that are planned now.
FOLLOW = """
    CREATE TEMPORARY TABLE behind ON COMMIT DROP AS
        SELECT DISTINCT s.plan_id, m.award_id FROM plans_plannedstep s
        JOIN milestones_milestone m ON m.id = s.milestone_id
        JOIN funding_award a ON a.id = m.award_id
        WHERE m.state = 'superseded' AND a.state IN ('provisional', 'provisional_suspended');

    DELETE FROM plans_plannedstep s USING behind b, milestones_milestone m
        WHERE s.plan_id = b.plan_id AND m.id = s.milestone_id AND m.state = 'superseded';

    INSERT INTO plans_plannedstep (plan_id, milestone_id, number, title, criterion, due_on, share_percent, is_critical)
        SELECT b.plan_id, m.id, last.number + row_number() OVER (PARTITION BY b.plan_id ORDER BY m.number),
            m.title, m.criterion, m.due_on, m.share_percent, m.is_critical
        FROM behind b JOIN milestones_milestone m ON m.award_id = b.award_id AND m.state = 'planned', LATERAL (
            SELECT coalesce(max(number), 0) AS number FROM plans_plannedstep WHERE plan_id = b.plan_id
        ) last
        WHERE NOT EXISTS (SELECT FROM plans_plannedstep s WHERE s.plan_id = b.plan_id AND s.milestone_id = m.id);

    UPDATE plans_plannedstep s SET number = number + 1000 FROM behind b WHERE s.plan_id = b.plan_id;
    UPDATE plans_plannedstep s SET number = sorted.number FROM (
        SELECT id, row_number() OVER (PARTITION BY plan_id ORDER BY due_on NULLS LAST, number) AS number
        FROM plans_plannedstep WHERE plan_id IN (SELECT plan_id FROM behind)
    ) sorted WHERE sorted.id = s.id;

    UPDATE plans_plan p SET revision = revision + 1 FROM behind b WHERE p.id = b.plan_id;
    DROP TABLE behind;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0002_step_restates_a_milestone"),
        ("milestones", "0001_initial"),
    ]

    operations = [migrations.RunSQL(FOLLOW, migrations.RunSQL.noop)]
