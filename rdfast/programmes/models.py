"""Programmes, their immutable policy versions, envelopes and calls, and who serves in them."""

from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.guards import append_only
from rdfast.programmes.terms import Terms, parse


class Programme(models.Model):
    """A budgeted line of R&D with a head, managers, reviewers and a policy."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name_ko = models.CharField(_("name in Korean"), max_length=200)
    name_en = models.CharField(_("name in English"), max_length=200)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name_ko


class Appointment(models.Model):
    """A person serves a programme in one role. One person may hold several."""

    class Role(models.TextChoices):
        MANAGER = "manager", _("Programme manager")
        DEPUTY = "deputy", _("Deputy of the manager")
        HEAD = "head", _("Head of the programme")
        SECOND_APPROVER = "second_approver", _("Second approver")
        FINANCE = "finance", _("Finance officer")
        REVIEWER = "reviewer", _("Reviewer")
        COMMITTEE = "committee", _("Committee member")
        AUDITOR = "auditor", _("Auditor")

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="appointments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appointments")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = (
            models.UniqueConstraint(name="appointed_once_to_a_role", fields=["programme", "user", "role"]),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class Policy(models.Model):
    """One immutable, numbered version of a programme's parameters.

    A proposal keeps the version it was submitted under.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField(_("version"))
    values = models.JSONField(default=dict)
    reason = models.TextField(_("reason"))
    starts_at = models.DateTimeField(_("applies from"))
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("adopted by"),
    )
    adopted_at = models.DateTimeField(_("adopted at"))

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ("programme", "-number")
        constraints = (
            models.UniqueConstraint(name="policy_versions_are_numbered", fields=["programme", "number"]),
        )
        triggers = append_only("policies")

    def __str__(self) -> str:
        return f"{self.programme} v{self.number}"

    @property
    def matter_id(self) -> None:
        """A policy belongs to no one proposal's story."""
        return

    @cached_property
    def terms(self) -> Terms:
        """The parameters of this version."""
        return parse(self.values)


class Envelope(models.Model):
    """What a programme may commit in one fiscal year. Its money is in the ledger."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="envelopes")
    year = models.PositiveSmallIntegerField(
        _("fiscal year"), validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )

    class Meta:
        verbose_name = _("envelope")
        verbose_name_plural = _("envelopes")
        ordering = ("programme", "-year")
        constraints = (models.UniqueConstraint(name="one_envelope_a_year", fields=["programme", "year"]),)

    def __str__(self) -> str:
        return f"{self.programme} {self.year}"

    @property
    def matter_id(self) -> None:
        """An envelope belongs to no one proposal's story."""
        return


class Topic(models.Model):
    """A field of work within a programme."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="topics")
    name_ko = models.CharField(_("name in Korean"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ("name_ko",)

    def __str__(self) -> str:
        return f"{self.name_ko} / {self.name_en}"


class Call(models.Model):
    """A window in which a programme takes proposals.

    The continuation criteria are published with it: without them the law does not let an agency stop an
    award that is merely weak (Innovation Act decree art. 17(1) no. 2).
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="calls")
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="calls")
    title_ko = models.CharField(_("title in Korean"), max_length=200)
    title_en = models.CharField(_("title in English"), max_length=200)
    summary_ko = models.TextField(_("summary in Korean"))
    summary_en = models.TextField(_("summary in English"))
    continuation_criteria_ko = models.TextField(_("continuation criteria in Korean"))
    continuation_criteria_en = models.TextField(_("continuation criteria in English"))
    topics = models.ManyToManyField(Topic, related_name="calls", verbose_name=_("topics"))
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    work_ends_on = models.DateField(
        _("last day of the work"), help_text=_("No milestone may be due later than this day.")
    )

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ("closes_at", "pk")
        constraints = (
            models.CheckConstraint(
                name="call_closes_after_it_opens", condition=models.Q(closes_at__gt=models.F("opens_at"))
            ),
        )

    def __str__(self) -> str:
        return self.title_ko

    def is_open(self, at: datetime) -> bool:
        """Whether proposals are taken at `at`; the closing instant itself is too late."""
        return self.opens_at <= at < self.closes_at


class BudgetCategory(models.Model):
    """A kind of cost. The ten of the Innovation Act come with the installation."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name_ko = models.CharField(_("name in Korean"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("budget category")
        verbose_name_plural = _("budget categories")
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.name_ko} / {self.name_en}"
