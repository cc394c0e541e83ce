"""The exposure of an envelope is the sum of its advances, read under its lock at every grant and release. Without
this index all its boxes were read for it, three and more for every award.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_ledger_move"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="box",
            index=models.Index(
                condition=models.Q(("kind", "advances")), fields=["envelope_id"], name="box_of_advances"
            ),
        ),
    ]
