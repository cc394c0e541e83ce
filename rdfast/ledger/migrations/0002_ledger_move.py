"""The one function that moves money: it checks, and adds an arrow; the arrow's trigger does the rest."""

from django.db import migrations

CREATE = """
CREATE FUNCTION ledger_move(
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
    IF _source_kind <> 'treasury' THEN
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

CREATE FUNCTION ledger_box_of(_envelope bigint, _award bigint, _kind text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    _found bigint;
BEGIN
    SELECT id INTO _found FROM ledger_box
        WHERE envelope_id = _envelope AND award_id IS NOT DISTINCT FROM _award AND kind = _kind;
    IF FOUND THEN RETURN _found; END IF;
    INSERT INTO ledger_box (envelope_id, award_id, kind, balance) VALUES (_envelope, _award, _kind, 0)
        ON CONFLICT DO NOTHING;
    SELECT id INTO _found FROM ledger_box
        WHERE envelope_id = _envelope AND award_id IS NOT DISTINCT FROM _award AND kind = _kind;
    RETURN _found;
END
$$;
"""

DROP = """
DROP FUNCTION ledger_move(text, bigint, bigint, text, bigint, text, bigint, timestamptz, text, bigint);
DROP FUNCTION ledger_box_of(bigint, bigint, text);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
