"""Changes of a running agreement: either side proposes, the other agrees."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.changes.states import MACHINE, Side, State
from rdfast.core.machines import Move
from rdfast.funding.models import Award


class Change(models.Model):
    """One proposed change: a new total and new milestones in place of those not begun. Amounts in minor units."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="changes")
    number = models.PositiveSmallIntegerField(_("number"))
    state = MACHINE.field()
    side = models.CharField(_("proposed by"), max_length=10, choices=Side.choices)
    # The version of the agreement it was drawn up against.
    base_version = models.PositiveIntegerField()
    # It takes the place of the milestones numbered after this one, the last that had begun when it was proposed. None,
    # from an earlier release: of those that have not begun when it is agreed.
    replaces_after = models.PositiveSmallIntegerField(null=True)
    # What the award is to stand at.
    amount = models.BigIntegerField(_("new amount"))
    reason = models.TextField(_("reason"))
    # Moving one date is free once: then nobody need agree.
    is_free_move = models.BooleanField(default=False)
    # The form that created it: posting that form twice makes one change.
    once = models.UUIDField(unique=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed at"))
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    # What it did to money, payments and deadlines, as both sides saw it before they agreed.
    effect = models.JSONField(default=dict)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ("award", "-number")
        constraints = (
            models.UniqueConstraint(name="changes_are_numbered", fields=["award", "number"]),
            models.UniqueConstraint(
                name="one_change_waits_per_award", fields=["award"], condition=models.Q(state=State.PROPOSED)
            ),
            models.UniqueConstraint(
                name="one_date_is_moved_freely",
                fields=["award"],
                condition=models.Q(is_free_move=True, state=State.AGREED),
            ),
            models.CheckConstraint(name="changed_amount_is_positive", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="proposer_does_not_agree",
                condition=models.Q(is_free_move=True)
                | models.Q(answered_by__isnull=True)
                | ~models.Q(answered_by=models.F("proposed_by")),
            ),
        )
        triggers = (MACHINE.guard(), history.guard("changes.change"))

    def __str__(self) -> str:
        return f"{self.award} / {self.number}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @MACHINE.transition("agree")
    def agree(self, *, by: Any, at: Any, effect: dict[str, Any]) -> None:
        self.answered_by = by
        self.answered_at = at
        self.effect = effect

    @MACHINE.transition("refuse")
    def refuse(self, *, by: Any, at: Any, answer: str) -> None:
        self.answered_by = by
        self.answered_at = at
        self.answer = answer

    @MACHINE.transition("overtake")
    def overtake(self, *, at: Any) -> None:
        self.answered_at = at


class ChangedMilestone(models.Model):
    """A milestone as the change wants it, in place of those that were still planned when it was proposed."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="milestones")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=200)
    criterion = models.TextField(_("criterion"))
    due_on = models.DateField(_("due"))
    share_percent = models.PositiveSmallIntegerField(_("share of the money, %"))
    is_critical = models.BooleanField(_("critical: without it the work makes no sense"), default=False)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(name="changed_milestones_are_numbered", fields=["change", "number"]),
        )

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"
