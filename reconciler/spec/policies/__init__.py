"""Policies: rules of a team for its meetings, each a JSON Schema in a file of its own.

It never drops a policy in silence: what cannot be checked is an error. Begin reading at `policies.py`.
"""
