"""Evaluations of milestones by independent reviewers, and what their panel found."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.machines import Move
from rdfast.milestones.models import Milestone
from rdfast.reviews.states import MACHINE, Grade


def _score(label: Any) -> Any:
    return models.PositiveSmallIntegerField(
        label, null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )


class Review(models.Model):
    """One reviewer's evaluation of one round of a milestone."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="reviews")
    round = models.PositiveSmallIntegerField()
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("reviewer")
    )
    state = MACHINE.field()
    invited_at = models.DateTimeField(_("invited at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    submitted_at = models.DateTimeField(_("delivered at"), null=True)
    score_reached = _score(_("criterion reached"))
    score_evidence = _score(_("evidence"))
    score_worth = _score(_("worth continuing"))
    score_money = _score(_("use of money"))
    grade = models.CharField(_("grade"), max_length=12, choices=Grade.choices, blank=True)
    comments = models.TextField(_("comments"), blank=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("milestone", "round", "pk")
        constraints = (
            models.UniqueConstraint(
                name="a_reviewer_reviews_a_round_once", fields=["milestone", "round", "reviewer"]
            ),
            models.CheckConstraint(
                name="delivered_review_is_complete",
                condition=~models.Q(state__in=["submitted", "locked"])
                | models.Q(
                    score_reached__range=(1, 5),
                    score_evidence__range=(1, 5),
                    score_worth__range=(1, 5),
                    score_money__range=(1, 5),
                    grade__in=Grade.values,
                    submitted_at__isnull=False,
                )
                & ~models.Q(comments=""),
            ),
        )
        indexes = (
            # A reviewer's own work.
            models.Index(fields=["reviewer", "state", "-id"], name="review_of_reviewer"),
        )
        triggers = (MACHINE.guard(), history.guard("reviews.review"))

    def __str__(self) -> str:
        return f"{self.milestone} – {self.reviewer}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.milestone.award.proposal_id

    @MACHINE.transition("accept")
    def accept(self, *, at: Any) -> None:
        self.accepted_at = at

    @MACHINE.transition("decline")
    def decline(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("recuse")
    def recuse(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("expire")
    def expire(self) -> None:
        """Nothing else changes on the row."""

    @MACHINE.transition("submit")
    def submit(self, *, at: Any, scores: dict[str, int], grade: str, comments: str) -> None:
        self.submitted_at = at
        self.score_reached = scores["reached"]
        self.score_evidence = scores["evidence"]
        self.score_worth = scores["worth"]
        self.score_money = scores["money"]
        self.grade = grade
        self.comments = comments

    @MACHINE.transition("lock")
    def lock(self) -> None:
        """Nothing else changes on the row."""


class Finding(models.Model):
    """The panel's result on one round of a milestone; it counts once a manager has confirmed it."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="findings")
    round = models.PositiveSmallIntegerField()
    result = models.CharField(_("result"), max_length=12, choices=Grade.choices)
    grades = models.JSONField()
    made_at = models.DateTimeField(_("made at"))
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    reason = models.TextField(_("remark"), blank=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ("milestone", "round")
        constraints = (
            models.UniqueConstraint(name="one_finding_a_round", fields=["milestone", "round"]),
            models.CheckConstraint(
                name="confirmed_finding_has_person_and_time",
                condition=models.Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | models.Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
            ),
        )
        indexes = (
            # What waits for a manager's confirmation, however much was confirmed.
            models.Index(
                fields=["id"], name="finding_waiting", condition=models.Q(confirmed_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.milestone}: {self.get_result_display()}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.milestone.award.proposal_id
