"""YAML as JSON values with positions, and back; the only package that uses PyYAML.

Begin reading at `document`.
"""
