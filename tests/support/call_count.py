"""How much work a function does, as the calls that it makes: no clock, so a busy machine changes nothing.

Of what one call of C does, such as a search of a long line, nothing is seen: tests of that measure time.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any


def calls_of(function: Callable[[], object]) -> int:
    """Return how many functions, of Python and of C, `function` calls, itself among them."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
    return calls
