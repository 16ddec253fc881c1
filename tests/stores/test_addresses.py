"""The table of stores is what every message and every rule about an address is made of."""

from __future__ import annotations

import pytest

from reconciler import urls
from reconciler.stores.git import _command as git


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("reconciler.state.json", (False, False)),
        ("git:states", (False, False)),
        ("s3://bucket/state.json", (False, True)),
        ("https://example.com/state", (True, True)),
        ("HTTP://localhost/state", (True, False)),
        ("postgres://db/ops", (True, False)),
        ("postgresql://db/ops", (True, False)),
        ("redis://db/ops", (False, False)),
    ],
)
def test_the_scheme_decides_how_an_address_is_treated(address: str, expected: tuple[bool, bool]) -> None:
    """Private in any case of the letters, since somebody may mean it; served as a location is written."""
    assert (urls.is_private(address), urls.is_served(address)) == expected


def test_a_hint_names_every_kind() -> None:
    assert urls.forms() == (
        "a path such as reconciler.state.json, s3://BUCKET/NAME, gs://BUCKET/NAME, az://CONTAINER/NAME, "
        "postgres://HOST/DATABASE, git:BRANCH, git:REMOTE:BRANCH, or an https:// address"
    )


def test_git_inherits_no_credentials_of_a_store() -> None:
    environ = {
        "AWS_SECRET_ACCESS_KEY": "x",
        "AZURE_CLIENT_SECRET": "x",
        "ARM_CLIENT_SECRET": "x",
        "GOOGLE_APPLICATION_CREDENTIALS": "x",
        "TF_HTTP_PASSWORD": "x",
        "PGPASSWORD": "x",
        "PGSSLKEY": "x",
        "RECONCILER_STATE": "postgres://ann:x@db/ops",
        "HOME": "/h",
    }

    known = git.environment(environ)

    assert sorted(set(known) & set(environ)) == ["HOME"]
