"""The trees of Python source, each made once: many rules read the same few hundred."""

from __future__ import annotations

import ast
import gc
from functools import cache


@cache
def syntax_tree(text: str) -> ast.Module:
    """The tree of a module, which the collector never looks at: it would take longer than the parser."""
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.freeze()
        gc.enable()
