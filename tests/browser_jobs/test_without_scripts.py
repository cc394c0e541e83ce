"""Where no JavaScript runs, everything still works, only with more pages."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from playwright.sync_api import expect

from rdfast.proposals.models import Proposal
from tests import make
from tests.browser_jobs.desk import Seat
from tests.make import World


def test_a_milestone_is_added_and_saved(seat: Seat, cast: World):
    draft = make.draft(cast, at=cast.call.opens_at)
    researcher = seat(cast.hana, scripts=False)
    researcher.go(f"/my/proposals/{draft.pk}/edit/")
    researcher.fill(aim="계면이 버티는지 밝힌다.")

    researcher.press(_("Add a milestone"))
    expect(researcher.page.locator('[name="aim"]')).to_have_value("계면이 버티는지 밝힌다.")
    due_on = timezone.localdate() + timedelta(days=300)
    third = {"title": "시제품", "criterion": "1,000회", "due_on": due_on.isoformat(), "share_percent": "20"}
    researcher.fill(**{f"milestones-2-{name}": text for name, text in third.items()})
    researcher.press(_("Save draft"))

    researcher.reads(_("The draft is saved. Nothing is sent before you submit it."))
    saved = Proposal.objects.get()
    assert saved.aim == "계면이 버티는지 밝힌다."
    assert [each.title for each in saved.planned_milestones.all()] == ["Cell", "Stack", "시제품"]


def test_a_milestone_is_removed_by_its_box(seat: Seat, cast: World):
    draft = make.draft(cast, at=cast.call.opens_at)
    researcher = seat(cast.hana, scripts=False)
    researcher.go(f"/my/proposals/{draft.pk}/edit/")

    researcher.page.locator('[data-formset="milestones"]').get_by_label(_("Remove this row")).first.check()
    researcher.press(_("Save draft"))

    assert [each.title for each in draft.planned_milestones.all()] == ["Stack"]


def test_a_manager_approves(seat: Seat, cast: World):
    proposal = make.submitted(cast, at=cast.call.opens_at)
    manager = seat(cast.minjun, scripts=False)
    manager.go(f"/manager/proposals/{proposal.pk}/")
    manager.fill(reason="도전적이고 분명합니다.")
    manager.tick("no_conflict")

    manager.press(_("Approve"))

    manager.reads(_("Approved. The award is offered; the organisation is asked to sign it."))
