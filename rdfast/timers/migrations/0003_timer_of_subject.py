"""Whatever moves a subject cancels its pending deadlines. No index named the subject with its reminders: at 100,000
proposals every submission read a million deadlines.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("timers", "0002_dead_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="timer",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["subject_kind", "subject_id"],
                name="timer_of_subject",
            ),
        ),
    ]
