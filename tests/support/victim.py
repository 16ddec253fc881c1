"""A fork of this process that is killed by SIGKILL at a chosen system call or request.

A touch of the outside is a step of writing the state, a change of the lock, or a request. The fork dies
before it; after a file operation is before the next one. A request has a touch after it too, since a write
may be under way at the same time.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
from msgspec import Struct

from reconciler.cli.main import run
from reconciler.stores.git.place import GitDocumentStore
from reconciler.stores.object.place import ObjectDocumentStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

TOUCHES: tuple[tuple[Any, str], ...] = (
    (os, "open"),
    (os, "fsync"),
    (os, "link"),
    (os, "unlink"),
    (os, "replace"),
    (fcntl, "flock"),
)
"""The functions of the standard library that change files."""

STORE_CALLS: tuple[tuple[Any, str], ...] = (
    (ObjectDocumentStore, "get"),
    (ObjectDocumentStore, "put"),
    (GitDocumentStore, "get"),
    (GitDocumentStore, "put"),
    (psycopg.Connection, "execute"),
    (httpx.HTTPTransport, "handle_request"),
)
"""What a store asks of a server: it dies before the question, and after the answer."""


class ForkResult(Struct, frozen=True):
    """The end of a fork: its exit status, or None where it was killed at the touch `place`."""

    status: int | None
    output: str
    place: str = ""


class Death:
    """Kills this process at the n-th touch; never where n is 0."""

    def __init__(self, nth: int, place_file: Path) -> None:
        self._left = nth
        self._place_file = place_file

    def touch(self, place: str) -> None:
        """Count one touch, and die if it is the n-th."""
        self._left -= 1
        if self._left == 0:
            self._place_file.write_text(place)
            os.kill(os.getpid(), signal.SIGKILL)


Patch = Callable[[], None]


def nothing() -> None:
    """Leave the program as it is."""


@contextmanager
def started(
    folder: Path, arguments: Sequence[str], environ: Mapping[str, str], patch: Patch = nothing
) -> Iterator[int]:
    """Start a fork that runs the program without output; yield its process id."""
    null = os.open(os.devnull, os.O_WRONLY)
    child = _fork(folder, arguments, environ, null, patch)
    os.close(null)
    try:
        yield child
    finally:
        os.waitpid(child, 0)


def in_fork(
    folder: Path,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    dies_at: int = 0,
    patch: Patch = nothing,
) -> ForkResult:
    """Run the program in a fork of this process, in `folder`; it dies at the touch `dies_at`."""
    place_file = folder.parent / "place"
    place_file.write_text("")

    def prepare() -> None:
        patch()
        if dies_at:
            _arm(Death(dies_at, place_file))

    reading, writing = os.pipe()
    child = _fork(folder, arguments, environ, writing, prepare)
    os.close(writing)
    with os.fdopen(reading) as stream:
        output = stream.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return ForkResult(None if code == -signal.SIGKILL else code, output, place_file.read_text())


def _fork(
    folder: Path, arguments: Sequence[str], environ: Mapping[str, str], output: int, prepare: Patch
) -> int:
    child = os.fork()
    if child:
        return child
    status = 70
    gc.freeze()  # a collection here would copy all that the tests hold, page by page
    try:
        sys.stdout = sys.stderr = open(output, "w")  # noqa: SIM115 - of the fork, to its end
        os.chdir(folder)
        os.environ.update(environ)
        prepare()
        status = run(arguments)
    finally:  # the child never returns into the tests
        sys.stdout.flush()
        os._exit(status)


def _arm(death: Death) -> None:
    for module, name in TOUCHES:
        setattr(module, name, _deadly(getattr(module, name), name, death))
    for store, name in STORE_CALLS:
        setattr(store, name, _deadly_call(getattr(store, name), name, death))
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def sent(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        place = f"{request.method} {request.url.path}"
        death.touch(f"before {place}")
        response = await send(transport, request)
        death.touch(f"after {place}")
        return response

    httpx.AsyncHTTPTransport.handle_async_request = sent  # type: ignore[assignment, method-assign]  # - where requests leave


def _deadly_call(call: Any, name: str, death: Death) -> Any:
    def touched(store: Any, *arguments: Any, **options: Any) -> Any:
        what = getattr(arguments[0], "method", arguments[0])  # a request, the name of a document, a statement
        death.touch(f"before {name} {what}")
        answer = call(store, *arguments, **options)
        death.touch(f"after {name} {what}")
        return answer

    return touched


def _deadly(call: Any, name: str, death: Death) -> Any:
    def touched(*arguments: Any, **options: Any) -> Any:
        death.touch(f"before {name} {arguments[0]}")
        return call(*arguments, **options)

    return touched
