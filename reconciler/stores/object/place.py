"""The state in object storage: one object, its lock next to it, every write on a condition.

A write names the version that it replaces (the ETag, at Google the generation), or that no object may
exist. The library's own retries are off: they hide whether an earlier attempt was sent, and a
lost answer must never be taken for a refusal.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.errors.exceptions import SettingsError
from reconciler.ports import Snapshot
from reconciler.stores import size
from reconciler.stores.errors import AbsentError, ConflictError, UnansweredError, UnreachableError
from reconciler.stores.leased.place import STATE
from reconciler.stores.leased.retry import TRY_SECONDS, repeat
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
        hint="Install meetings-reconciler[cloud], for example: pip install 'meetings-reconciler[cloud]'",
    ) from error

T = TypeVar("T")

REQUEST_SECONDS = 10.0
"""Longest that one request may take, connection and answer included."""

CONNECT_SECONDS = 4.0


def open_object(address: str, options: StoreOptions) -> LeasedStore:
    """Return the store at `s3://BUCKET/PATH`, `gs://BUCKET/PATH` or `az://CONTAINER/PATH`, unread.

    Credentials and region come from the usual variables of each cloud. Keys and region of AWS,
    `AZURE_STORAGE_ACCOUNT` and `AZURE_STORAGE_KEY` of Azure's own tools, and another endpoint
    (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT`, `GOOGLE_BASE_URL`,
    `AZURE_STORAGE_ENDPOINT`) are passed to the library. It reads the rest from the process by itself:
    the other `AWS_*` with the roles of machines and jobs, `GOOGLE_APPLICATION_CREDENTIALS` and the
    metadata server, `AZURE_*` with managed identities. Profiles of the AWS tools are not read.
    Raises `SettingsError`.
    """
    bucket = buckets.parse(address)
    client = open_client(bucket, options.environ)
    return LeasedStore(ObjectDocumentStore(bucket, client, options), options)


class ObjectDocumentStore:
    """A `DocumentStore` of two objects; every method ends within `TRY_SECONDS` and one request more."""

    def __init__(self, bucket: Bucket, client: ObjectStore, options: StoreOptions) -> None:
        self._bucket = bucket
        self._client = client
        self._options = options

    @property
    def location(self) -> str:
        """The address as it was given."""
        return self._bucket.location

    @property
    def gather_seconds(self) -> float:
        """The value of its cloud."""
        return self._bucket.cloud.gather_seconds

    def get(self, name: str) -> Snapshot | None:
        """Return the current document of that name; None if the bucket exists and has none."""
        return self._get(self._path(name))

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Replace version `replaces` and return the new version."""
        del note  # object storage has no place for it
        return self._put(self._path(name), document, replaces)

    def check(self) -> None:
        """Write an object next to the state, with true and false conditions; it must refuse the latter."""
        path = f"{self._bucket.path}.probe-{uuid.uuid4().hex}"
        version = self._put_expected(path, b"1", None)
        try:
            self._check_refused(path, b"2", None, "It created an object that already existed")
            self._put_expected(path, b"3", version)
            self._check_refused(
                path, b"4", version, "It replaced another version of an object than the one named"
            )
        finally:
            with suppress(UnansweredError, UnreachableError, AbsentError):
                self._retry(lambda: obstore.delete(self._client, path))

    def _path(self, name: str) -> str:
        return self._bucket.path if name == STATE else f"{self._bucket.path}.{name}"

    def _get(self, path: str) -> Snapshot | None:
        def read() -> Snapshot:
            result = obstore.get(self._client, path)
            size.check(result.meta["size"], self.location)
            return Snapshot(bytes(result.bytes()), self._version(result.meta))

        try:
            return self._retry(read)
        except AbsentError:
            return None

    def _put(self, path: str, document: bytes, replaces: str | None) -> str:
        mode: Any = "create" if replaces is None else {self._bucket.cloud.version: replaces}
        try:
            result = self._retry(
                lambda: obstore.put(self._client, path, document, mode=mode, use_multipart=False)
            )
        except AbsentError as error:  # the version to replace is gone
            raise ConflictError(error.diagnostic) from error
        return self._version(result)

    def _version(self, metadata: Mapping[str, Any]) -> str:
        version = metadata.get(self._bucket.cloud.version)
        if not version:
            raise conditions_ignored(self._bucket, "It gives an object no version")
        return str(version)

    def _retry(self, send: Callable[[], T]) -> T:
        """Return what `send` returns, after more attempts if the network or the storage failed."""

        def attempt() -> T:
            try:
                return send()
            except (BaseError, OSError, ValueError, RuntimeError) as error:
                raise to_state_error(error, self._bucket) from error

        return repeat(attempt, self._options)

    def _put_expected(self, path: str, document: bytes, replaces: str | None) -> str:
        try:
            return self._put(path, document, replaces)
        except ConflictError:
            current = self._get(path)  # perhaps an attempt of our own, whose answer was lost
            if current is None or current.document != document:
                raise conditions_ignored(self._bucket, "It refused a write whose condition held") from None
            return current.version

    def _check_refused(self, path: str, document: bytes, replaces: str | None, problem: str) -> None:
        try:
            self._put(path, document, replaces)
        except ConflictError:
            return
        raise conditions_ignored(self._bucket, problem)


def open_client(bucket: Bucket, environ: Mapping[str, str]) -> ObjectStore:
    """Return the library's client for `bucket`. Raises `SettingsError`."""
    endpoint = buckets.endpoint(bucket.cloud, environ)
    settings: dict[str, Any] = buckets.client_options(bucket.cloud, environ)
    config: ClientConfig = {
        "allow_http": endpoint is not None and endpoint.startswith("http:"),
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "timeout": timedelta(seconds=REQUEST_SECONDS),
    }
    once: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=TRY_SECONDS)}
    try:
        if bucket.scheme == "s3":
            settings |= {"endpoint": endpoint} if endpoint else {}
            # Delete one by one: the answer has a status, and some servers have no bulk delete.
            settings["disable_bulk_delete"] = True
            return S3Store(
                bucket.name, conditional_put="etag", client_options=config, retry_config=once, **settings
            )
        if bucket.scheme == "gs":
            settings |= {"base_url": endpoint} if endpoint else {}
            return GCSStore(bucket.name, client_options=config, retry_config=once, **settings)
        settings |= {"endpoint": endpoint} if endpoint else {}
        return AzureStore(bucket.name, client_options=config, retry_config=once, **settings)
    except (BaseError, OSError, ValueError):
        raise SettingsError.of(
            "state.credentials",
            detail=f"{bucket.location}: the environment variables of {bucket.cloud.name} are incomplete, or "
            "cannot be read. Nothing was sent.",
            hint=f"Set {bucket.cloud.credentials}",
        ) from None  # the text of the error may contain a part of a key
