"""Results as JSON for programs, in the formats that the schemas describe.

A minor format version adds fields, a major one breaks.
"""
