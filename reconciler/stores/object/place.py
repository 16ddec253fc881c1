"""The state in object storage: one object, its lock beside it, every write on a condition.

A write names what it replaces (the ETag, at Google the generation) or that nothing may be
there. The library's own retries are off: it would not tell whether an attempt before the
last one had left, and a lost answer must never be taken for a refusal.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.ports import Snapshot
from reconciler.stores.errors import AbsentError, ConflictError, UnansweredError, UnreachableError
from reconciler.stores.leased.place import STATE
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.object import _bucket as buckets
from reconciler.stores.object._errors import conditions_ignored, to_state_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from obstore.store import ClientConfig, ObjectStore, RetryConfig

    from reconciler.stores.object._bucket import Bucket
    from reconciler.stores.options import StoreOptions


try:
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import AzureStore, GCSStore, S3Store
except ModuleNotFoundError as error:
    raise SettingsError.of(
        "state.no-cloud",
        detail="The part for s3://, gs:// and az:// is optional, and is not installed. Nothing was sent.",
        hint="Install meetings-reconciler[cloud], for one: pip install 'meetings-reconciler[cloud]'",
    ) from error

Given = TypeVar("Given")

REQUEST_SECONDS = 10.0
"""Longest that one request may take, connection and answer included."""

CONNECT_SECONDS = 4.0

TRY_SECONDS = 10.0
"""No attempt begins later than this: so nothing here takes half as long as a lease."""

PAUSES_SECONDS = (0.2, 0.6, 1.5, 3.0)
"""Waits between the attempts."""


def open_object(address: str, surroundings: StoreOptions) -> LeasedStore:
    """The store at `s3://BUCKET/PATH`, `gs://BUCKET/PATH` or `az://CONTAINER/PATH`; nothing is asked yet.

    Credentials and region come from the usual variables of each cloud. Keys and region of AWS, what
    Azure's own tools call `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_KEY`, and another endpoint
    (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT`, `GOOGLE_BASE_URL`,
    `AZURE_STORAGE_ENDPOINT`) are handed to the library. The rest it reads from the process by itself:
    the other `AWS_*` with the roles of machines and jobs, `GOOGLE_APPLICATION_CREDENTIALS` and the
    metadata server, `AZURE_*` with managed identities. Profiles of the AWS tools are not read.
    Raises `SettingsError`.
    """
    bucket = buckets.parse(address)
    return LeasedStore(ObjectPlace(bucket, _opened(bucket, surroundings.environ), surroundings), surroundings)


class ObjectPlace:
    """A `Place` of two objects; every method ends within `TRY_SECONDS` and one request more."""

    def __init__(self, bucket: Bucket, objects: ObjectStore, surroundings: StoreOptions) -> None:
        self._bucket = bucket
        self._objects = objects
        self._clock = surroundings.clock
        self._wait = surroundings.wait

    @property
    def location(self) -> str:
        """The address as it was given."""
        return self._bucket.location

    @property
    def gather_seconds(self) -> float:
        """What its cloud asks for."""
        return self._bucket.cloud.gather_seconds

    def get(self, name: str) -> Snapshot | None:
        """The newest document of that name; None where the bucket is there and has none."""
        return self._got(self._path(name))

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Write it in the place of version `replaces`; the new version."""
        del note  # an object has no history that people read
        return self._put(self._path(name), document, replaces)

    def check(self) -> None:
        """Write an object beside the state, rightly and wrongly: what is wrong must be refused."""
        path = f"{self._bucket.path}.probe-{uuid.uuid4().hex}"
        version = self._put_surely(path, b"1", None)
        try:
            self._refuses(path, b"2", None, "It created an object where one stood")
            self._put_surely(path, b"3", version)
            self._refuses(path, b"4", version, "It replaced another version of an object than the one named")
        finally:
            with suppress(UnansweredError, UnreachableError, AbsentError):
                self._insist(lambda: obstore.delete(self._objects, path))

    def _path(self, name: str) -> str:
        return self._bucket.path if name == STATE else f"{self._bucket.path}.{name}"

    def _got(self, path: str) -> Snapshot | None:
        def read() -> Snapshot:
            answer = obstore.get(self._objects, path)
            return Snapshot(bytes(answer.bytes()), self._version(answer.meta))

        try:
            return self._insist(read)
        except AbsentError:
            return None

    def _put(self, path: str, document: bytes, replaces: str | None) -> str:
        mode: Any = "create" if replaces is None else {self._bucket.cloud.version: replaces}
        try:
            answer = self._insist(
                lambda: obstore.put(self._objects, path, document, mode=mode, use_multipart=False)
            )
        except AbsentError as error:  # it was to be replaced, and is gone
            raise ConflictError(error.diagnostic) from error
        return self._version(answer)

    def _version(self, told: Mapping[str, Any]) -> str:
        version = told.get(self._bucket.cloud.version)
        if not version:
            raise conditions_ignored(self._bucket, "It gives an object no version")
        return str(version)

    def _insist(self, ask: Callable[[], Given]) -> Given:
        """What `ask` gives; asked again where the network or the storage failed.

        An attempt that may have happened is never forgotten over one that did not.
        """
        began_at = self._clock.monotonic()
        doubt: StateError | None = None
        for pause_seconds in (*PAUSES_SECONDS, None):
            verdict = self._verdict(ask)
            if not isinstance(verdict, StateError):
                return verdict[0]
            if isinstance(verdict, UnansweredError):
                doubt = verdict
            elif not isinstance(verdict, UnreachableError):
                break
            if pause_seconds is None or self._clock.monotonic() - began_at >= TRY_SECONDS:
                break
            self._wait(pause_seconds)
        assert isinstance(verdict, StateError)
        raise verdict if doubt is None or isinstance(verdict, ConflictError | AbsentError) else doubt

    def _verdict(self, ask: Callable[[], Given]) -> tuple[Given] | StateError:
        try:
            return (ask(),)
        except (BaseError, OSError, ValueError, RuntimeError) as error:
            return to_state_error(error, self._bucket)

    def _put_surely(self, path: str, document: bytes, replaces: str | None) -> str:
        try:
            return self._put(path, document, replaces)
        except ConflictError:
            stands = self._got(path)  # perhaps an attempt of our own, whose answer was lost
            if stands is None or stands.document != document:
                raise conditions_ignored(self._bucket, "It refused a write whose condition held") from None
            return stands.version

    def _refuses(self, path: str, document: bytes, replaces: str | None, found: str) -> None:
        try:
            self._put(path, document, replaces)
        except ConflictError:
            return
        raise conditions_ignored(self._bucket, found)


def _opened(bucket: Bucket, environ: Mapping[str, str]) -> ObjectStore:
    endpoint = buckets.endpoint(bucket.cloud, environ)
    settings: dict[str, Any] = buckets.client_options(bucket.cloud, environ)
    client: ClientConfig = {
        "allow_http": endpoint is not None and endpoint.startswith("http:"),
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "timeout": timedelta(seconds=REQUEST_SECONDS),
    }
    once: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=TRY_SECONDS)}
    try:
        if bucket.scheme == "s3":
            settings |= {"endpoint": endpoint} if endpoint else {}
            settings["disable_bulk_delete"] = (
                True  # one by one: an answer with a status, and others know no bulk
            )
            return S3Store(
                bucket.name, conditional_put="etag", client_options=client, retry_config=once, **settings
            )
        if bucket.scheme == "gs":
            settings |= {"base_url": endpoint} if endpoint else {}
            return GCSStore(bucket.name, client_options=client, retry_config=once, **settings)
        settings |= {"endpoint": endpoint} if endpoint else {}
        return AzureStore(bucket.name, client_options=client, retry_config=once, **settings)
    except (BaseError, OSError, ValueError):
        raise _unusable(bucket) from None  # their words may hold a part of a key


def _unusable(bucket: Bucket) -> SettingsError:
    return SettingsError(
        Diagnostic(
            code="state.credentials",
            detail=f"{bucket.location}: the environment variables of {bucket.cloud.name} are incomplete, or "
            "cannot be read. Nothing was sent.",
            hint=f"Set {bucket.cloud.credentials}",
        )
    )
