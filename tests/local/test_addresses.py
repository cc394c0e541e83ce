from pathlib import Path

import dj_database_url
import pytest

from rdfast.local import addresses, folders
from rdfast.local.problems import CannotRun

DEEP = Path("/srv") / ("a-very-long-folder-name/" * 8)


def test_sockets_lie_beside_the_data_where_the_path_allows():
    assert addresses.socket_folder(Path("/srv/rdfast/.local")) == Path("/srv/rdfast/.local/sockets")


@pytest.mark.parametrize(
    "data", [DEEP, Path("/srv/Rdfast"), Path("/srv/연구"), Path("/srv/a b"), Path("/srv/a%b")]
)
def test_a_path_unfit_for_sockets_gets_a_short_folder(data):
    assert not addresses.socket_folder(data).is_relative_to(data)
    assert len(str(addresses.postgres_socket(data))) <= addresses.LONGEST_SOCKET_PATH


def test_two_deep_checkouts_do_not_share_a_socket():
    assert addresses.socket_folder(DEEP / "one") != addresses.socket_folder(DEEP / "two")


@pytest.mark.parametrize("data", [DEEP, Path("/srv/rdfast/.local")])
def test_django_finds_the_socket_in_the_url(data):
    parsed = dj_database_url.parse(addresses.database_url(data))

    assert parsed["HOST"] == str(addresses.socket_folder(data))
    assert (parsed["USER"], parsed["NAME"], parsed["PORT"]) == ("rdfast", "rdfast", 5432)


def test_a_file_in_the_place_of_the_socket_folder_is_refused_in_a_sentence(data):
    (data / "sockets").write_text("")

    with pytest.raises(CannotRun, match="is in the way"):
        folders.make_private(data / "sockets")


def test_the_data_folder_hides_itself_from_git(data):
    folders.make_ignored(data / "new")

    assert (data / "new" / ".gitignore").read_text() == "*\n"
