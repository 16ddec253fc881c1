"""Address of a state in object storage, and the environment variables of each cloud.

The library reads most of a cloud's usual variables by itself (keys, tokens, regions, files of
credentials, the roles of a machine or a job). This module reads the others, and makes sure that no
secret and no state goes over plain http, except to this machine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.errors.exceptions import SettingsError
from reconciler.urls import is_loopback, is_well_formed

if TYPE_CHECKING:
    from collections.abc import Mapping


class Cloud(Struct, frozen=True):
    """One kind of object storage.

    `endpoints` are the variables that may replace the cloud's own address; the first that is set wins.
    `aliases` maps variables to the names of the library's options.
    `version` is what a conditional write names: the ETag, or Google's generation.
    `gather_seconds`: Google accepts one write a second to an object. Elsewhere a write of a large
    state takes some tenths of a second, so waiting for as long costs little and halves their number.
    """

    name: str
    endpoints: tuple[str, ...]
    aliases: Mapping[str, str]
    credentials: str
    version: str = "e_tag"
    gather_seconds: float = 0.2


CLOUDS = {
    "s3": Cloud(
        "S3",
        ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
        {
            "AWS_ACCESS_KEY_ID": "access_key_id",
            "AWS_SECRET_ACCESS_KEY": "secret_access_key",
            "AWS_SESSION_TOKEN": "session_token",
            "AWS_REGION": "region",
        },
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or a role of the machine or the job. "
        "A profile is not read: `aws configure export-credentials --format env` prints its variables.",
    ),
    "gs": Cloud(
        "Google Cloud Storage",
        ("GOOGLE_BASE_URL",),
        {},
        "GOOGLE_APPLICATION_CREDENTIALS (the file of a service account, or what "
        "`gcloud auth application-default login` wrote), or the service account of the machine.",
        version="version",
        gather_seconds=1.0,
    ),
    "az": Cloud(
        "Azure Storage",
        ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
        {"AZURE_STORAGE_ACCOUNT": "account_name", "AZURE_STORAGE_KEY": "account_key"},
        "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or "
        "AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE; "
        "or a managed identity.",
    ),
}
"""Kinds of object storage by the scheme of their addresses."""

PREFIXES = ("AWS_", "AZURE_", "GOOGLE_")
"""Beginnings of the variables that the library reads."""

WORD = r"[A-Za-z0-9_=+,@-][A-Za-z0-9._=+,@-]*"
ADDRESS = re.compile(rf"(s3|gs|az)://([A-Za-z0-9][A-Za-z0-9._-]*)/({WORD}(?:/{WORD})*)")
"""Parts of a path have only characters that a URL need not escape, and do not begin with a dot."""


class Bucket(Struct, frozen=True):
    """Address of a state: a bucket (Azure: a container) and the path of the object in it."""

    scheme: str
    name: str
    path: str

    @property
    def location(self) -> str:
        """The address as it was given; it cannot hold a secret."""
        return f"{self.scheme}://{self.name}/{self.path}"

    @property
    def cloud(self) -> Cloud:
        """The kind of storage."""
        return CLOUDS[self.scheme]


def parse(address: str) -> Bucket:
    """Parse an address. Raises `SettingsError` without showing it: it may contain a password."""
    match = ADDRESS.fullmatch(address)
    if match is None:
        scheme = address.partition(":")[0]
        raise SettingsError.of(
            "state.bad-address",
            detail=f"It must have the form {scheme}://BUCKET/PATH/NAME.json, with only letters, digits and "
            ". _ - = + , @ in its parts, and without a user, a password and a query.",
            hint=f"Write, for example, {scheme}://acme-ops/meetings.json. Credentials come from the "
            f"environment: {CLOUDS[scheme].credentials}",
        )
    return Bucket(*match.groups())


def endpoint(cloud: Cloud, environ: Mapping[str, str]) -> str | None:
    """Return the address in the environment that replaces the cloud's own. Raises `SettingsError`."""
    variable = next((name for name in cloud.endpoints if environ.get(name)), None)
    if variable is None:
        return None
    if not _is_safe(environ[variable]):
        raise SettingsError.of(
            "state.bad-address",
            detail=f"{variable} must be an https:// address without a user and a password; plain http is "
            "only allowed to this machine. Nothing was sent.",
            hint=f"Set {variable} to the address of the storage, or unset it for {cloud.name} itself.",
        )
    return environ[variable]


def _is_safe(url: str) -> bool:
    """Return whether credentials may be sent to `url`, which has none in itself."""
    if not is_well_formed(url):
        return False
    parts = urlsplit(url)
    is_private = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    return is_private and "@" not in parts.netloc


def client_options(cloud: Cloud, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the options of the library that the environment defines. Raises `SettingsError`."""
    _check_characters(cloud, environ)
    return {name: environ[variable] for variable, name in cloud.aliases.items() if environ.get(variable)}


def _check_characters(cloud: Cloud, environ: Mapping[str, str]) -> None:
    """Refuse a variable with a character that no HTTP header takes: the library would end the program."""
    for name, value in sorted(environ.items()):
        is_header = name in cloud.aliases
        if name.startswith(PREFIXES) and not (value.isprintable() and (value.isascii() or not is_header)):
            raise SettingsError.of(
                "state.credentials",
                detail=f"{name} holds a character that cannot be sent, such as a line break at its end. "
                "Nothing was sent.",
                hint=f"Set it again without the character, or unset it. {cloud.name} takes "
                f"{cloud.credentials}",
            )
