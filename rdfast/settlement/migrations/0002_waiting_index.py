"""The finance officer's inbox reads the claims that wait, the longest waiting first: without this index it read every
claim ever made.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("funding", "0002_initial"),
        ("settlement", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("state", "submitted")),
                fields=["submitted_at", "id"],
                name="claim_waiting",
            ),
        ),
    ]
