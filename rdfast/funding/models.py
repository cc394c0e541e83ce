"""Awards, their signed agreements, and the tranches in which money goes out."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.guards import append_only
from rdfast.core.machines import Move
from rdfast.funding.states import (
    AWARD,
    MOTION,
    TRANCHE,
    AwardState,
    Cause,
    MotionKind,
    MotionState,
    Termination,
    TrancheState,
)
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


class Motion(models.Model):
    """What a manager proposes about an award and a second person signs: a raise, the confirmation, an end."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="motions")
    kind = models.CharField(_("what"), max_length=12, choices=MotionKind.choices)
    state = MOTION.field()
    # What the award is to stand at afterwards; only raising and confirming change it.
    amount = models.BigIntegerField(_("amount"), null=True)
    # The year's envelope that gives what is added.
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("reason"))
    lesson = models.TextField(_("lesson for others"), blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    # The head may sign what waited too long.
    escalated_at = models.DateTimeField(null=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("motion")
        verbose_name_plural = _("motions")
        ordering = ("award", "-pk")
        constraints = (
            models.UniqueConstraint(
                name="one_motion_waits_per_award",
                fields=["award"],
                condition=models.Q(state=MotionState.PROPOSED),
            ),
            models.CheckConstraint(
                name="two_signatures_are_two_people",
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("proposed_by")),
            ),
            models.CheckConstraint(
                name="motion_names_its_amount",
                condition=models.Q(
                    kind__in=[MotionKind.RAISE, MotionKind.CONFIRM], amount__gt=0, envelope__isnull=False
                )
                | (
                    ~models.Q(kind__in=[MotionKind.RAISE, MotionKind.CONFIRM]) & models.Q(amount__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="decided_motion_has_person_and_time",
                condition=~models.Q(state__in=[MotionState.CARRIED, MotionState.REFUSED])
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
        )
        triggers = (MOTION.guard(), history.guard("funding.motion"))

    def __str__(self) -> str:
        return f"{self.award}: {self.get_kind_display()}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @MOTION.transition("carry")
    def carry(self, *, by: Any, at: Any, answer: str) -> None:
        self.decided_by = by
        self.decided_at = at
        self.answer = answer

    @MOTION.transition("refuse")
    def refuse(self, *, by: Any, at: Any, answer: str) -> None:
        self.decided_by = by
        self.decided_at = at
        self.answer = answer

    @MOTION.transition("overtake")
    def overtake(self, *, at: Any) -> None:
        self.decided_at = at
