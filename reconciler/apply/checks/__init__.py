"""Checks of an apply before it sends: they ask Zoom, and leave out or turn what it would refuse."""
