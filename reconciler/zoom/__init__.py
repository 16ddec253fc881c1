"""Zoom over HTTP, behind the `Remote` port. Nothing outside this package may know httpx."""
