"""docker-compose.yml names only what exists: its schema does not look at that."""

import re
from typing import Any

import pytest
import yaml

from rdfast.local import addresses

COMPOSE: dict[str, Any] = yaml.safe_load((addresses.CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


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
