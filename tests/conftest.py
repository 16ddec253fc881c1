"""What tests in every folder are given."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from paths import ROOT
from shell import OURS, Shell
from trusted import one_authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azurite import Azurite
    from postgres_server import PostgresServer
    from seaweed import Seaweed
    from served import Served
    from team import Team
    from terraform_server import TerraformServer

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
"""Hundreds of tests start our program: it is compiled once, as the tests are, whatever the machine says."""

settings.register_profile("fixed", derandomize=True)
settings.register_profile("random", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
"""A change is judged by the same examples each time; `make faults` looks for others."""


FORKING = "tests/faults/test_store_kills.py"
"""Tests that fork this process and use a library of buckets there."""


@pytest.hookimpl(trylast=True)  # hypothesis marks its tests in this hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that fork run first, and the searches of hypothesis without the tracer of coverage.

    A fork of a process that has used that library waits for ever: it has the library's locks without its
    threads. With the tracer the searches take twice as long.

    Other tests that go the same way many times, and those of time, have the marker in their files.
    The coverage is what all the others reach, so it is never more than that of the whole suite.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(FORKING))
    for item in items:
        if item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with one authority that the program trusts."""
    return one_authority(tmp_path_factory.mktemp("trusted"))


@pytest.fixture
def shell(
    tmp_path: Path, trusted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Our program in an empty folder."""
    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def slow_zoom() -> Iterator[Served]:
    """An emulator on a port, whose answers take 0.3 seconds; a request is carried out half-way."""
    from served import served  # noqa: PLC0415 - only for tests that use it

    with served("--latency", "0.3") as emulator:
        yield emulator


@pytest.fixture(params=["plain", "gitlab"])
def server(request: pytest.FixtureRequest) -> Iterator[TerraformServer]:
    """A server of the Terraform HTTP protocol: a plain one, and one that behaves as GitLab does."""
    from terraform_server import terraform_server  # noqa: PLC0415 - only for tests that use it

    with terraform_server(is_managed=request.param == "gitlab") as running:
        yield running


@pytest.fixture
def gitlab() -> Iterator[TerraformServer]:
    """A server of the Terraform HTTP protocol that behaves as GitLab does."""
    from terraform_server import terraform_server  # noqa: PLC0415 - only for tests that use it

    with terraform_server(is_managed=True) as running:
        yield running


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """A real server of S3, one process."""
    from seaweed import seaweed  # noqa: PLC0415 - for tests/real alone

    with seaweed(tmp_path_factory.mktemp("seaweed") / "single") as server:
        yield server


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A real server of Azure's storage."""
    from azurite import azurite  # noqa: PLC0415 - for tests/real alone

    with azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real server of PostgreSQL."""
    from postgres_server import postgres_server  # noqa: PLC0415 - for tests/real alone

    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def pooled_postgres(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The same behind a pooler that gives each transaction another connection."""
    from postgres_server import pooler  # noqa: PLC0415 - for tests/real alone

    with pooler(postgres) as before:
        yield before


@pytest.fixture(scope="session")
def statement_pooled(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The same behind a pooler that gives each statement another connection."""
    from postgres_server import pooler  # noqa: PLC0415 - for tests/real alone

    with pooler(postgres, "statement") as before:
        yield before


@pytest.fixture(scope="session")
def zoom() -> Iterator[Served]:
    """An emulator in a process of its own, whose answers take a while."""
    from served import served  # noqa: PLC0415 - for tests/real alone

    with served("--latency", "0.05") as emulator:
        yield emulator


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with what others wrote, from PyPI."""
    folder = tmp_path_factory.mktemp("others")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wanted = ROOT / "tests" / "real" / "requirements.txt"
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--requirement", wanted], check=True)
    return folder / "bin" / "python"


@pytest.fixture
def new_team(request: pytest.FixtureRequest, zoom: Served, tmp_path: Path) -> Callable[[str], Team]:
    """Makes, by name, runners that share a state in real storage, which is not there yet.

    The parameter is the fixture of the storage: S3, unless a test asks for others.
    """
    from team import Team  # noqa: PLC0415 - for tests/real alone

    kind = getattr(request, "param", "storage")
    storage = request.getfixturevalue(kind)
    return lambda name: Team(storage, zoom, tmp_path, f"{kind}-{name}")
