"""What a process with the emulator does; it imports no more than that, since many tests start one."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from reconciler.sandbox.__main__ import main

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def serve(arguments: tuple[str, ...], printed: Connection) -> None:
    """Serve until killed, as `python -m reconciler.sandbox` does; what it prints goes to `printed`."""
    with os.fdopen(os.dup(printed.fileno()), "w") as sys.stdout:
        main([*arguments])
