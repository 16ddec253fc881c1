"""A cluster that loses a volume server during an apply: no meeting is lost, and none is created twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from seaweed import VOLUME_SERVERS, seaweed
from team import WELL, Team, ended

if TYPE_CHECKING:
    from pathlib import Path

    from served import Served

MEETINGS_PER_HOST = 12


@pytest.mark.parametrize("number", range(VOLUME_SERVERS))
def test_an_apply_survives_a_volume_server(zoom: Served, tmp_path: Path, number: int) -> None:
    """It continues, or stops with an error; the next one finishes the rest."""
    with seaweed(tmp_path / "cluster", volume_servers=VOLUME_SERVERS) as cluster:
        team = Team(cluster, zoom, tmp_path, f"cluster-{number}")
        team.declare(MEETINGS_PER_HOST)

        with team.applying() as runner:
            while not team.state()["meetings"]:
                assert runner.poll() is None
            cluster.volume_servers[number].kill()
            was_running = runner.poll() is None
            first = ended(runner)
        last = team.apply("--lock-timeout", "90s")

        assert was_running
        assert first.status in {0, 1}, first.err
        assert "Traceback" not in first.err
        assert last.status == 0, last.err
        assert (team.truth(), team.run("plan", "--detailed-exitcode").status) == (WELL, 0)
