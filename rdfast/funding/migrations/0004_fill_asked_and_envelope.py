"""What earlier awards asked for, and whose envelope pays their tranches.

Apart from the next migration: PostgreSQL alters no table with checks pending.
"""

from django.db import migrations

FILL = """
UPDATE funding_award a SET asked_amount = p.asked_amount FROM proposals_proposal p WHERE p.id = a.proposal_id;
UPDATE funding_tranche t SET envelope_id = a.envelope_id FROM funding_award a WHERE a.id = t.award_id;
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0003_second_half"), ("proposals", "0003_second_half")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
