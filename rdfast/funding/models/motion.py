"""What a manager proposes about an award and a second person signs."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.machines import Move
from rdfast.funding.models.award import Award
from rdfast.funding.states import MOTION, MotionKind, MotionState
from rdfast.programmes.models import Envelope


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
