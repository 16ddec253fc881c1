"""Folders of the project that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""

CASES = ROOT / "tests" / "cases"
"""Specs with the findings, plans and documents that they give."""
