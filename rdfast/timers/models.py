"""Deadlines as rows, and the demo clock."""

from datetime import timedelta

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.guards import Guard, refusal
from rdfast.timers.kinds import NOTICE, Kind


class Timer(models.Model):
    """One deadline of one subject. It ends once: acted upon, cancelled, or dead after too many failures."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        DEAD = "dead", _("failed")

    kind = models.CharField(_("deadline"), max_length=20, choices=Kind.choices)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    matter_id = models.BigIntegerField(null=True)
    # A reminder is about another timer and ends with it.
    about = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reminders")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    due_at = models.DateTimeField(_("due"))
    # Of a deadline that passed and is told again: when what it asks for was due at first.
    late_since = models.DateTimeField(_("late since"), null=True)
    # When the sweep looks at it next: the due time, or later after a failure.
    next_try_at = models.DateTimeField()
    set_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        indexes = (
            # The sweep reads what is due, in order, however many rows have ended.
            models.Index(
                fields=["next_try_at", "due_at", "id"], name="timer_due", condition=models.Q(status="pending")
            ),
            # The few that failed for good.
            models.Index(fields=["id"], name="timer_dead", condition=models.Q(status="dead")),
            # What is cancelled when its subject moves on, reminders included.
            models.Index(
                fields=["subject_kind", "subject_id"],
                name="timer_of_subject",
                condition=models.Q(status="pending"),
            ),
            # The deadlines ahead in one proposal's story.
            models.Index(fields=["matter_id", "due_at"], name="timer_of_matter"),
        )
        constraints = (
            models.UniqueConstraint(
                name="one_pending_deadline_of_a_kind",
                fields=["kind", "subject_kind", "subject_id"],
                condition=models.Q(status="pending") & ~models.Q(kind="reminder"),
            ),
            models.CheckConstraint(
                name="ended_timer_has_its_time",
                condition=models.Q(status="pending", ended_at__isnull=True)
                | (~models.Q(status="pending") & models.Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="no_effect_before_its_time",
                condition=~models.Q(status="done") | models.Q(ended_at__gte=models.F("due_at")),
            ),
        )
        triggers = (
            Guard(
                name="ended_timers_stay_ended",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF TG_OP = 'UPDATE' AND OLD.status = 'pending' THEN RETURN NEW; END IF;
                    {refusal("ended_timers_stay_ended", "timer % has ended or cannot be deleted", "OLD.id")}
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind}:{self.subject_id}"

    @property
    def notice(self) -> timedelta | None:
        """How long before acting its warning must have been delivered; None when it harms nobody."""
        return NOTICE.get(Kind(self.kind))


class DemoClock(models.Model):
    """How far a demo installation's clock runs ahead of real time: one row."""

    ahead = models.DurationField(default=timedelta(0))

    class Meta:
        constraints = (
            models.CheckConstraint(name="only_one_clock", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="clock_never_runs_behind", condition=models.Q(ahead__gte=timedelta(0))
            ),
        )

    def __str__(self) -> str:
        return f"+{self.ahead}"
