"""The terminal, or what stands in its place: streams, environment, and what the common flags say."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


RUN_URLS = ("CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL")
"""Where CI systems other than GitHub tell the page of the job. Source: each one's list of variables."""


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """What the flags that every verb has say; None: not given."""

    state: str | None = None
    sandbox: bool = False
    sandbox_now: str | None = None
    no_color: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Console:
    """The three streams and what may be done with them."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str] = field(repr=False)

    @property
    def is_ci(self) -> bool:
        """Nobody watches: `CI` says so, or no stream is a terminal."""
        return self.is_runner or not any(stream.isatty() for stream in (self.stdin, self.stdout, self.stderr))

    @property
    def is_runner(self) -> bool:
        """The environment says that this is a job of a CI system."""
        return self.environ.get("CI", "").casefold() in {"true", "1"}

    @property
    def is_github_actions(self) -> bool:
        """The environment says that this is a job of GitHub Actions."""
        return self.environ.get("GITHUB_ACTIONS") == "true"

    def colours(self, stream: TextIO, choices: GlobalOptions) -> bool:
        """Whether `stream` is a terminal whose reader wants colour. Source: no-color.org."""
        return stream.isatty() and not choices.no_color and not self.environ.get("NO_COLOR")

    @property
    def who(self) -> str:
        """Who we are to whoever finds the state locked: user and machine."""
        user = self.environ.get("USER") or self.environ.get("LOGNAME") or "somebody"
        return f"{user}@{os.uname().nodename}"

    @property
    def commit(self) -> str:
        """The commit that the CI job is about, as GitHub or GitLab names it; empty elsewhere."""
        return self.environ.get("GITHUB_SHA") or self.environ.get("CI_COMMIT_SHA") or ""

    @property
    def run_url(self) -> str | None:
        """The page of the CI job that we are, where its system tells; None elsewhere."""
        if self.environ.get("GITHUB_RUN_ID"):
            server, repository = self.environ.get("GITHUB_SERVER_URL"), self.environ.get("GITHUB_REPOSITORY")
            return f"{server}/{repository}/actions/runs/{self.environ['GITHUB_RUN_ID']}"
        return next((self.environ[name] for name in RUN_URLS if self.environ.get(name)), None)


Problem = str | None
"""Why an answer cannot be taken, as a sentence; None: it can."""


class InputEndedError(Exception):
    """Whoever was asked ended the input."""


def confirm(console: Console, question: str) -> bool:
    """Whether the answer to `question` is a yes in full."""
    console.stderr.write(f"{question} Only `yes` is taken as a yes: ")
    console.stderr.flush()
    return console.stdin.readline().strip() == "yes"


@dataclass(frozen=True, slots=True)
class Prompter:
    """Takes what a flag gave, else asks, else, where nobody can be asked, the default."""

    console: Console
    is_asked: bool

    def answer(
        self, given: str | None, question: str, default: str, check: Callable[[str], Problem] = lambda _: None
    ) -> str:
        """An answer; one that cannot be taken is asked for again. Raises `UnansweredError`."""
        if given is not None or not self.is_asked:
            return given if given is not None else default
        while True:
            answer = self._line(f"{question} [{default}]: " if default else f"{question}: ") or default
            problem = check(answer)
            if problem is None:
                return answer
            self.console.stderr.write(f"  {problem}\n")

    def _line(self, prompt: str) -> str:
        self.console.stderr.write(prompt)
        self.console.stderr.flush()
        line = self.console.stdin.readline()
        if not line:
            raise InputEndedError
        return line.strip()
