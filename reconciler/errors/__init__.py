"""Diagnostics, the exceptions that carry them, and text that is safe to show.

`explanations/` has one entry for each diagnostic code. Begin reading at `diagnostic`.
"""
