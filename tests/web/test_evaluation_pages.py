"""Pages about evaluations, looked at again: what is offered is taken, and who votes reads what the vote is about."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from rdfast.core.uploads import Stored
from rdfast.flow import performing
from rdfast.flow import proceeding as proceedings
from rdfast.milestones.models import Evidence, Milestone, MilestoneReport
from rdfast.outbox.models import Message
from rdfast.people.models import Conflict, User
from rdfast.proceedings.models import Proceeding
from rdfast.programmes.models import Appointment
from rdfast.reviews.models import Review
from tests import make
from tests.web.browsing import as_

Now = Callable[[datetime], None]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now", "own_storage")]
DAY = timedelta(days=1)
ASK_FOR_LEAVE = "Ask the programme for leave to report it after all."


# A missed milestone.


def _missed(w: make.World, now: Now) -> tuple[Milestone, datetime]:
    milestone = make.paid(w).award.milestones.get(number=1)
    at = make.start_of(milestone.due_on + 16 * DAY)
    make.run_to(at)
    now(at)
    return milestone, at


def test_a_missed_milestone_without_leave_offers_no_report_and_says_whom_to_ask(now: Now) -> None:
    w = make.world(account_days=400)
    milestone, _at = _missed(w, now)
    page = reverse("researcher:milestone", args=[milestone.pk])
    assertContains(as_(w.hana).get(page), ASK_FOR_LEAVE)
    assertNotContains(as_(w.hana).get(page), "Send the report")
    answer = as_(w.hana).post(page, {"text": "500 h."}, follow=True)
    assertContains(answer, "This milestone cannot be reported now.")
    assert not MilestoneReport.objects.exists()


def test_leave_is_shown_while_it_lasts_and_no_longer(now: Now) -> None:
    w = make.world(account_days=400)
    milestone, at = _missed(w, now)
    until = (at + 3 * DAY).date()
    performing.give_leave(milestone.pk, until=until, reason="Flu.", by=w.minjun, at=at)
    page, theirs = (reverse(f"{side}:milestone", args=[milestone.pk]) for side in ("researcher", "manager"))
    assertContains(as_(w.hana).get(page), "Send the report")
    assertContains(as_(w.sejin).get(page), "The programme lets you report")
    assertContains(as_(w.minjun).get(theirs), "It may still be reported until")

    now(at + 4 * DAY)
    for reader in (w.hana, w.sejin):
        assertContains(as_(reader).get(page), ASK_FOR_LEAVE)
        assertNotContains(as_(reader).get(page), "The programme lets you report")
        assertNotContains(as_(reader).get(page), "Send the report")
    assertNotContains(as_(w.minjun).get(theirs), "It may still be reported until")
    assertContains(as_(w.minjun).get(theirs), "Give leave to report it")


def test_leave_that_was_used_is_shown_no_more(now: Now) -> None:
    w = make.world(account_days=400)
    milestone, at = _missed(w, now)
    performing.give_leave(milestone.pk, until=(at + 9 * DAY).date(), reason="Flu.", by=w.minjun, at=at)
    page = reverse("researcher:milestone", args=[milestone.pk])
    as_(w.hana).post(page, {"text": "500 h."})
    assert Milestone.objects.get(pk=milestone.pk).state == "reported"
    assertNotContains(as_(w.hana).get(page), "The programme lets you report")
    assertNotContains(as_(w.hana).get(page), ASK_FOR_LEAVE)


# Reviewers needed.


def test_administrators_follow_their_letter_to_where_they_appoint_reviewers() -> None:
    w = make.world()
    Appointment.objects.filter(role="reviewer").delete()
    make.opened(w)
    told = Message.objects.get(to=w.admin, subject__startswith="Reviewers needed")
    (address,) = re.findall(rf"^{re.escape(settings.SITE_URL)}(/\S*)", told.body, re.MULTILINE)
    assertContains(as_(w.admin).get(address), 'name="appointments-0-role"')


# What a vote is about.


def _status(user: User, name: str, pk: int) -> int:
    answer = as_(user).get(reverse(name, args=[pk]))
    if answer.streaming:
        b"".join(answer)  # the file is closed once it was read
    return answer.status_code


def _evidence(name: str) -> Stored:
    path = default_storage.save(name, ContentFile(b"%PDF-1.7"))
    return Stored(path, name, 8, "0" * 64, "application/pdf")


def _heard(w: make.World, milestone: Milestone, at: datetime) -> Proceeding:
    opened = proceedings.open_(
        milestone.award_id,
        "termination",
        reason="It leads nowhere.",
        possible_outcome="An end.",
        by=w.minjun,
        at=at,
    )
    return proceedings.reply(opened.pk, text="It does not.", by=w.hana, at=at)


def _conditional(w: make.World, now: Now) -> tuple[Milestone, datetime]:
    """The first milestone, reported with a file and found conditional, and when."""
    milestone = make.opened(w, at=make.MONDAY)
    at = make.start_of(milestone.due_on)
    now(at)
    performing.report(milestone.pk, text="It held 83 %.", files=[_evidence("cell.pdf")], by=w.hana, at=at)
    return make.evaluated(w, Milestone.objects.get(pk=milestone.pk), "conditional", at=at), at


def test_who_votes_reads_what_was_promised_reported_and_found_and_no_reviewers_name(now: Now) -> None:
    w = make.world()
    milestone, at = _conditional(w, now)
    page = as_(w.committee[0]).get(reverse("committee:proceeding", args=[_heard(w, milestone, at).pk]))
    for words in (
        "A stack of 10 cells runs for 500 h",
        "1. Cell: Report 1",
        "It held 83 %.",
        "cell.pdf",
        "Reviewer 1: Conditional: must be put right",
        "Agreed.",
    ):
        assertContains(page, words)
    for review in Review.objects.select_related("reviewer"):
        assertNotContains(page, review.reviewer.name)


def test_a_finding_nobody_has_confirmed_is_not_shown_to_who_votes(now: Now) -> None:
    w = make.world()
    milestone = make.reported(w)
    at = milestone.reported_at or make.MONDAY
    now(at)
    make.spoken(milestone, "failed", at=at)
    page = as_(w.committee[0]).get(reverse("committee:proceeding", args=[_heard(w, milestone, at).pk]))
    assertContains(page, "It held 83 %.")
    assertNotContains(page, "Reviewer 1")


def test_evidence_opens_to_who_votes_and_to_nobody_who_took_part_or_has_a_conflict(now: Now) -> None:
    w = make.world()
    milestone, at = _conditional(w, now)
    file = Evidence.objects.get()
    voter, kin, former, other = w.committee
    assert _status(voter, "evidence", file.pk) == 404

    Appointment.objects.create(programme=w.programme, user=former, role="manager")
    proceedings.open_(
        milestone.award_id,
        "recovery",
        reason="A car.",
        possible_outcome="Money is asked back.",
        amount=1_000_000,
        by=former,
        at=at,
    )
    Conflict.objects.create(user=kin, with_user=w.hana, reason="kin", declared_at=at)
    Appointment.objects.filter(user=former, role="manager").delete()
    heard = _heard(w, milestone, at)

    for member, status in ((voter, 200), (kin, 404), (former, 404), (other, 200), (w.olga, 404)):
        assert _status(member, "evidence", file.pk) == status, member
        assert _status(member, "committee:proceeding", heard.pk) == status, member


def test_what_is_reported_after_the_vote_is_not_for_who_voted(now: Now) -> None:
    w = make.world()
    milestone, at = _conditional(w, now)
    heard = _heard(w, milestone, at)
    for member in w.committee[:3]:
        proceedings.vote(heard.pk, is_for=False, termination_kind="", reason="Go on.", by=member, at=at)
    later = at + DAY
    now(later)
    performing.report(milestone.pk, text="86 %.", files=[_evidence("cure.pdf")], by=w.hana, at=later)

    page = as_(w.committee[0]).get(reverse("committee:proceeding", args=[heard.pk]))
    assertContains(page, "cell.pdf")
    assertNotContains(page, "cure.pdf")
    first, second = Evidence.objects.order_by("pk")
    assert _status(w.committee[0], "evidence", first.pk) == 200
    assert _status(w.committee[0], "evidence", second.pk) == 404
