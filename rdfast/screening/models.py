"""The stored report of a screening."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.guards import append_only
from rdfast.programmes.models import Policy
from rdfast.proposals.models import Proposal
from rdfast.screening.rules import Finding


class Report(models.Model):
    """What the rules found at one submission or one grant, under the policy of that day."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="screenings")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"))
    findings = models.JSONField()

    class Meta:
        verbose_name = _("screening report")
        verbose_name_plural = _("screening reports")
        triggers = append_only("screening reports")

    def __str__(self) -> str:
        return f"{self.proposal} {self.at:%Y-%m-%d}"

    def results(self) -> list[Finding]:
        """The findings as the rules made them."""
        return [Finding(**stored) for stored in self.findings]
