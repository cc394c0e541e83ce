"""Awards and their signed agreements."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.guards import append_only
from rdfast.core.machines import Move
from rdfast.funding.states import AWARD, AwardState, Cause, Termination
from rdfast.people.models import Organisation
from rdfast.programmes.models import Envelope, Policy
from rdfast.proposals.models import Proposal


class Award(models.Model):
    """The agreement that follows a yes: offered, provisional, confirmed, ended. Amounts in minor units."""

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
    # What the agreement stands at: the provisional amount, later what it was raised, confirmed or cut to.
    amount = models.BigIntegerField(_("amount"))
    # What the whole work asked for; what is not granted yet must be covered until the award is confirmed.
    asked_amount = models.BigIntegerField(_("asked amount"))
    # Counts what changes the agreement: a change that was drawn up against an older one is stale.
    version = models.PositiveIntegerField(default=1)
    state = AWARD.field()
    offered_at = models.DateTimeField(_("offered at"))
    signed_at = models.DateTimeField(_("signed at"), null=True)
    confirmation_due_on = models.DateField(_("confirmation due"), null=True)
    bank = models.CharField(_("bank"), max_length=60, blank=True)
    account_number = models.CharField(_("account number"), max_length=40, blank=True)
    account_holder = models.CharField(_("account holder"), max_length=100, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    # The head extends once.
    extended_at = models.DateTimeField(_("extended at"), null=True)
    suspended_at = models.DateTimeField(_("suspended at"), null=True)
    suspension_cause = models.CharField(_("cause"), max_length=20, choices=Cause.choices, blank=True)
    suspension_reason = models.TextField(_("reason"), blank=True)
    # The applicant's wish to stop, which mutual consent needs.
    stop_asked_at = models.DateTimeField(_("end asked for at"), null=True)
    stop_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    stop_reason = models.TextField(_("why the work should end"), blank=True)
    # When the work ended: terminated or completed.
    ended_at = models.DateTimeField(_("ended at"), null=True)
    termination_kind = models.CharField(
        _("kind of termination"), max_length=12, choices=Termination.choices, blank=True
    )
    # What others can learn from a technical termination; published.
    lesson = models.TextField(_("lesson for others"), blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

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
            models.CheckConstraint(
                name="award_never_exceeds_what_was_asked",
                condition=models.Q(amount__lte=models.F("asked_amount")),
            ),
            models.CheckConstraint(
                name="confirmed_award_has_its_time",
                condition=~models.Q(
                    state__in=[AwardState.CONFIRMED, AwardState.CONFIRMED_SUSPENDED, AwardState.COMPLETED]
                )
                | models.Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="suspended_award_says_why",
                condition=~models.Q(
                    state__in=[AwardState.PROVISIONAL_SUSPENDED, AwardState.CONFIRMED_SUSPENDED]
                )
                | (models.Q(suspended_at__isnull=False) & ~models.Q(suspension_cause="")),
            ),
            models.CheckConstraint(
                name="terminated_award_says_how",
                condition=~models.Q(state=AwardState.TERMINATED) | ~models.Q(termination_kind=""),
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

    @AWARD.transition("confirm")
    def confirm(self, *, amount: int, at: Any) -> None:
        self.amount = amount
        self.confirmed_at = at
        self.version += 1

    @AWARD.transition("suspend")
    def suspend(self, *, cause: str, reason: str, at: Any) -> None:
        self.suspended_at = at
        self.suspension_cause = cause
        self.suspension_reason = reason

    @AWARD.transition("resume")
    def resume(self) -> None:
        self.suspended_at = None
        self.suspension_cause = ""
        self.suspension_reason = ""

    @AWARD.transition("terminate")
    def terminate(self, *, kind: str, lesson: str, amount: int, at: Any) -> None:
        self.termination_kind = kind
        self.lesson = lesson
        self.amount = amount
        self.ended_at = at
        self.version += 1

    @AWARD.transition("complete")
    def complete(self, *, lesson: str, amount: int, at: Any) -> None:
        self.lesson = lesson
        self.amount = amount
        self.ended_at = at
        self.version += 1

    @AWARD.transition("close")
    def close(self, *, at: Any) -> None:
        self.closed_at = at


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
