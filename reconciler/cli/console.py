"""The console: the standard streams, the environment, prompts, and the global options."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from reconciler.errors.text import repr_without, shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


RUN_URLS = ("CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL")
"""Variables of CI systems other than GitHub with the job's URL. Source: each one's list of variables."""


ACTORS = (
    "GITHUB_TRIGGERING_ACTOR",
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
)
"""Variables of CI systems with who started the job. Source: each one's list of variables."""


class GlobalOptions(Struct, frozen=True):
    """The flags that commands share; None: not given."""

    state: str | None = None
    sandbox: bool = False
    sandbox_now: str | None = None
    no_color: bool = False
    verbose: bool = False


def takes_colour(environ: Mapping[str, str]) -> bool:
    """Return False for a terminal that has no colours, or whose user wants none. Source: no-color.org."""
    return environ.get("TERM") != "dumb" and not environ.get("NO_COLOR")


class Console(Struct, frozen=True):
    """The three standard streams and the environment variables."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]

    def __repr__(self) -> str:
        return repr_without(self, "environ")

    @property
    def is_ci(self) -> bool:
        """True where nobody watches: `CI` is set, or no stream is a terminal."""
        return self.is_runner or not any(stream.isatty() for stream in (self.stdin, self.stdout, self.stderr))

    @property
    def is_runner(self) -> bool:
        """True in a job of a CI system, going by the environment."""
        return self.environ.get("CI", "").casefold() in {"true", "1"}

    @property
    def is_github_actions(self) -> bool:
        """True in a job of GitHub Actions, going by the environment."""
        return self.environ.get("GITHUB_ACTIONS") == "true"

    @property
    def shows_progress(self) -> bool:
        """True where stderr is a terminal, outside a CI job."""
        return not self.is_ci and self.stderr.isatty()

    def colours(self, stream: TextIO, options: GlobalOptions) -> bool:
        """Return True where `stream` is a terminal and colour is not turned off."""
        return stream.isatty() and not options.no_color and takes_colour(self.environ)

    @property
    def who(self) -> str:
        """User and machine, as recorded in a lock."""
        user = self.environ.get("USER") or self.environ.get("LOGNAME") or "somebody"
        return shown_name(f"{user}@{os.uname().nodename}")

    @property
    def actor(self) -> str:
        """Who started the CI job, where its system says it; empty elsewhere."""
        return next((shown_name(self.environ[name]) for name in ACTORS if self.environ.get(name)), "")

    @property
    def commit(self) -> str:
        """The commit of the CI job, as GitHub or GitLab names it; empty elsewhere."""
        return self.environ.get("GITHUB_SHA") or self.environ.get("CI_COMMIT_SHA") or ""

    @property
    def run_url(self) -> str | None:
        """The URL of the CI job, as recorded in a lock, where its system gives one; None elsewhere."""
        if self.environ.get("GITHUB_RUN_ID"):
            server, repository = self.environ.get("GITHUB_SERVER_URL"), self.environ.get("GITHUB_REPOSITORY")
            return shown_name(f"{server}/{repository}/actions/runs/{self.environ['GITHUB_RUN_ID']}")
        return next((shown_name(self.environ[name]) for name in RUN_URLS if self.environ.get(name)), None)


Problem = str | None
"""The reason why an answer is rejected, as a sentence; None: it is accepted."""


class InputEndedError(Exception):
    """The input ended at a prompt."""


def confirm(console: Console, question: str) -> bool:
    """Ask `question`; return True only for the answer `yes`."""
    console.stderr.write(f"{question} Only `yes` is accepted: ")
    console.stderr.flush()
    return console.stdin.readline().strip() == "yes"


class Prompter(Struct, frozen=True):
    """Takes the value of a flag, else asks for it, else, where `is_asked` is False, uses the default."""

    console: Console
    is_asked: bool

    def answer(
        self, given: str | None, question: str, default: str, check: Callable[[str], Problem] = lambda _: None
    ) -> str:
        """Return an answer; one that `check` rejects is asked for again. Raises `InputEndedError`."""
        if given is not None or not self.is_asked:
            return given if given is not None else default
        while True:
            answer = self._read_line(f"{question} [{default}]: " if default else f"{question}: ") or default
            problem = check(answer)
            if problem is None:
                return answer
            self.console.stderr.write(f"  {problem}\n")

    def _read_line(self, prompt: str) -> str:
        self.console.stderr.write(prompt)
        self.console.stderr.flush()
        line = self.console.stdin.readline()
        if not line:
            raise InputEndedError
        return line.strip()
