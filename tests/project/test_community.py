"""Files for people who come by: an editor's schema, hooks before a commit, templates."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import yaml
from paths import ROOT
from shell import ONE, RunResult

from reconciler import resources

if TYPE_CHECKING:
    from shell import Shell

ENTRIES = json.loads((ROOT / "schemas" / "schemastore.json").read_text())


def test_the_entry_for_schemastore_claims_no_file_of_other_programs(shell: Shell) -> None:
    """Only names that nobody else has; a spec with such a name is read."""
    claimed = [pattern for entry in ENTRIES for pattern in entry["fileMatch"]]
    shell.write("meetings/platform.meetings.yaml", ONE)
    theirs = ("meetings.yaml", "a/meetings/b.yaml", "meetings.yml", "reconciler.yaml")
    ours = ("meetings/platform.meetings.yaml", "ops.meetings.yml")

    fits = {name: [fnmatch(name, pattern) for pattern in claimed] for name in (*theirs, *ours)}

    assert [any(fits[name]) for name in theirs] == [False] * 4
    assert [any(fits[name]) for name in ours] == [True] * 2
    assert shell("validate") == RunResult(0, "Valid: 1 meeting in 1 file.\n", "")


def test_the_entry_for_schemastore_names_schemas_that_exist() -> None:
    names = [entry["url"].rpartition("/schemas/")[2].removesuffix(".schema.json") for entry in ENTRIES]

    assert (names, set(names) <= set(resources.schemas())) == (["meetings", "reconciler"], True)
    assert [sorted(entry) for entry in ENTRIES] == [["description", "fileMatch", "name", "url"]] * 2


def test_the_hooks_before_a_commit_run_what_make_lint_runs() -> None:
    """With the tools of `.venv`, so that a hook and CI never differ."""
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    lint = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]

    entries = [hook["entry"] for hook in repository["hooks"]]
    tools = {re.findall(r"\.venv/bin/([\w-]+)", entry)[0] for entry in entries}
    assert tools - {"python"} == set(re.findall(r"\$\(BIN\)/([\w-]+)", lint))
    assert [hook["id"] for hook in repository["hooks"] if hook["language"] != "system"] == []
