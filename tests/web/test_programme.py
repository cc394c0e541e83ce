"""The pages of a programme's money and rules: read by those who serve, changed by those who may."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rdfast.audit.models import Event
from rdfast.ledger.models import Arrow
from rdfast.people.models import Conflict
from rdfast.programmes.models import Envelope
from rdfast.programmes.queries import available_in, policy_in_force
from rdfast.programmes.terms import Terms
from tests import make
from tests.web.browsing import as_, queries_for, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
NEXT_YEAR = datetime(2027, 1, 4, 9, 0, tzinfo=make.SEOUL)


def _money(amount: str = "") -> dict[str, str]:
    return {
        "amount": amount,
        "reason": "supplement",
        "once": str(make.uuid4()),
        "understood": "on",
    }


def test_the_envelope_s_page_shows_the_money_as_a_picture_and_as_a_table() -> None:
    w = make.world()
    make.paid(w)
    page = text_of(as_(w.audrey).get(reverse("programme:envelope", args=[w.envelope.pk])))
    assert "box-advances" in page and "₩24,000,000" in page
    assert "₩2,000,000,000" in page, "the cap of the programme"
    assert "Nobody waits." in page
    assert reverse("programme:allot", args=[w.envelope.pk]) not in page


def test_finance_records_an_allotment_once_however_often_it_is_sent() -> None:
    w = make.world(allotted=100)
    url, form = reverse("programme:allot", args=[w.envelope.pk]), _money("1억")
    for _click in range(2):
        assert as_(w.finn).post(url, form).status_code == 302
    assert available_in(w.envelope) == 100_000_100
    assert Event.objects.filter(kind="envelope.allotted", actor=w.finn, reason="supplement").count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": "101"}, "Only ₩100 is still available."),
        ({"reason": ""}, "required"),
        ({"understood": ""}, "Tick"),
    ],
)
def test_a_cut_that_cannot_be_is_refused_in_words(changes: dict[str, str], said: str) -> None:
    w = make.world(allotted=100)
    before = Arrow.objects.count()
    page = as_(w.finn).post(reverse("programme:cut", args=[w.envelope.pk]), {**_money("40"), **changes})
    assert page.status_code == 200 and said in text_of(page)
    assert Arrow.objects.count() == before


def test_the_head_carries_over_and_ends_the_year_once_it_is_over(now) -> None:
    w = make.world(allotted=100)
    following = Envelope.objects.create(programme=w.programme, year=2027)
    head, url = as_(w.doyun), reverse("programme:end_year", args=[w.envelope.pk])
    assert "2026 is not over" in text_of(head.post(url, _money()))
    now(NEXT_YEAR)
    assert head.post(reverse("programme:carry_over", args=[w.envelope.pk]), _money("40")).status_code == 302
    assert head.post(url, _money()).status_code == 302
    assert (available_in(w.envelope), available_in(following)) == (0, 40)


def test_the_form_of_a_version_shows_every_parameter_with_its_precedent_and_the_value_in_force() -> None:
    w = make.world(quorum=3)
    page = text_of(as_(w.doyun).get(reverse("programme:adopt", args=[w.programme.pk])))
    for name in Terms.__dataclass_fields__:
        assert f'name="{name}"' in page
    assert "ARPA-E" in page and 'name="quorum" value="3"' in page


def test_a_version_is_shown_as_a_difference_before_it_is_adopted() -> None:
    w = make.world()
    make.signed(w)
    head, url = as_(w.doyun), reverse("programme:adopt", args=[w.programme.pk])
    form = make.policy_form(after=1, provisional_cap=200_000_000)
    shown = text_of(head.post(url, {**form, "action": "preview"}))
    assert "300,000,000" in shown and "200,000,000" in shown and "1 award runs under version 1." in shown
    assert "ARPA-E" not in shown, "what stays is not among the differences"
    assert "Tick the box" in text_of(head.post(url, {**form, "action": "adopt"}))
    assert w.programme.policies.count() == 1
    for _click in range(2):
        assert head.post(url, {**form, "action": "adopt", "understood": "on"}).status_code == 302
    newest = policy_in_force(w.programme.pk, make.MONDAY)
    assert (newest.number, newest.terms.provisional_cap, newest.adopted_by) == (2, 200_000_000, w.doyun)
    assert newest.starts_at == make.MONDAY
    page = text_of(head.get(reverse("programme:policy", args=[newest.pk])))
    assert "Changed" in page and "0 awards run under it" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Nothing differs from version 1."),
        ({"quorum": 5}, "The quorum cannot exceed"),
        ({"cure_days": "soon"}, "whole number"),
        ({"quorum": 3, "starts_at": "2026-11-01T10:00"}, "cannot apply to the past"),
        ({"quorum": 3, "reason": ""}, "required"),
    ],
)
def test_a_version_that_cannot_be_is_refused_in_words(changes: dict[str, Any], said: str) -> None:
    w = make.world()
    starts_at = {"starts_at": str(changes.pop("starts_at", ""))}
    reason = {"reason": str(changes.pop("reason", "Less at risk"))}
    form = {**make.policy_form(after=1, **changes), **starts_at, **reason, "understood": "on"}
    for action in ("preview", "adopt"):
        page = as_(w.doyun).post(
            reverse("programme:adopt", args=[w.programme.pk]), {**form, "action": action}
        )
        assert page.status_code == 200 and said in text_of(page)
    assert w.programme.policies.count() == 1


def test_a_difference_against_a_version_that_was_replaced_meanwhile_is_not_adopted() -> None:
    w = make.world()
    url = reverse("programme:adopt", args=[w.programme.pk])
    pages = [
        as_(w.doyun).post(url, {**form, "action": "adopt", "understood": "on"})
        for form in (make.policy_form(after=1, quorum=quorum, reviewers=4) for quorum in (3, 2))
    ]
    assert "changed in another window" in text_of(pages[1])
    assert w.programme.policies.count() == 2


def test_a_statement_narrows_to_what_the_filters_say_and_downloads_as_files() -> None:
    w = make.world()
    award = make.paid(w).award
    finance, url = as_(w.finn), reverse("programme:statement")
    whole = finance.get(url)
    assert whole.context["statement"].closing_total == 0 and "-₩10,000,000,000" in text_of(whole)
    one = finance.get(url, {"award": award.number})
    assert one.context["statement"].exposure == 24_000_000 and "Drawn from the envelope" in text_of(one)
    theirs = finance.get(url, {"organisation": "Organisation 2", "year": "2026"})
    assert theirs.context["statement"].exposure == 24_000_000
    assert finance.get(url, {"year": "2025"}).context["statement"].lines == []
    for kind in ("csv", "xlsx", "beancount"):
        file = finance.get(reverse("programme:statement_file", args=[kind]), {"award": award.number})
        assert file.status_code == 200 and "attachment" in file["Content-Disposition"]
        assert b"".join(file)
    assert finance.get(reverse("programme:statement_file", args=["exe"])).status_code == 404


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"until_at": "2030-01-01T00:00"}, "Choose an instant that has passed"),
        ({"from_at": "2026-11-01T00:00", "until_at": "2026-10-01T00:00"}, "lies after the end"),
        ({"award": "A-999999"}, "no such award"),
        ({"organisation": "Organisation 4"}, "No organisation of this name"),
        ({"programme": "77"}, "valid choice"),
    ],
)
def test_a_statement_that_cannot_be_is_refused_and_downloads_nothing(
    filters: dict[str, str], said: str
) -> None:
    w = make.world()
    make.offered(w)
    page = as_(w.audrey).get(reverse("programme:statement"), filters)
    assert said in text_of(page) and "statement" not in page.context
    file = as_(w.audrey).get(reverse("programme:statement_file", args=["csv"]), filters)
    assert file.status_code == 302


def test_a_conflict_of_interest_hides_awards_from_statements() -> None:
    w = make.world()
    award = make.offered(w)
    Conflict.objects.create(user=w.finn, with_user=w.hana, reason="sister", declared_at=make.MONDAY)
    url = reverse("programme:statement")
    assert "no such award" in text_of(as_(w.finn).get(url, {"award": award.number}))
    assert "No organisation" in text_of(as_(w.finn).get(url, {"organisation": "Organisation 2"}))


def test_the_applicant_side_reads_the_statement_of_its_award_without_names_of_officials() -> None:
    w = make.world()
    award = make.paid(w).award
    page = text_of(as_(w.hana).get(reverse("researcher:statement", args=[award.pk])))
    assert "₩24,000,000" in page and w.finn.name not in page and "10,000,000,000" not in page
    file = as_(w.sejin).get(reverse("researcher:statement_file", args=[award.pk, "csv"]))
    assert "24000000" in b"".join(file).decode("utf-8-sig")
    assert as_(w.olga).get(reverse("researcher:statement", args=[award.pk])).status_code == 404


def test_pages_of_money_and_speed_ask_as_often_for_one_award_as_for_many() -> None:
    w = make.world()
    award = make.signed(w)
    asking = [
        (w.finn, reverse("programme:home")),
        (w.finn, reverse("programme:envelope", args=[w.envelope.pk])),
        (w.finn, reverse("programme:policies", args=[w.programme.pk])),
        (w.finn, reverse("programme:statement")),
        (w.hana, reverse("researcher:statement", args=[award.pk])),
        (w.finn, reverse("speed")),
    ]
    before = [queries_for(user, address) for user, address in asking]
    for number in range(3):
        make.offered(w, by=make.person(f"Pi{number}", w.institute))
    assert [queries_for(user, address) for user, address in asking] == before
    assert max(before) < 25


def test_speed_is_published_and_shown_on_both_sides_proposal_pages() -> None:
    w = make.world()
    award = make.paid(w).award
    public = Client().get(reverse("speed"), headers={"accept-language": "en"})
    assert "Too few cases to publish figures." in text_of(public)
    for user, name in ((w.hana, "researcher:proposal"), (w.minjun, "manager:proposal")):
        page = text_of(as_(user).get(reverse(name, args=[award.proposal_id])))
        assert "Time to decision" in page and "Time to money" in page
