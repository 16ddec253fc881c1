"""Turns YAML texts into a `Spec`, with a diagnostic for everything that is wrong, and back.

This package never reads a file: texts are passed in. Begin reading at `spec`.
"""
