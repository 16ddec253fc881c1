"""Validates documents against the JSON Schemas and words the findings; the only package that uses jsonschema.

Begin reading at `validator`.
"""
