"""The output files that a flag names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.cli import reporting
from reconciler.errors.exceptions import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", [".plan.json.tmp", "plan.json"])
def test_nothing_is_written_through_a_link(name: str, tmp_path: Path) -> None:
    """A checkout may hold one under either name, and it may lead anywhere."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / name).symlink_to(victim)

    with pytest.raises(SettingsError, match="it is a link, and nothing is written through links"):
        reporting.write_private_file(tmp_path / "plan.json", "planned")

    assert (victim.read_text(), sorted(path.name for path in tmp_path.iterdir())) == (
        "kept",
        sorted([name, "victim"]),
    )
