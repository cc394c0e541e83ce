"""The plan of the whole work: what is confirmed later. It begins as what the proposal said."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.machines import Move
from rdfast.funding.models import Award
from rdfast.milestones.models import Milestone
from rdfast.plans.states import MACHINE, State
from rdfast.programmes.models import BudgetCategory


class Plan(models.Model):
    """Scope, whole budget, milestones, team and data of one award. Amounts in minor units."""

    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="plan")
    state = MACHINE.field()
    due_at = models.DateTimeField(_("due"))
    scope = models.TextField(_("scope of the work"), blank=True)
    team = models.TextField(_("team"), blank=True)
    data = models.TextField(_("what happens to the data"), blank=True)
    amount = models.BigIntegerField(_("government money for the whole work"), default=0)
    own_cash = models.BigIntegerField(_("own share in cash"), default=0)
    own_kind = models.BigIntegerField(_("own share in kind"), default=0)
    # Counts saves, so that a stale form is noticed.
    revision = models.PositiveIntegerField(default=0)
    submitted_at = models.DateTimeField(_("handed in at"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(_("reason"), blank=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = (
            models.CheckConstraint(
                name="plan_amounts_are_not_negative",
                condition=models.Q(amount__gte=0, own_cash__gte=0, own_kind__gte=0),
            ),
            models.CheckConstraint(
                name="plan_that_is_in_has_its_time",
                condition=models.Q(state__in=[State.DUE, State.RETURNED])
                | models.Q(submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="accepted_plan_has_person_and_time",
                condition=~models.Q(state=State.ACCEPTED)
                | models.Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
        )
        indexes = (
            # What waits for a manager, however many were decided.
            models.Index(
                fields=["submitted_at", "id"], name="plan_waiting", condition=models.Q(state=State.SUBMITTED)
            ),
        )
        triggers = (MACHINE.guard(), history.guard("plans.plan"))

    def __str__(self) -> str:
        return f"{self.award}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @MACHINE.transition("submit")
    def submit(self, *, at: Any) -> None:
        self.submitted_at = at

    @MACHINE.transition("return_")
    def return_(self, *, by: Any, at: Any, reason: str) -> None:
        self.decided_by = by
        self.decided_at = at
        self.reason = reason

    @MACHINE.transition("accept")
    def accept(self, *, by: Any, at: Any, reason: str) -> None:
        self.decided_by = by
        self.decided_at = at
        self.reason = reason


class PlanBudgetLine(models.Model):
    """The cost of one category in one year of the work."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="budget")
    category = models.ForeignKey(BudgetCategory, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("year of the work"))
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        ordering = ("category__position", "year")
        constraints = (
            models.UniqueConstraint(
                name="one_plan_line_per_category_and_year", fields=["plan", "category", "year"]
            ),
            models.CheckConstraint(name="plan_line_is_positive", condition=models.Q(amount__gt=0)),
        )

    def __str__(self) -> str:
        return f"{self.category} {self.year}: {self.amount}"


class PlannedStep(models.Model):
    """A milestone of the plan. Those of the award that are done or under way stay as they are."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="steps")
    # The award's milestone that the step restates; once that has begun, the step promises nothing more.
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, related_name="+")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=200, blank=True)
    criterion = models.TextField(_("criterion"), blank=True)
    due_on = models.DateField(_("due"), null=True)
    share_percent = models.PositiveSmallIntegerField(_("share of the money, %"), null=True)
    is_critical = models.BooleanField(_("critical: without it the work makes no sense"), default=False)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(name="steps_are_numbered", fields=["plan", "number"]),)

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"
