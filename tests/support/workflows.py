"""The files of CI systems in this repository: ours, and those that are ready to be copied."""

from __future__ import annotations

from paths import ROOT

ACTION = ROOT / "action.yml"
WORKFLOWS = tuple(
    sorted(
        path
        for folder in (".github/workflows", "examples/ci/github", "examples/ci/pages/github")
        for path in (ROOT / folder).glob("*.yml")
    )
)
GITLAB = tuple(sorted((ROOT / "examples/ci").rglob(".gitlab-ci.yml")))
