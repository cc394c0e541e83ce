"""What comes from outside, like what comes from the treasury, is not limited by what its source holds."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION ledger_move(
    _what text, _envelope bigint,
    _source_award bigint, _source_kind text, _target_award bigint, _target_kind text,
    _amount bigint, _at timestamptz, _key text, _event bigint
) RETURNS TABLE (outcome text, balance bigint) LANGUAGE plpgsql AS $$
DECLARE
    _source bigint := ledger_box_of(_envelope, _source_award, _source_kind);
    _target bigint := ledger_box_of(_envelope, _target_award, _target_kind);
    _there ledger_arrow;
    _held bigint;
BEGIN
    SELECT * INTO _there FROM ledger_arrow WHERE key = _key;
    IF FOUND THEN
        RETURN QUERY SELECT
            CASE WHEN (_there.what, _there.source_id, _there.target_id, _there.amount)
                    = (_what, _source, _target, _amount) THEN 'already' ELSE 'other' END,
            0::bigint;
        RETURN;
    END IF;
    IF _source_kind NOT IN ({sources}) THEN
        SELECT b.balance INTO _held FROM ledger_box b WHERE b.id = _source FOR NO KEY UPDATE;
        IF _held < _amount THEN
            RETURN QUERY SELECT 'short'::text, _held;
            RETURN;
        END IF;
    END IF;
    INSERT INTO ledger_arrow (what, source_id, target_id, amount, at, key, event_id)
        VALUES (_what, _source, _target, _amount, _at, _key, _event);
    RETURN QUERY SELECT 'moved'::text, coalesce(_held, 0) - _amount;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_second_half")]
    operations = [
        migrations.RunSQL(
            FUNCTION.replace("{sources}", "'treasury', 'outside'"),
            FUNCTION.replace("{sources}", "'treasury'"),
        )
    ]
