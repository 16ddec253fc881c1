"""Validation against the JSON Schemas, with messages for people; the only package that uses jsonschema.

Begin reading at `validator`.
"""
