"""The demonstration is made by the real operations and shows every state of the path."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from rdfast.appeals.models import Appeal
from rdfast.audit.models import Event
from rdfast.changes.models import Change
from rdfast.funding.models import Award, Motion, Tranche
from rdfast.milestones.models import Milestone
from rdfast.plans.models import Plan
from rdfast.proceedings.models import Proceeding
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import State as ProposalState
from rdfast.reports.invariants import broken
from rdfast.reports.story import LABELS
from rdfast.reviews.models import Review
from rdfast.settlement.models import Claim, Recovery
from rdfast.timers import clock

pytestmark = pytest.mark.django_db


def test_the_demo_shows_every_state_of_the_path_and_breaks_no_invariant(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEMO = True
    spoken = StringIO()
    call_command("demo", stdout=spoken)

    assert "newcomer@rdfast.example" in spoken.getvalue()
    assert not caplog.records, "the accounts are what is read, not months of log"
    assert broken(at=clock.now()) == []
    # A proposal is reopened only for the while that another manager needs.
    shown = set(Proposal.objects.values_list("state", flat=True))
    assert shown == set(ProposalState.values) - {"reopened"}
    assert set(Award.objects.values_list("state", flat=True)) == {
        "offered",
        "provisional",
        "refused",
        "lapsed",
        "confirmed",
        "provisional_suspended",
        "terminated",
    }
    assert {"due", "submitted", "accepted"} <= set(Plan.objects.values_list("state", flat=True))
    assert {"proposed", "carried"} <= set(Motion.objects.values_list("state", flat=True))
    assert Change.objects.filter(state="proposed").exists()
    assert Proceeding.objects.filter(state="heard").exists()
    assert Recovery.objects.filter(state="contested").exists()
    assert Appeal.objects.filter(state="filed").exists()
    assert Tranche.objects.filter(state="bounced").exists()
    assert Tranche.objects.filter(state="held").exists()
    assert {"scheduled", "ready", "approved", "settled", "cancelled"} <= set(
        Tranche.objects.values_list("state", flat=True)
    )
    assert {
        "planned",
        "open",
        "overdue",
        "missed",
        "under_review",
        "passed",
        "conditional",
        "superseded",
    } <= set(Milestone.objects.values_list("state", flat=True))
    assert {"invited", "accepted", "submitted", "locked", "expired"} <= set(
        Review.objects.values_list("state", flat=True)
    )
    assert {"submitted", "accepted"} <= set(Claim.objects.values_list("state", flat=True))
    assert Proposal.objects.filter(escalated_at__isnull=False, state="submitted").exists()
    assert set(Event.objects.values_list("kind", flat=True)) <= set(LABELS)

    before = Event.objects.count()
    call_command("demo", stdout=StringIO())
    assert Event.objects.count() == before


def test_a_real_installation_refuses_the_demo() -> None:
    with pytest.raises(CommandError):
        call_command("demo", stdout=StringIO())
    assert not Proposal.objects.exists()
