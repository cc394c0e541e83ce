"""Findings that wait for confirmation are few and mostly new: without this index the inbox walked past every finding
ever confirmed to find them.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("milestones", "0002_initial"),
        ("reviews", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("confirmed_at__isnull", True)), fields=["id"], name="finding_waiting"
            ),
        ),
    ]
