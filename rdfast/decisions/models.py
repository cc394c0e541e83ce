"""The answers to proposals, and their reasons."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.guards import append_only
from rdfast.proposals.models import Proposal


class Decision(models.Model):
    """One answer by one person, who declared to have no conflict of interest."""

    class Kind(models.TextChoices):
        RETURN = "return", _("Returned for completion")
        RECOMMEND = "recommend", _("Recommended")
        SEND_BACK = "send_back", _("Second approval refused")
        APPROVE = "approve", _("Approved")
        ROUTE = "route", _("Passed to the standard track")
        DECLINE = "decline", _("Declined")

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(_("decision"), max_length=12, choices=Kind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    # Who gave the first of two approvals.
    first_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(_("decided at"))
    reason = models.TextField(_("reason"))
    amount = models.BigIntegerField(_("provisional amount"), null=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = (
            # How punctual the last month's decisions were, however many there ever were.
            models.Index(fields=["at"], name="decision_at"),
        )
        constraints = (
            models.UniqueConstraint(
                name="a_proposal_is_approved_once", fields=["proposal"], condition=models.Q(kind="approve")
            ),
            models.CheckConstraint(
                name="two_approvals_are_two_people",
                condition=models.Q(first_by__isnull=True) | ~models.Q(first_by=models.F("by")),
            ),
            models.CheckConstraint(name="decision_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="yes_names_its_amount",
                condition=models.Q(kind__in=["approve", "recommend"], amount__gt=0)
                | (~models.Q(kind__in=["approve", "recommend"]) & models.Q(amount__isnull=True)),
            ),
        )
        triggers = append_only("decisions")

    def __str__(self) -> str:
        return f"{self.proposal}: {self.get_kind_display()}"
