"""Boxes with stored balances, and the arrows that alone change them.

The ledger knows no proposal: envelopes and awards are numbers to it. Adding an arrow moves the money;
a trigger does it, so that no statement can change a balance without one.
"""

import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from rdfast.audit.models import Event
from rdfast.core.guards import Guard, append_only, never_truncated, refusal
from rdfast.ledger.kinds import CAME_BACK, OF_ENVELOPE, SOURCES, WAYS, BoxKind, What


class Box(models.Model):
    """Where money lies: of an envelope, or of an award within an envelope."""

    envelope_id = models.BigIntegerField()
    award_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=12, choices=BoxKind.choices)
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="one_box_of_a_kind", fields=["envelope_id", "award_id", "kind"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="box_is_not_below_zero",
                condition=models.Q(balance__gte=0) | models.Q(kind__in=sorted(SOURCES)),
            ),
            models.CheckConstraint(
                name="box_belongs_to_envelope_or_award",
                condition=models.Q(kind__in=sorted(OF_ENVELOPE), award_id__isnull=True)
                | (~models.Q(kind__in=sorted(OF_ENVELOPE)) & models.Q(award_id__isnull=False)),
            ),
        )
        indexes = (
            # The boxes of one award, for its page and for its checks.
            models.Index(fields=["award_id"], name="box_of_award"),
            # The exposure of an envelope. Without the balance in it, so that a movement still changes rows in place.
            models.Index(
                fields=["envelope_id"], name="box_of_advances", condition=models.Q(kind=BoxKind.ADVANCES)
            ),
            # What came back and has to go on: few awards ever have such a box.
            models.Index(
                fields=["award_id"], name="box_came_back", condition=models.Q(kind__in=sorted(CAME_BACK))
            ),
        )
        triggers = (
            Guard(
                name="only_arrows_move_money",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF TG_OP = 'INSERT' AND NEW.balance = 0 THEN RETURN NEW; END IF;
                    -- Depth 2 is inside the trigger of a new arrow, the only place that changes balances.
                    IF TG_OP = 'UPDATE' AND pg_trigger_depth() >= 2
                        AND ROW(NEW.id, NEW.envelope_id, NEW.award_id, NEW.kind)
                        IS NOT DISTINCT FROM ROW(OLD.id, OLD.envelope_id, OLD.award_id, OLD.kind)
                    THEN RETURN NEW; END IF;
                    {refusal("only_arrows_move_money", "boxes change only when an arrow is added")}
                """,
            ),
            never_truncated("boxes"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.balance}"


def _listed_ways() -> str:
    return ", ".join(f"'{what}:{way.source}>{way.target}'" for what, way in WAYS.items())


class Arrow(models.Model):
    """Money that moved: once, a positive amount, from one box to another, for one event."""

    what = models.CharField(_("what happened"), max_length=16, choices=What.choices)
    source = models.ForeignKey(Box, on_delete=models.PROTECT, related_name="arrows_out")
    target = models.ForeignKey(Box, on_delete=models.PROTECT, related_name="arrows_in")
    amount = models.BigIntegerField(_("amount"))
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(db_default=Now())
    key = models.CharField(max_length=80, unique=True)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="arrows")

    class Meta:
        constraints = (models.CheckConstraint(name="amount_is_positive", condition=models.Q(amount__gt=0)),)
        triggers = (
            Guard(
                name="arrow_moves_the_money",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("a", "ledger_box"), ("b", "ledger_box")],
                func=f"""
                    SELECT * INTO a FROM ledger_box WHERE id = NEW.source_id;
                    SELECT * INTO b FROM ledger_box WHERE id = NEW.target_id;
                    IF (NEW.what || ':' || a.kind || '>' || b.kind) NOT IN ({_listed_ways()}) THEN
                        {refusal("only_listed_ways", "% does not lead from % to %", "NEW.what", "a.kind", "b.kind")}
                    END IF;
                    IF a.envelope_id <> b.envelope_id OR a.award_id <> b.award_id THEN
                        {refusal("only_listed_ways", "an arrow stays within its envelope and award")}
                    END IF;
                    -- The contended box last: every award of an envelope draws on its «available».
                    IF a.kind = 'available' THEN
                        UPDATE ledger_box SET balance = balance + NEW.amount WHERE id = b.id;
                        UPDATE ledger_box SET balance = balance - NEW.amount WHERE id = a.id;
                    ELSE
                        UPDATE ledger_box SET balance = balance - NEW.amount WHERE id = a.id;
                        UPDATE ledger_box SET balance = balance + NEW.amount WHERE id = b.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            *append_only("arrows"),
        )

    def __str__(self) -> str:
        return f"{self.what} {self.amount}"
