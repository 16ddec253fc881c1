"""What git says of addresses that it cannot use, without their passwords."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.stores.git import _command as commands

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("hunter2", "pa77", "ss88", "a1b2", "c3d4")


def said(folder: Path, remote: str, **environ: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    known = commands.environment({**plain, **environ}, [("remote.origin.url", remote)])
    return commands.first_line(commands.run("ls-remote", remote, folder=folder, environ=known).errors)


@pytest.mark.parametrize(
    "remote",
    [
        "http://u:hunter2@127.0.0.1:1/x",
        "http://u:a1b2@c3d4@127.0.0.1:1/x",
        "http://u:pa77/ss88@127.0.0.1:1/x",
        "http://u:pa77?ss88@127.0.0.1:1/x",
        "http://u:pa77#ss88@127.0.0.1:1/x",
        "nosuch://u:pa77:ss88@127.0.0.1:1/x",
    ],
)
def test_no_password_of_a_remote_is_shown(tmp_path: Path, remote: str) -> None:
    """Git and curl take such an address apart in their own ways."""
    shown = said(tmp_path, remote)

    assert shown
    assert [part for part in PARTS if part in shown] == []


@pytest.mark.parametrize(
    "proxy",
    ["u:hunter2", "http://u:hunter2", "http://u:pa77/ss88@127.0.0.1:1", "http://u:a1b2@c3d4@127.0.0.1:1"],
)
@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_no_password_of_a_proxy_is_shown(tmp_path: Path, proxy: str, variable: str) -> None:
    shown = said(tmp_path, "https://127.0.0.1:1/x", **{variable: proxy})

    assert shown
    assert [part for part in PARTS if part in shown] == []
