"""The API's fields as values."""

from __future__ import annotations

from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, or list and dict of them."""
