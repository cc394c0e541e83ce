"""Awards, their signed agreements, and the tranches in which money goes out."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.guards import append_only
from rdfast.core.machines import Move
from rdfast.funding.states import AWARD, TRANCHE, AwardState, TrancheState
from rdfast.people.models import Organisation
from rdfast.programmes.models import Envelope, Policy
from rdfast.proposals.models import Proposal


class Award(models.Model):
    """The agreement that follows a yes: offered, then provisional. Amounts in minor units."""

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="award")
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="awards")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="awards", verbose_name=_("organisation")
    )
    pi = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="awards",
        verbose_name=_("principal investigator"),
    )
    amount = models.BigIntegerField(_("provisional amount"))
    state = AWARD.field()
    offered_at = models.DateTimeField(_("offered at"))
    signed_at = models.DateTimeField(_("signed at"), null=True)
    confirmation_due_on = models.DateField(_("confirmation due"), null=True)
    bank = models.CharField(_("bank"), max_length=60, blank=True)
    account_number = models.CharField(_("account number"), max_length=40, blank=True)
    account_holder = models.CharField(_("account holder"), max_length=100, blank=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        constraints = (
            models.CheckConstraint(name="award_amount_is_positive", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="provisional_award_was_signed",
                condition=~models.Q(state=AwardState.PROVISIONAL)
                | (
                    models.Q(signed_at__isnull=False, confirmation_due_on__isnull=False)
                    & ~models.Q(account_number="")
                ),
            ),
        )
        indexes = (
            # The portfolio of a programme, newest first.
            models.Index(fields=["envelope", "-id"], name="award_of_envelope"),
        )
        triggers = (AWARD.guard(), history.guard("funding.award"))

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number people quote."""
        return f"A-{self.pk:06d}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.proposal_id

    @AWARD.transition("sign")
    def sign(
        self, *, at: Any, confirmation_due_on: Any, bank: str, account_number: str, account_holder: str
    ) -> None:
        self.signed_at = at
        self.confirmation_due_on = confirmation_due_on
        self.bank = bank
        self.account_number = account_number
        self.account_holder = account_holder

    @AWARD.transition("refuse")
    def refuse(self) -> None:
        """Nothing else changes on the row."""

    @AWARD.transition("lapse")
    def lapse(self) -> None:
        """Nothing else changes on the row."""


class Agreement(models.Model):
    """The text that was signed, word for word, and its SHA-256."""

    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="agreement")
    text = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("signed by")
    )
    signed_at = models.DateTimeField(_("signed at"))

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints = (
            models.CheckConstraint(
                name="hash_is_of_the_text",
                condition=models.Q(
                    sha256=models.Func(
                        models.Func(
                            models.Func(
                                models.F("text"),
                                models.Value("UTF8"),
                                function="convert_to",
                                output_field=models.BinaryField(),
                            ),
                            function="sha256",
                            output_field=models.BinaryField(),
                        ),
                        models.Value("hex"),
                        function="encode",
                        output_field=models.TextField(),
                    )
                ),
            ),
        )
        triggers = append_only("agreements")

    def __str__(self) -> str:
        return self.sha256


class Tranche(models.Model):
    """One payment of an award. Tranche 1 follows the signature, each later one the milestone before it."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="tranches")
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
