"""The inbox reads the proposals that wait for an answer, the longest waiting first. `proposal_in_state` serves one
call; without this one 6,000 waiting among 100,000 were fetched and sorted to show 50 of them.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
        ("programmes", "0002_budget_categories"),
        ("proposals", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("state__in", ["submitted", "recommended"])),
                fields=["submitted_at", "id"],
                name="proposal_waiting",
            ),
        ),
    ]
