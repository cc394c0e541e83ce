"""What administrators keep: programmes, envelopes, calls; no money, no rules, and nothing that is recorded."""

import pytest
from django.test import Client
from django.urls import reverse

from rdfast.people.models import User
from rdfast.programmes.models import Envelope, Policy, Programme
from rdfast.programmes.queries import allotment_of, available_in
from tests import make

pytestmark = pytest.mark.django_db


def _signed_in(w: make.World) -> Client:
    client = Client()
    client.force_login(w.admin)
    return client


def test_an_envelope_is_made_empty_and_never_changed_there() -> None:
    w = make.world(allotted=100)
    client = _signed_in(w)
    made = client.post(
        reverse("admin:programmes_envelope_add"), {"programme": w.programme.pk, "year": 2027, "amount": "5"}
    )
    assert made.status_code == 302
    envelope = Envelope.objects.get(year=2027)
    assert available_in(envelope) == 0 and allotment_of(envelope) == 0
    changed = client.post(
        reverse("admin:programmes_envelope_change", args=[w.envelope.pk]),
        {"programme": w.programme.pk, "year": 2030, "amount": "5", "cut": "5", "reason": "x"},
    )
    assert changed.status_code == 403
    assert available_in(w.envelope) == 100 and not Envelope.objects.filter(year=2030).exists()


def test_whoever_is_made_an_administrator_there_sees_all_of_it() -> None:
    w = make.world()
    person = {
        "email": "yujin@agency.kr",
        "name": "Yujin",
        "language": "ko",
        "is_active": "on",
        "is_staff": "on",
    }
    _signed_in(w).post(reverse("admin:people_user_add"), {**person, "new_password": "correct horse battery"})
    yujin = Client()
    yujin.force_login(User.objects.get(email="yujin@agency.kr"))
    for name in ("timers_timer", "outbox_message", "programmes_policy"):
        assert yujin.get(reverse(f"admin:{name}_changelist")).status_code == 200


def test_policy_versions_are_read_there_and_adopted_elsewhere() -> None:
    w = make.world()
    client = _signed_in(w)
    assert client.get(reverse("admin:programmes_policy_add")).status_code == 403
    assert (
        client.get(
            reverse("admin:programmes_policy_change", args=[w.programme.policies.get().pk])
        ).status_code
        == 200
    )
    assert client.get(reverse("programme:adopt", args=[w.programme.pk])).status_code == 404


def test_a_new_programme_gets_its_first_version_from_an_administrator_and_no_second() -> None:
    w = make.world()
    new = Programme.objects.create(code="new", name_ko="새 사업", name_en="New")
    client, url = _signed_in(w), reverse("programme:adopt", args=[new.pk])
    assert url in client.get(reverse("admin:programmes_programme_changelist")).content.decode()
    form = make.policy_form(after=0, reason="A beginning")
    assert client.post(url, {**form, "action": "preview"}).status_code == 200
    assert not new.policies.exists()
    answer = client.post(url, {**form, "action": "adopt", "understood": "on"}, follow=True)
    assert answer.status_code == 200
    assert [(each.number, each.adopted_by) for each in new.policies.all()] == [(1, w.admin)]
    assert client.get(url).status_code == 404


def test_nothing_that_is_recorded_can_be_changed_or_deleted_there() -> None:
    w = make.world()
    make.submitted(w)
    client = _signed_in(w)
    for name, pk in (
        ("programmes_policy", 1),
        ("audit_event", 1),
        ("timers_timer", 1),
        ("outbox_message", 1),
    ):
        found = reverse(f"admin:{name}_changelist")
        assert client.get(found).status_code == 200
        assert client.post(reverse(f"admin:{name}_delete", args=[pk]), {"post": "yes"}).status_code in {
            302,
            403,
        }
    assert Policy.objects.count() == 1
