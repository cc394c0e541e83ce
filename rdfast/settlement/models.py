"""Accounts of money spent, with evidence; accepted, they liquidate advances."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.machines import Move
from rdfast.core.uploads import StoredFile
from rdfast.funding.models import Award
from rdfast.programmes.models import BudgetCategory
from rdfast.settlement.states import DECIDED, MACHINE


class Claim(models.Model):
    """One account of money spent out of an award's settled tranches."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="claims")
    number = models.PositiveSmallIntegerField(_("number"))
    state = MACHINE.field()
    revision = models.PositiveIntegerField(default=0)
    # The form that created it: posting that form twice makes one draft.
    once = models.UUIDField(unique=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    last_move: Move | None = None

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ("award", "number")
        constraints = (
            models.UniqueConstraint(name="claims_are_numbered", fields=["award", "number"]),
            models.CheckConstraint(
                name="author_does_not_decide",
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("submitted_by")),
            ),
            models.CheckConstraint(
                name="decided_claim_has_person_and_time",
                condition=~models.Q(state__in=sorted(DECIDED))
                | models.Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
        )
        indexes = (
            # What waits for the finance officer, the longest waiting first, however much was decided.
            models.Index(
                fields=["submitted_at", "id"], name="claim_waiting", condition=models.Q(state="submitted")
            ),
        )
        triggers = (MACHINE.guard(), history.guard("settlement.claim"))

    def __str__(self) -> str:
        return f"{self.award} C{self.number}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @MACHINE.transition("submit")
    def submit(self, *, by: Any, at: Any) -> None:
        self.submitted_by = by
        self.submitted_at = at

    @MACHINE.transition("accept")
    def accept(self, *, by: Any, at: Any) -> None:
        self.decided_by = by
        self.decided_at = at

    @MACHINE.transition("accept_part")
    def accept_part(self, *, by: Any, at: Any) -> None:
        self.decided_by = by
        self.decided_at = at

    @MACHINE.transition("disallow")
    def disallow(self, *, by: Any, at: Any) -> None:
        self.decided_by = by
        self.decided_at = at


class ClaimLine(models.Model):
    """One cost of a claim, and what the finance officer accepted of it."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="lines")
    category = models.ForeignKey(
        BudgetCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("category")
    )
    spent_on = models.DateField(_("spent on"))
    description = models.CharField(_("what for"), max_length=200)
    amount = models.BigIntegerField(_("amount"))
    accepted_amount = models.BigIntegerField(_("accepted"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("claim line")
        verbose_name_plural = _("claim lines")
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(name="claimed_amount_is_positive", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="accepted_is_part_of_claimed",
                condition=models.Q(accepted_amount__isnull=True)
                | models.Q(accepted_amount__gte=0, accepted_amount__lte=models.F("amount")),
            ),
            models.CheckConstraint(
                name="refusing_money_needs_a_reason",
                condition=models.Q(accepted_amount__isnull=True)
                | models.Q(accepted_amount=models.F("amount"))
                | ~models.Q(reason=""),
            ),
        )

    def __str__(self) -> str:
        return self.description


class Receipt(StoredFile):
    """A file that proves a claim's costs."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="receipts")

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
