"""The command `apply`, and the run that it starts under the lock.

Begin reading at `command`; `runner` connects the engine to Zoom, the store and the views.
"""
