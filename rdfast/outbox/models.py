"""Messages waiting to be delivered, and those that were."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit.models import Event
from rdfast.timers.models import Timer


class Message(models.Model):
    """One mail to one person, written in the transaction of the event it tells of."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("given up")

    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages", verbose_name=_("to")
    )
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    # One message per event, template and person, whatever is repeated.
    key = models.CharField(max_length=120, unique=True)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="messages")
    matter_id = models.BigIntegerField(null=True)
    # The deadline this message warns of; its delivery is what allows that deadline to act.
    warns_of = models.ForeignKey(Timer, on_delete=models.PROTECT, null=True, related_name="warnings")
    status = models.CharField(_("state"), max_length=10, choices=Status.choices, default=Status.PENDING)
    created_at = models.DateTimeField(_("written"))
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    # Technical times of the relay are real time, also where the demo clock runs ahead.
    next_try_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = (
            # The relay reads what waits, however much was delivered.
            models.Index(
                fields=["next_try_at", "id"], name="message_waiting", condition=models.Q(status="pending")
            ),
            # The few that were given up.
            models.Index(fields=["id"], name="message_dead", condition=models.Q(status="dead")),
            # A person's own messages and the mailbox, newest first.
            models.Index(fields=["to", "-id"], name="message_of_person"),
        )
        constraints = (
            models.CheckConstraint(
                name="delivered_message_has_its_time",
                condition=models.Q(status="delivered", delivered_at__isnull=False)
                | (~models.Q(status="delivered") & models.Q(delivered_at__isnull=True)),
            ),
        )

    def __str__(self) -> str:
        return self.subject
