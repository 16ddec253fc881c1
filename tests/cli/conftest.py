from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pasting import SECOND, PastingTeam

if TYPE_CHECKING:
    from shell import Shell


@pytest.fixture
def team(shell: Shell) -> PastingTeam:
    """Two meetings, applied."""
    team = PastingTeam(shell)
    team.declare(a={}, b=SECOND)
    assert team.apply().status == 0
    return team
