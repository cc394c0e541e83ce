"""Accounts of money spent, with evidence; accepted, they liquidate advances."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.guards import append_only
from rdfast.core.machines import Move
from rdfast.core.uploads import StoredFile
from rdfast.funding.models import Award
from rdfast.programmes.models import BudgetCategory, Programme
from rdfast.settlement.states import (
    DECIDED,
    MACHINE,
    ON_TOP,
    OPEN_RECOVERY,
    RECOVERY,
    FullCheck,
    Origin,
    RecoveryKind,
    RecoveryState,
)


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
    # Why every receipt of it must be checked: high risk, or drawn for the year's sample.
    full_check = models.CharField(
        _("full check"),
        max_length=10,
        blank=True,
        choices=FullCheck.choices,
    )
    checked_at = models.DateTimeField(_("checked in full at"), null=True)
    checked_by = models.ForeignKey(
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
            # Those decided in a year, of which its audit sample is drawn.
            models.Index(
                fields=["decided_at"], name="claim_decided", condition=models.Q(decided_at__isnull=False)
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


class AuditSample(models.Model):
    """One year's random draw of claims to be checked in full. Seed and frame make it reproducible by anyone."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="audit_samples")
    year = models.PositiveSmallIntegerField(_("year"))
    seed = models.CharField(_("seed"), max_length=64)
    # The ids of all claims decided in the year, in order, and of those drawn.
    frame = models.JSONField()
    drawn = models.JSONField()
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(_("drawn at"))

    class Meta:
        verbose_name = _("audit sample")
        verbose_name_plural = _("audit samples")
        constraints = (models.UniqueConstraint(name="one_sample_a_year", fields=["programme", "year"]),)
        triggers = append_only("audit samples")

    def __str__(self) -> str:
        return f"{self.programme} {self.year}"

    @property
    def matter_id(self) -> None:
        """A sample belongs to no one proposal's story."""
        return


class Recovery(models.Model):
    """Money asked back. Amounts in minor units; what is owed lies in *receivable* from the demand on."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="recoveries")
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=12, choices=RecoveryKind.choices)
    origin = models.CharField(_("where the money lies"), max_length=10, choices=Origin.choices)
    amount = models.BigIntegerField(_("amount"))
    reason = models.TextField(_("reason"))
    state = RECOVERY.field()
    # None: the clock or another decision proposed it.
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    noticed_at = models.DateTimeField(_("notice given at"), null=True)
    objection = models.TextField(_("objection"), blank=True)
    contested_at = models.DateTimeField(_("contested at"), null=True)
    contested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    determined_at = models.DateTimeField(_("determined at"), null=True)
    determined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    determination = models.TextField(_("determination"), blank=True)
    demanded_at = models.DateTimeField(_("demanded at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    conclusion = models.TextField(_("conclusion"), blank=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        ordering = ("award", "number")
        constraints = (
            models.UniqueConstraint(name="recoveries_are_numbered", fields=["award", "number"]),
            models.CheckConstraint(name="recovered_amount_is_positive", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="surcharges_come_on_top",
                condition=models.Q(kind__in=sorted(ON_TOP), origin=Origin.ON_TOP)
                | (~models.Q(kind__in=sorted(ON_TOP)) & ~models.Q(origin=Origin.ON_TOP)),
            ),
            models.CheckConstraint(
                name="owed_recovery_was_determined",
                condition=~models.Q(
                    state__in=["demanded", "overdue", "dunned", "referred", "paid", "written_off"]
                )
                | models.Q(determined_at__isnull=False, demanded_at__isnull=False),
            ),
            models.CheckConstraint(
                name="given_up_recovery_was_signed_with_a_reason",
                condition=~models.Q(state__in=[RecoveryState.WAIVED, RecoveryState.WRITTEN_OFF])
                | (models.Q(ended_by__isnull=False) & ~models.Q(conclusion="")),
            ),
        )
        indexes = (
            # What is still open, however many ended.
            models.Index(
                fields=["award"], name="recovery_open", condition=models.Q(state__in=sorted(OPEN_RECOVERY))
            ),
        )
        triggers = (RECOVERY.guard(), history.guard("settlement.recovery"))

    def __str__(self) -> str:
        return f"{self.award} R{self.number}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @RECOVERY.transition("notice")
    def notice(self, *, at: Any) -> None:
        self.noticed_at = at

    @RECOVERY.transition("contest")
    def contest(self, *, objection: str, by: Any, at: Any) -> None:
        self.objection = objection
        self.contested_by = by
        self.contested_at = at

    @RECOVERY.transition("determine")
    def determine(self, *, amount: int, determination: str, by: Any, at: Any) -> None:
        self.amount = amount
        self.determination = determination
        self.determined_by = by
        self.determined_at = at

    @RECOVERY.transition("demand")
    def demand(self, *, at: Any) -> None:
        self.demanded_at = at

    @RECOVERY.transition("run_over")
    def run_over(self) -> None:
        """Nothing else changes on the row."""

    @RECOVERY.transition("dun")
    def dun(self) -> None:
        """Nothing else changes on the row."""

    @RECOVERY.transition("refer")
    def refer(self) -> None:
        """Nothing else changes on the row."""

    @RECOVERY.transition("reschedule")
    def reschedule(self) -> None:
        """Nothing else changes on the row."""

    @RECOVERY.transition("pay")
    def pay(self, *, at: Any) -> None:
        self.ended_at = at

    @RECOVERY.transition("dismiss")
    def dismiss(self, *, by: Any, at: Any, conclusion: str) -> None:
        self.ended_by = by
        self.ended_at = at
        self.conclusion = conclusion

    @RECOVERY.transition("waive")
    def waive(self, *, by: Any, at: Any, conclusion: str) -> None:
        self.ended_by = by
        self.ended_at = at
        self.conclusion = conclusion

    @RECOVERY.transition("write_off")
    def write_off(self, *, by: Any, at: Any, conclusion: str) -> None:
        self.ended_by = by
        self.ended_at = at
        self.conclusion = conclusion


class Instalment(models.Model):
    """A part of a recovery with a date of its own. A new agreement replaces those before it."""

    recovery = models.ForeignKey(Recovery, on_delete=models.PROTECT, related_name="instalments")
    plan = models.PositiveSmallIntegerField(_("agreement"))
    number = models.PositiveSmallIntegerField(_("number"))
    amount = models.BigIntegerField(_("amount"))
    due_on = models.DateField(_("due"))

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        ordering = ("recovery", "plan", "number")
        constraints = (
            models.UniqueConstraint(name="instalments_are_numbered", fields=["recovery", "plan", "number"]),
            models.CheckConstraint(name="instalment_is_positive", condition=models.Q(amount__gt=0)),
        )
        triggers = append_only("instalments")

    def __str__(self) -> str:
        return f"{self.recovery} / {self.number}"


class Repayment(models.Model):
    """Money that arrived, by the bank's reference. What no demand needs is *unmatched* and goes back."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="repayments")
    recovery = models.ForeignKey(
        Recovery, on_delete=models.PROTECT, null=True, related_name="repayments", verbose_name=_("recovery")
    )
    reference = models.CharField(_("bank reference"), max_length=80, unique=True)
    received_on = models.DateField(_("received on"))
    matched = models.BigIntegerField(_("counted towards the demand"))
    unmatched = models.BigIntegerField(_("beyond the demand"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                name="repayment_is_of_something",
                condition=models.Q(matched__gte=0, unmatched__gte=0)
                & (models.Q(matched__gt=0) | models.Q(unmatched__gt=0)),
            ),
        )
        triggers = append_only("repayments")

    def __str__(self) -> str:
        return self.reference

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id
