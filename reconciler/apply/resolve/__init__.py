"""Writes whose outcome is unknown: each is looked up in Zoom, and adopted, sent again or given up."""
