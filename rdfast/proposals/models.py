"""What is asked: aim, team, budget by category and year, own share, milestones."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.audit import history
from rdfast.core.machines import Move
from rdfast.people.models import Organisation
from rdfast.programmes.models import BudgetCategory, Call, Policy, Topic
from rdfast.proposals.states import MACHINE, State

MOST_YEARS = 3
MOST_MILESTONES = 6


class Proposal(models.Model):
    """One request for money. A draft may be incomplete; amounts are whole minor units."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="proposals")
    # The version in force at the (last) submission.
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, related_name="+")
    pi = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="proposals",
        verbose_name=_("principal investigator"),
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        related_name="proposals",
        verbose_name=_("organisation"),
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("topic")
    )
    title_ko = models.CharField(_("title in Korean"), max_length=300, blank=True)
    title_en = models.CharField(_("title in English"), max_length=300, blank=True)
    abstract_ko = models.TextField(_("abstract in Korean"), blank=True)
    abstract_en = models.TextField(_("abstract in English"), blank=True)
    aim = models.TextField(_("aim"), blank=True)
    asked_amount = models.BigIntegerField(_("government money for the whole work"), default=0)
    asked_provisional = models.BigIntegerField(_("asked provisional amount"), default=0)
    own_cash = models.BigIntegerField(_("own share in cash"), default=0)
    own_kind = models.BigIntegerField(_("own share in kind"), default=0)
    # Running national R&D projects outside this installation, as the PI declares them.
    other_projects_as_pi = models.PositiveSmallIntegerField(_("other running projects as PI"), default=0)
    other_projects_in_all = models.PositiveSmallIntegerField(_("other running projects in all"), default=0)
    state = MACHINE.field()
    # Counts saves, so that a stale form is noticed.
    revision = models.PositiveIntegerField(default=0)
    # The form that created it: posting that form twice makes one draft.
    once = models.UUIDField(unique=True)
    created_at = models.DateTimeField()
    first_submitted_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    times_returned = models.PositiveSmallIntegerField(default=0)
    recommended_amount = models.BigIntegerField(null=True)
    recommended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Since when the head may answer: the clock has run out, or nobody else may.
    escalated_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    # The manager to whom the head gave a late decision.
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Who said no last: after an upheld appeal another manager decides.
    turned_down_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # When a reopened proposal began to wait for money; the one that waits longest is served first.
    waits_since = models.DateTimeField(null=True)

    last_move: Move | None = None

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        constraints = (
            models.CheckConstraint(
                name="proposal_amounts_are_not_negative",
                condition=models.Q(
                    asked_amount__gte=0, asked_provisional__gte=0, own_cash__gte=0, own_kind__gte=0
                ),
            ),
            models.CheckConstraint(
                name="submitted_proposal_keeps_its_policy",
                condition=models.Q(state__in=[State.DRAFT, State.WITHDRAWN])
                | models.Q(policy__isnull=False, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="proposal_is_returned_once", condition=models.Q(times_returned__lte=1)
            ),
            models.CheckConstraint(
                name="only_a_reopened_proposal_waits_for_money",
                condition=models.Q(waits_since=None) | models.Q(state=State.REOPENED),
            ),
        )
        indexes = (
            # A person's own proposals, newest first.
            models.Index(fields=["pi", "-id"], name="proposal_of_pi"),
            # The inbox of a programme's manager.
            models.Index(fields=["call", "state", "submitted_at"], name="proposal_in_state"),
            # What waits for an answer, the longest waiting first, however much was answered.
            models.Index(
                fields=["submitted_at", "id"],
                name="proposal_waiting",
                condition=models.Q(state__in=[State.SUBMITTED, State.RECOMMENDED, State.REOPENED]),
            ),
            # The few that an appeal has reopened, the first in line for money first; every sweep and grant asks.
            models.Index(
                fields=["waits_since", "id"],
                name="proposal_reopened",
                condition=models.Q(
                    turned_down_by__isnull=False,
                    state__in=[State.SUBMITTED, State.RECOMMENDED, State.REOPENED],
                ),
            ),
        )
        triggers = (MACHINE.guard(), history.guard("proposals.proposal"))

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number people quote."""
        return f"P-{self.pk:06d}"

    @property
    def matter_id(self) -> Any:
        """A proposal is the head of its own story."""
        return self.pk

    @MACHINE.transition("submit")
    def submit(self, *, policy: Policy, at: Any) -> None:
        self.policy = policy
        self.first_submitted_at = self.submitted_at = at

    @MACHINE.transition("resubmit")
    def resubmit(self, *, policy: Policy, at: Any) -> None:
        self.policy = policy
        self.submitted_at = at
        self.escalated_at = None

    @MACHINE.transition("give_back")
    def give_back(self) -> None:
        self.times_returned += 1

    @MACHINE.transition("lapse")
    def lapse(self, *, at: Any) -> None:
        self.decided_at = at

    @MACHINE.transition("recommend")
    def recommend(self, *, amount: int, by: Any) -> None:
        self.recommended_amount = amount
        self.recommended_by = by
        self.escalated_at = None

    @MACHINE.transition("send_back")
    def send_back(self) -> None:
        self.recommended_amount = None
        self.recommended_by = None
        self.escalated_at = None

    @MACHINE.transition("approve")
    def approve(self, *, at: Any) -> None:
        self.decided_at = at

    @MACHINE.transition("decline")
    def decline(self, *, by: Any, at: Any) -> None:
        self.turned_down_by = by
        self.decided_at = at
        self.waits_since = None

    @MACHINE.transition("route")
    def route(self, *, by: Any, at: Any) -> None:
        self.turned_down_by = by
        self.decided_at = at
        self.waits_since = None

    @MACHINE.transition("reopen")
    def reopen(self, *, at: Any) -> None:
        self.decided_at = None
        self.escalated_at = None
        self.assigned_to = None
        self.recommended_amount = None
        self.recommended_by = None
        self.submitted_at = at

    @MACHINE.transition("withdraw")
    def withdraw(self, *, at: Any) -> None:
        self.decided_at = at
        self.waits_since = None


class TeamMember(models.Model):
    """A person who works on it, besides the principal investigator."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="team")
    # Linked when the address belongs to an account: conflicts of interest are checked against it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=100)
    email = models.EmailField(_("e-mail address"), blank=True)
    task = models.CharField(_("task"), max_length=200)
    effort_percent = models.PositiveSmallIntegerField(
        _("share of working time, %"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name


class BudgetLine(models.Model):
    """The cost of one category in one year of the work."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="budget")
    category = models.ForeignKey(BudgetCategory, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("year of the work"))
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        ordering = ("category__position", "year")
        constraints = (
            models.UniqueConstraint(
                name="one_line_per_category_and_year", fields=["proposal", "category", "year"]
            ),
            models.CheckConstraint(name="budget_line_is_positive", condition=models.Q(amount__gt=0)),
        )

    def __str__(self) -> str:
        return f"{self.category} {self.year}: {self.amount}"


class PlannedMilestone(models.Model):
    """A milestone as asked for; an approval makes the real ones from these."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="planned_milestones")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=200, blank=True)
    criterion = models.TextField(_("criterion"), blank=True)
    due_on = models.DateField(_("due"), null=True)
    share_percent = models.PositiveSmallIntegerField(_("share of the money, %"), null=True)
    is_critical = models.BooleanField(_("critical: without it the work makes no sense"), default=False)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(name="planned_milestones_are_numbered", fields=["proposal", "number"]),
        )

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"
