"""Remarks of a plan: about its steps, and about lines that change nothing or the wrong thing."""
