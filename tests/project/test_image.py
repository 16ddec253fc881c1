"""The Dockerfile: pinned by digest, small, for a user without rights. `tests/real` runs its build."""

from __future__ import annotations

import re
from pathlib import Path

from image import copied, stages
from paths import ROOT

BASE = re.compile(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}( AS \w+)?")
RUNS = [rest for stage in stages() for name, rest in stage if name == "RUN"]


def test_every_base_is_one_image_that_is_named_by_its_digest() -> None:
    bases = [stage[0][1] for stage in stages()]

    assert [each for each in bases if not BASE.fullmatch(each)] == []
    assert len({each.partition(" ")[0] for each in bases}) == 1


def test_the_program_runs_as_a_number_that_is_not_root() -> None:
    """By number, so that a cluster can check it; nothing is written after that."""
    names = [name for name, _ in stages()[-1]]
    (user,) = [rest for name, rest in stages()[-1] if name == "USER"]

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert set(names[names.index("USER") :]) == {"USER", "ENTRYPOINT", "CMD"}


def test_it_has_no_instruction_that_fetches_or_guesses() -> None:
    """No ADD, which unpacks and downloads; no shell between the program and its signals."""
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"}
    instructions = [each for stage in stages() for each in stage]

    assert {name for name, _ in instructions} <= known
    assert [rest for name, rest in instructions if name in {"ENTRYPOINT", "CMD"} and rest[0] != "["] == []
    assert [rest for name, rest in instructions if name == "WORKDIR" and rest[0] != "/"] == []


def test_packages_of_the_system_bring_nothing_else() -> None:
    """Their versions are those of the base's release: the base is what is pinned."""
    (installs,) = [run for run in RUNS if "apt-get" in run]

    assert installs == (
        "apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*"
    )


def test_only_what_the_installation_needs_is_copied() -> None:
    files = {str(path.relative_to(ROOT)) for path in copied()}
    tops = {Path(each).parts[0] for each in files}

    assert tops == {
        *("LICENSE", "README.md", "ci", "docs", "examples", "pyproject.toml"),
        *("reconciler", "requirements", "schemas"),
    }
    assert {each for each in files if each.startswith(("ci/", "docs/", "requirements/"))} == {
        *("ci/install.sh", "docs/reconciler.1", "requirements/action.txt"),
    }
    assert [each for each in files if "__pycache__" in each] == []
