"""Appeals: filed once against one decision, decided by people who took no part in it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.appeals.states import EFFECTS, MACHINE, Against, State
from rdfast.audit import history
from rdfast.audit.models import Event
from rdfast.core.machines import Move
from rdfast.funding.models import Award
from rdfast.proposals.models import Proposal


class Appeal(models.Model):
    """One appeal. `decision` is the event of what is appealed against; each such event is appealed against once."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="appeals")
    award = models.ForeignKey(Award, on_delete=models.PROTECT, null=True, related_name="appeals")
    against = models.CharField(_("against"), max_length=12, choices=Against.choices)
    decision = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="+")
    state = MACHINE.field()
    text = models.TextField(_("what is wrong with the decision"))
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(_("filed at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.TextField(_("reason"), blank=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                name="decided_appeal_has_person_time_and_reason",
                condition=models.Q(state=State.FILED)
                | (models.Q(decided_by__isnull=False, decided_at__isnull=False) & ~models.Q(reason="")),
            ),
        )
        indexes = (
            # What waits for the committee, however many were decided.
            models.Index(
                fields=["filed_at", "id"], name="appeal_waiting", condition=models.Q(state=State.FILED)
            ),
        )
        triggers = (MACHINE.guard(), history.guard("appeals.appeal"))

    def __str__(self) -> str:
        return f"{self.proposal}: {self.get_against_display()}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.proposal_id

    @property
    def effect(self) -> str:
        """What upholding it does, in a sentence."""
        return str(EFFECTS[Against(self.against)])

    @MACHINE.transition("uphold")
    def uphold(self, *, by: Any, at: Any, reason: str) -> None:
        self.decided_by = by
        self.decided_at = at
        self.reason = reason

    @MACHINE.transition("reject")
    def reject(self, *, by: Any, at: Any, reason: str) -> None:
        self.decided_by = by
        self.decided_at = at
        self.reason = reason
