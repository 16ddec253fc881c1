"""Files that a verb writes where somebody named one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli import reporting

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A checkout may hold one under either name, and it may lead anywhere."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    for name in (".plan.json.tmp", "plan.json"):
        (tmp_path / name).symlink_to(victim)

    reporting.write_private_file(tmp_path / "plan.json", "planned")

    written = tmp_path / "plan.json"
    assert (victim.read_text(), written.is_symlink(), written.read_text()) == ("kept", False, "planned")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.json", "victim"]
