"""The commands `state` and `force-unlock`: show the recorded state, and repair it.

No command here sends a request to Zoom.
"""
