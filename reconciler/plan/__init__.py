"""Declared against recorded: what would be done, in which order and on which day.

Pure: it makes no request, and a plan is a value. The only package that uses deepdiff.
Begin reading at `plan`.
"""
