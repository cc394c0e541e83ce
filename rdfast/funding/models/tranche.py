"""The tranches in which money goes out: orders to the bank, what it sent back, and to which account."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.guards import append_only
from rdfast.core.machines import Move
from rdfast.funding.models.award import Award
from rdfast.funding.states import TRANCHE, TrancheState
from rdfast.programmes.models import Envelope


class Tranche(models.Model):
    """One payment of an award. Tranche 1 follows the signature, each later one the milestone before it."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="tranches")
    # The year's envelope that pays it: a confirmed award may cross into the next year.
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="tranches")
    number = models.PositiveSmallIntegerField(_("number"))
    amount = models.BigIntegerField(_("amount"))
    # The milestone that must be passed first; none for the first tranche.
    after_milestone = models.PositiveSmallIntegerField(null=True)
    expected_on = models.DateField(_("expected"))
    state = TRANCHE.field()
    attempt = models.PositiveSmallIntegerField(default=1)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("released by"),
    )
    released_at = models.DateTimeField(_("released at"), null=True)
    account_by = models.DateTimeField(_("account by"), null=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("tranche")
        verbose_name_plural = _("tranches")
        ordering = ("award", "number")
        constraints = (
            models.UniqueConstraint(name="tranches_are_numbered", fields=["award", "number"]),
            models.CheckConstraint(name="tranche_amount_is_positive", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="approver_does_not_release",
                condition=models.Q(released_by__isnull=True) | ~models.Q(released_by=models.F("approved_by")),
            ),
            models.CheckConstraint(
                name="paid_tranche_has_its_account_by_date",
                condition=~models.Q(state__in=[TrancheState.RELEASED, TrancheState.SETTLED])
                | models.Q(account_by__isnull=False, released_by__isnull=False, approved_by__isnull=False),
            ),
        )
        indexes = (
            # What waits for the manager or the finance officer.
            models.Index(fields=["state", "id"], name="tranche_in_state"),
        )
        triggers = (TRANCHE.guard(), history.guard("funding.tranche"))

    def __str__(self) -> str:
        return f"{self.award} #{self.number}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @TRANCHE.transition("make_ready")
    def make_ready(self) -> None:
        """Nothing else changes on the row."""

    @TRANCHE.transition("approve")
    def approve(self, *, by: Any, at: Any) -> None:
        self.approved_by = by
        self.approved_at = at

    @TRANCHE.transition("release")
    def release(self, *, by: Any, at: Any, account_by: Any) -> None:
        self.released_by = by
        self.released_at = at
        self.account_by = account_by

    @TRANCHE.transition("settle")
    def settle(self) -> None:
        """Nothing else changes on the row."""

    @TRANCHE.transition("bounce")
    def bounce(self) -> None:
        self.account_by = None

    @TRANCHE.transition("pay_again")
    def pay_again(self) -> None:
        self.attempt += 1
        self.approved_by = self.approved_at = None
        self.released_by = self.released_at = None

    @TRANCHE.transition("hold")
    def hold(self) -> None:
        self.approved_by = self.approved_at = None

    @TRANCHE.transition("free")
    def free(self) -> None:
        """Nothing else changes on the row."""

    @TRANCHE.transition("cancel")
    def cancel(self) -> None:
        """Nothing else changes on the row."""


class Payment(models.Model):
    """An order to the bank. Its key is (tranche, attempt), so that one attempt pays once."""

    tranche = models.ForeignKey(Tranche, on_delete=models.PROTECT, related_name="payments")
    attempt = models.PositiveSmallIntegerField()
    amount = models.BigIntegerField(_("amount"))
    bank = models.CharField(_("bank"), max_length=60)
    account_number = models.CharField(_("account number"), max_length=40)
    account_holder = models.CharField(_("account holder"), max_length=100)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = (models.UniqueConstraint(name="an_attempt_pays_once", fields=["tranche", "attempt"]),)
        triggers = append_only("payments")

    def __str__(self) -> str:
        return f"{self.tranche} / {self.attempt}"


class Bounce(models.Model):
    """The bank sent a payment back."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="bounce")
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("bounced payment")
        verbose_name_plural = _("bounced payments")
        triggers = append_only("bounced payments")

    def __str__(self) -> str:
        return f"{self.payment}"


class NewAccount(models.Model):
    """A payment account given after the signature; it counts once the finance officer has checked it."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="new_accounts")
    bank = models.CharField(_("bank"), max_length=60)
    account_number = models.CharField(_("account number"), max_length=40)
    account_holder = models.CharField(_("account holder"), max_length=100)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(_("given at"))
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    checked_at = models.DateTimeField(_("checked at"), null=True)

    class Meta:
        verbose_name = _("payment account")
        verbose_name_plural = _("payment accounts")
        constraints = (
            models.CheckConstraint(
                name="giver_does_not_check",
                condition=models.Q(checked_by__isnull=True) | ~models.Q(checked_by=models.F("given_by")),
            ),
            models.UniqueConstraint(
                name="one_account_waits_for_its_check",
                fields=["award"],
                condition=models.Q(checked_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.account_number

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id
