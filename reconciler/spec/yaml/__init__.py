"""Reads YAML text as JSON values with positions, and writes it; the only package that uses PyYAML.

Begin reading at `document`.
"""
