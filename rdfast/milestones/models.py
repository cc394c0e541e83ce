"""What was promised, by which criterion and day, and the evidence that it was kept."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.guards import append_only
from rdfast.core.machines import Move
from rdfast.core.uploads import StoredFile
from rdfast.funding.models import Award
from rdfast.milestones.states import MACHINE


class Milestone(models.Model):
    """One promise of an award. `round` counts how often reviewers are asked: for each report, and anew when it was missed
    or is to be heard again."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="milestones")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=200)
    criterion = models.TextField(_("criterion"))
    due_on = models.DateField(_("due"))
    share_percent = models.PositiveSmallIntegerField(_("share of the money, %"))
    state = MACHINE.field()
    round = models.PositiveSmallIntegerField(default=0)
    reported_at = models.DateTimeField(_("reported at"), null=True)
    # Failing it suspends the award and opens a special review.
    is_critical = models.BooleanField(_("critical"), default=False)
    # The manager's leave to report a missed milestone after all.
    leave_until = models.DateField(_("may still be reported until"), null=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ("award", "number")
        constraints = (
            models.UniqueConstraint(name="milestones_are_numbered", fields=["award", "number"]),
            models.CheckConstraint(name="milestone_has_a_criterion", condition=~models.Q(criterion="")),
            models.CheckConstraint(
                name="reported_milestone_has_its_time",
                condition=~models.Q(state__in=["reported", "under_review", "passed"])
                | models.Q(reported_at__isnull=False, round__gt=0),
            ),
        )
        triggers = (MACHINE.guard(), history.guard("milestones.milestone"))

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @MACHINE.transition("open")
    def open(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("run_over")
    def run_over(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("miss")
    def miss(self) -> None:
        """Its reviewers were stood down; for a late report they may be asked again, in a round of its own."""
        self.round += 1

    @MACHINE.transition("report")
    def report(self, *, at: Any) -> None:
        self.reported_at = at
        self.round += 1

    @MACHINE.transition("start_review")
    def start_review(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("pass_")
    def pass_(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("set_condition")
    def set_condition(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("fail")
    def fail(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("hear_again")
    def hear_again(self) -> None:
        """An upheld appeal: the same report is heard by another panel, in a round of its own."""
        self.round += 1

    @MACHINE.transition("supersede")
    def supersede(self) -> None:
        """Nothing else changes on the row."""


class MilestoneReport(models.Model):
    """What the PI reported in one round."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="reports")
    round = models.PositiveSmallIntegerField()
    text = models.TextField(_("report"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("reported at"))

    class Meta:
        verbose_name = _("milestone report")
        verbose_name_plural = _("milestone reports")
        ordering = ("milestone", "round")
        constraints = (models.UniqueConstraint(name="one_report_a_round", fields=["milestone", "round"]),)
        triggers = append_only("milestone reports")

    def __str__(self) -> str:
        return f"{self.milestone} / {self.round}"


class Evidence(StoredFile):
    """A file that belongs to a report."""

    report = models.ForeignKey(MilestoneReport, on_delete=models.PROTECT, related_name="evidence")

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        triggers = append_only("evidence")


class FinalReport(models.Model):
    """What came of the work, told once at its end (Innovation Act decree art. 35). The lesson is published."""

    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="final_report")
    text = models.TextField(_("report"))
    lesson = models.TextField(_("lesson for others"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("reported at"))

    class Meta:
        verbose_name = _("final report")
        verbose_name_plural = _("final reports")
        triggers = append_only("final reports")

    def __str__(self) -> str:
        return f"{self.award}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id


class FinalEvidence(StoredFile):
    """A file that belongs to a final report."""

    report = models.ForeignKey(FinalReport, on_delete=models.PROTECT, related_name="evidence")

    class Meta:
        verbose_name = _("evidence of a final report")
        verbose_name_plural = _("evidence of final reports")
        triggers = append_only("evidence of final reports")
