"""docker-compose.yml names only what exists: its schema does not look at that."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings

from rdfast.local import addresses

COMPOSE: dict[str, Any] = yaml.safe_load((addresses.CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
MANUAL = (addresses.CHECKOUT / "docs" / "administration.md").read_text()
# For a demonstration, for tests, and set by the image.
NOT_IN_COMPOSE = {"RDFAST_DEMO", "RDFAST_EMAIL_BACKEND", "RDFAST_DATA"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_only_for_services_in_a_state_they_can_reach(name):
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        if wait["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_uses_only_volumes_and_secrets_that_are_declared(name):
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]
    for secret in SERVICES[name].get("secrets", []):
        assert secret in COMPOSE["secrets"]


def test_every_volume_is_used():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert used == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_lasting_service_has_a_health_check(name):
    assert SERVICES[name]["healthcheck"]["test"]


def test_the_urls_name_the_services():
    environment = SERVICES["web"]["environment"]

    assert re.search(r"@postgres:5432/rdfast$", environment["DATABASE_URL"])
    assert re.search(r"@redis:6379/0$", environment["REDIS_URL"])


def test_every_setting_that_an_administrator_may_make_reaches_the_programs():
    documented = set(re.findall(r"^\| `(.+?)` \|", MANUAL, re.MULTILINE))
    named = {name for names in documented for name in names.split("`, `") if name.startswith("RDFAST_")}
    limits = {
        f"RDFAST_{role}_{limit}".upper() for role, all_ in settings.DATABASE_LIMITS.items() for limit in all_
    }

    passed_on = set(SERVICES["web"]["environment"]) - {"DATABASE_URL", "REDIS_URL"}

    assert passed_on == {name for name in named if "…" not in name} - NOT_IN_COMPOSE | limits


def test_every_setting_that_is_read_is_documented():
    read = set(re.findall(r"RDFAST_[A-Z_]+[A-Z]", (addresses.CHECKOUT / "rdfast/settings.py").read_text()))

    assert read <= set(re.findall(r"RDFAST_[A-Z_]+", MANUAL))


def test_no_password_is_written_down():
    """Each comes from the environment, and a missing one stops `docker compose up` with a sentence."""
    text = (addresses.CHECKOUT / "docker-compose.yml").read_text()

    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "RDFAST_SECRET_KEY"):
        assert set(re.findall(rf"\$\{{{name}[^}}]*", text)) <= {
            f"${{{name}:?set {name}",
            f"${{{name}:?set {name} to a long random text",
        }


def test_the_image_is_built_from_files_that_exist():
    build = SERVICES["web"]["build"]
    dockerfile = addresses.CHECKOUT / build["context"] / build["dockerfile"]
    copied = re.findall(r"^COPY (\S+)", dockerfile.read_text(), re.MULTILINE)
    let_in = re.findall(r"^!(\S+)", dockerfile.with_name("Dockerfile.dockerignore").read_text(), re.MULTILINE)

    assert copied and sorted(copied) == sorted(let_in)
    assert all((addresses.CHECKOUT / source).exists() for source in copied)
