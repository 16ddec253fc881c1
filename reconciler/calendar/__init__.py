"""When meetings take place: the dates of many meetings in a window, clashes, free hosts, clock changes.

Everything here is computed from declared meetings; it never asks Zoom and never knows a plan. Begin reading
at `dates`.
"""
