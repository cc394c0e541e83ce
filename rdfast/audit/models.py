"""Who did what, to which object, when and why. Rows are only added."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from rdfast.core.guards import append_only


class Event(models.Model):
    """One thing that happened. Events that carry states are the history of their subject.

    `at` is when it happened for the people involved; `recorded_at` is the database's own time.
    """

    kind = models.CharField(_("what happened"), max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    # The proposal whose story this belongs to: awards, tranches, milestones and claims share one.
    matter_id = models.BigIntegerField(null=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(db_default=Now())
    from_state = models.CharField(max_length=24, blank=True)
    to_state = models.CharField(max_length=24, blank=True)
    reason = models.TextField(_("why"), blank=True)
    data = models.JSONField(default=dict)
    cause = models.CharField(max_length=60)
    transaction = models.BigIntegerField(
        db_default=models.Func(function="txid_current", output_field=models.BigIntegerField())
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = (
            # The history guard and the history of one object.
            models.Index(fields=["subject_kind", "subject_id", "id"], name="event_of_subject"),
            # The story of one proposal, page by page.
            models.Index(fields=["matter_id", "id"], name="event_of_matter"),
            # The few by which a clock stood still: the published speed explains every one.
            models.Index(
                fields=["matter_id"],
                name="event_of_stopped_clock",
                condition=models.Q(kind__in=["proposal.give_back", "proposal.waits", "clock.stopped"]),
            ),
        )
        constraints = (models.CheckConstraint(name="event_names_its_cause", condition=~models.Q(cause="")),)
        triggers = append_only("events")

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind}:{self.subject_id}"
