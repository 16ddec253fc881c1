"""Meetings as code: declare, plan, apply."""

from __future__ import annotations

__version__ = "0.1.0"
