"""No room on the disk: a clear refusal, nothing half saved, and all works again once there is room."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from rdfast.local.problems import CannotRun
from rdfast.milestones.models import Evidence, Milestone
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from rdfast.timers import clock
from tests import make
from tests.failures.conftest import SmallDisk, fill_up, installed_on
from tests.stack import wait_until

MEGABYTE = 1 << 20
# Enough for a cluster and a migrated database.
SERVER_DISK = "192m"


def _submit(client: Client, w: make.World) -> int:
    """The answer to a researcher who sends in a complete proposal."""
    now = timezone.now()
    proposal = make.proposals.start(w.call, by=w.hana, at=now - timedelta(minutes=1), once=make.uuid4())
    return client.post(
        reverse("researcher:edit", args=[proposal.pk]), make.proposal_form(w, at=now)
    ).status_code


def test_a_full_database_disk_refuses_and_saves_nothing_half(
    small_disk: SmallDisk, migrated_dump: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    disk = small_disk(SERVER_DISK)
    with django_db_blocker.unblock(), installed_on(disk / "data", migrated_dump) as server:
        w = make.world(at=timezone.now() - timedelta(days=1))
        hana = Client(raise_request_exception=False)
        hana.force_login(w.hana)
        ballast = fill_up(disk)
        submitted, answer = 0, 302
        while answer == 302:
            try:
                answer = _submit(hana, w)
            except Exception:
                break  # the draft was refused already
            submitted += answer == 302
        assert answer in {302, 500, 503}

        ballast.unlink()
        server.bring_back()
        connections.close_all()
        # Whatever was answered with yes is there, and nothing of what was refused.
        assert Proposal.objects.filter(state="submitted").count() == submitted
        assert broken(at=clock.now()) == []
        assert _submit(hana, w) == 302
        assert Proposal.objects.filter(state="submitted").count() == submitted + 1


@pytest.fixture
def milestone(fresh_database: object) -> Milestone:
    """A milestone that is open now."""
    return make.opened(make.world(at=timezone.now() - timedelta(days=50)))


def _report(client: Client, milestone: Milestone, *sizes: int) -> str:
    files = [
        SimpleUploadedFile(f"evidence{number}.pdf", b"%PDF-1.7" + b"x" * size)
        for number, size in enumerate(sizes)
    ]
    url = reverse("researcher:milestone", args=[milestone.pk])
    answer = client.post(url, {"text": "It held 83 %.", "evidence": files}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_upload_that_does_not_fit_is_refused_with_nothing_left_behind(
    milestone: Milestone, small_disk: SmallDisk, settings: Any
) -> None:
    settings.MEDIA_ROOT = small_disk("2m")
    hana = Client()
    hana.force_login(milestone.award.pi)

    # The first file fits, the second does not.
    page = _report(hana, milestone, MEGABYTE, 2 * MEGABYTE)
    milestone.refresh_from_db()
    assert "There is no room for files at the moment" in page
    assert "It held 83 %." in page  # nothing typed is lost
    assert (milestone.state, Evidence.objects.count()) == ("open", 0)
    assert list(Path(settings.MEDIA_ROOT).iterdir()) == []

    _report(hana, milestone, MEGABYTE)
    milestone.refresh_from_db()
    assert (milestone.state, Evidence.objects.count()) == ("reported", 1)


def test_a_backup_that_does_not_fit_leaves_no_folder(milestone: Milestone, small_disk: SmallDisk) -> None:
    disk = small_disk("4m")
    ballast = fill_up(disk)
    with pytest.raises(CannotRun, match="No space left on device"):
        call_command("backup", str(disk / "backup"))
    assert list(disk.iterdir()) == [ballast]
    ballast.unlink()
    call_command("backup", str(disk / "backup"), stdout=StringIO())
    wait_until((disk / "backup" / "manifest.json").exists)
