"""What administrators keep: policies by version, money by allotment; nothing of it can be rewritten."""

from dataclasses import fields
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rdfast.audit.models import Event
from rdfast.programmes.models import Policy
from rdfast.programmes.queries import allotment_of, available_in, policy_in_force
from rdfast.programmes.terms import Terms
from rdfast.timers import clock
from tests import make

pytestmark = pytest.mark.django_db


def _signed_in(w: make.World) -> Client:
    client = Client()
    client.force_login(w.admin)
    return client


def _policy(w: make.World, **changes: Any) -> dict[str, Any]:
    values = {parameter.name: parameter.default for parameter in fields(Terms)}
    return {
        "programme": w.programme.pk,
        "reason": "Less at risk",
        "starts_at": "2026-01-01 00:00",
        **{name: value for name, value in {**values, **changes}.items() if value is not False},
    }


def test_the_form_shows_every_parameter_with_its_default_and_precedent() -> None:
    w = make.world()
    page = _signed_in(w).get(reverse("admin:programmes_policy_add")).content.decode()
    for parameter in fields(Terms):
        assert f'name="{parameter.name}"' in page
    assert "NSF" in page
    assert "ARPA-E" in page


def test_a_new_version_is_adopted_and_the_earlier_one_stays() -> None:
    w = make.world()
    answer = _signed_in(w).post(
        reverse("admin:programmes_policy_add"), _policy(w, provisional_cap=200_000_000)
    )
    assert answer.status_code == 302
    newest = policy_in_force(w.programme.pk, clock.now())
    assert (newest.number, newest.terms.provisional_cap, newest.adopted_by) == (2, 200_000_000, w.admin)
    assert Policy.objects.get(number=1).terms.provisional_cap == 300_000_000


@pytest.mark.parametrize(
    ("name", "value"),
    [("provisional_share_percent", 51), ("quorum", 5), ("decision_hours", 0), ("cure_days", "soon")],
)
def test_a_parameter_outside_its_limits_is_refused_beside_its_field(name: str, value: Any) -> None:
    w = make.world()
    page = _signed_in(w).post(reverse("admin:programmes_policy_add"), _policy(w, **{name: value}))
    assert page.status_code == 200
    assert name in page.context["adminform"].form.errors
    assert Policy.objects.count() == 1


def test_money_is_allotted_with_a_reason_and_once_per_form() -> None:
    w = make.world(allotted=100)
    client = _signed_in(w)
    url = reverse("admin:programmes_envelope_change", args=[w.envelope.pk])
    form = {"amount": "1억", "cut": "", "reason": "supplement", "once": str(make.uuid4())}
    for _click in range(2):
        assert client.post(url, form).status_code == 302
    assert allotment_of(w.envelope) == 100_000_100
    assert Event.objects.filter(kind="envelope.allotted", reason="supplement").count() == 1


def test_money_is_cut_once_per_form() -> None:
    w = make.world(allotted=100)
    client = _signed_in(w)
    url = reverse("admin:programmes_envelope_change", args=[w.envelope.pk])
    form = {"amount": "", "cut": "40", "reason": "less", "once": str(make.uuid4())}
    for _click in range(2):
        assert client.post(url, form).status_code == 302
    assert available_in(w.envelope) == 60
    assert Event.objects.filter(kind="envelope.cut").count() == 1


def test_a_version_sent_twice_is_adopted_once() -> None:
    w = make.world()
    client = _signed_in(w)
    for _click in range(2):
        answer = client.post(reverse("admin:programmes_policy_add"), _policy(w, quorum=3))
        assert answer.status_code == 302
    assert Policy.objects.count() == 2
    assert Event.objects.filter(kind="policy.adopted", reason="Less at risk").count() == 1


def test_money_without_a_reason_or_beyond_what_is_left_is_refused() -> None:
    w = make.world(allotted=100)
    client = _signed_in(w)
    url = reverse("admin:programmes_envelope_change", args=[w.envelope.pk])
    page = client.post(url, {"amount": "100", "reason": "", "once": str(make.uuid4())})
    assert "reason" in page.context["adminform"].form.errors
    page = client.post(url, {"cut": "101", "reason": "less", "once": str(make.uuid4())})
    assert "cut" in page.context["adminform"].form.errors
    assert available_in(w.envelope) == 100


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
