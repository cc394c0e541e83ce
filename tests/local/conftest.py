"""A folder to start servers in, short enough for their sockets."""

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from rdfast.local import addresses


@pytest.fixture
def data() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rdfast-local-"))
    yield folder
    shutil.rmtree(addresses.socket_folder(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
