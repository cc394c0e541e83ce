from django.conf import settings
from django.db import migrations, models

# Whoever was answered while they waited, or got a clock, does not wait any more.
CLEAR = """
    UPDATE proposals_proposal p SET waits_since = NULL WHERE waits_since IS NOT NULL AND (
        state <> 'reopened' OR EXISTS (
            SELECT FROM timers_timer t WHERE t.subject_kind = 'proposals.proposal' AND t.subject_id = p.id
            AND t.kind = 'decide' AND t.status = 'pending'
        )
    );
    SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0004_turned_down_by"),
        ("timers", "0003_timer_of_subject"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(CLEAR, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                name="only_a_reopened_proposal_waits_for_money",
                condition=models.Q(("waits_since", None), ("state", "reopened"), _connector="OR"),
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            # Every sweep and grant asks for the few reopened ones, not for all that wait for an answer.
            index=models.Index(
                fields=["waits_since", "id"],
                name="proposal_reopened",
                condition=models.Q(
                    ("state__in", ["submitted", "recommended", "reopened"]),
                    ("turned_down_by__isnull", False),
                ),
            ),
        ),
    ]
