"""Proceedings: notice, hearing, votes of uninvolved people, effect (Innovation Act art. 15, 32, 33)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.guards import append_only
from rdfast.core.machines import Move
from rdfast.funding.models import Award
from rdfast.funding.states import Termination
from rdfast.proceedings.states import MACHINE, RUNNING, Kind, State


class Proceeding(models.Model):
    """One proceeding against one award. `amount` is what a recovery for cause asks for, in minor units."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="proceedings")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    state = MACHINE.field()
    reason = models.TextField(_("reason"))
    possible_outcome = models.TextField(_("possible outcome"))
    amount = models.BigIntegerField(_("amount"), null=True)
    # None: the clock opened it.
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(_("opened at"))
    noticed_at = models.DateTimeField(_("notice given at"), null=True)
    reply_by = models.DateTimeField(_("reply until"), null=True)
    reply = models.TextField(_("reply"), blank=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    heard_at = models.DateTimeField(_("heard at"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    # How the award ends, if it does: what the majority of those voted who voted for it.
    termination_kind = models.CharField(max_length=12, choices=Termination.choices, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended at"), null=True)
    conclusion = models.TextField(_("conclusion"), blank=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("proceeding")
        verbose_name_plural = _("proceedings")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                name="one_proceeding_of_a_kind_runs",
                fields=["award", "kind"],
                condition=models.Q(state__in=sorted(RUNNING)),
            ),
            models.CheckConstraint(
                name="recovery_for_cause_names_its_amount",
                condition=~models.Q(kind=Kind.RECOVERY) | models.Q(amount__gt=0),
            ),
            models.CheckConstraint(
                name="notice_has_its_reply_date",
                condition=models.Q(state__in=[State.OPENED, State.DISMISSED])
                | models.Q(noticed_at__isnull=False, reply_by__isnull=False),
            ),
            models.CheckConstraint(
                name="effect_was_signed",
                condition=~models.Q(state=State.EFFECTED) | models.Q(signed_by__isnull=False),
            ),
        )
        triggers = (MACHINE.guard(), history.guard("proceedings.proceeding"))

    def __str__(self) -> str:
        return f"{self.award}: {self.get_kind_display()}"

    @property
    def matter_id(self) -> int:
        """The proposal whose story this belongs to."""
        return self.award.proposal_id

    @MACHINE.transition("notice")
    def notice(self, *, at: Any, reply_by: Any) -> None:
        self.noticed_at = at
        self.reply_by = reply_by

    @MACHINE.transition("hear")
    def hear(self, *, reply: str, by: Any, at: Any) -> None:
        self.reply = reply
        self.replied_by = by
        self.heard_at = at

    @MACHINE.transition("decide")
    def decide(self, *, termination_kind: str, at: Any) -> None:
        self.termination_kind = termination_kind
        self.decided_at = at

    @MACHINE.transition("dismiss")
    def dismiss(self, *, at: Any, conclusion: str) -> None:
        self.ended_at = at
        self.conclusion = conclusion

    @MACHINE.transition("effect")
    def effect(self, *, by: Any, at: Any, conclusion: str) -> None:
        self.signed_by = by
        self.ended_at = at
        self.conclusion = conclusion


class Vote(models.Model):
    """One uninvolved member's vote, with its reason."""

    proceeding = models.ForeignKey(Proceeding, on_delete=models.PROTECT, related_name="votes")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("member")
    )
    is_for = models.BooleanField(_("for the measure"))
    # Only where the measure is an end of the award.
    termination_kind = models.CharField(
        _("kind of termination"), max_length=12, choices=Termination.choices, blank=True
    )
    reason = models.TextField(_("reason"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(name="a_member_votes_once", fields=["proceeding", "member"]),
            models.CheckConstraint(name="vote_has_a_reason", condition=~models.Q(reason="")),
        )
        triggers = append_only("votes")

    def __str__(self) -> str:
        return f"{self.proceeding} – {self.member}"
