"""What is counted in a quick way comes to the same as counted plainly."""

import pytest
from django.utils.timezone import localdate

from rdfast.flow import signing
from rdfast.funding.models import Award
from rdfast.funding.queries import exposure, exposure_in, running_projects_of
from rdfast.people.models import Organisation
from rdfast.proposals.operations import Member
from tests import make

pytestmark = pytest.mark.django_db


def test_a_project_counts_once_for_its_leader_and_for_each_of_its_team_while_it_runs():
    w = make.world()
    team = [
        Member("Olga", "Synthesis", 50, email=w.olga.email),
        Member("Hana", "Reports", 10, email=w.hana.email),
    ]
    award = make.offered(w, team=team)

    assert [running_projects_of(person) for person in (w.hana, w.olga, w.sejin)] == [1, 1, 0]

    signing.refuse(award.pk, reason="No.", by=w.sejin, at=make.MONDAY)

    assert [running_projects_of(person) for person in (w.hana, w.olga, w.sejin)] == [0, 0, 0]


def test_the_exposure_of_an_envelope_and_of_one_organisation_in_it_is_the_sum_over_awards():
    w = make.world(provisional_awards_per_pi=3)
    make.paid(w)
    elsewhere = w.olga
    make.person("Signs elsewhere", elsewhere.organisation, is_signatory=True)
    w.institute, institute = elsewhere.organisation, w.institute  # type: ignore[assignment]
    make.offered(w, by=elsewhere)
    today = localdate(make.MONDAY)

    for place in (institute, Organisation.objects.get(people=elsewhere)):
        found = exposure_in(w.envelope.pk, organisation_id=place.pk, today=today, days=90)
        theirs = exposure(Award.objects.filter(organisation=place), today=today, days=90)
        assert found == (exposure(Award.objects.all(), today=today, days=90), theirs)
        assert 0 < found[1] < found[0]
