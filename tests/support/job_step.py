"""A step of a GitHub workflow that runs the program in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from action_runner import outputs

if TYPE_CHECKING:
    from shell import RunResult, Shell


class Step:
    """A step of a workflow: its files, empty before each run."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._files = {name: shell.folder.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}

    def __call__(self, *arguments: str, **environ: str) -> RunResult:
        """Run our program as the step does."""
        for path in self._files.values():
            path.write_text("")
        own = {name: str(path) for name, path in self._files.items()}
        return self._shell(*arguments, GITHUB_ACTIONS="true", **own, **environ)

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs that it set."""
        return outputs(self._files["GITHUB_OUTPUT"].read_text())

    @property
    def summary(self) -> str:
        """The summary on the page of the run."""
        return self._files["GITHUB_STEP_SUMMARY"].read_text()
