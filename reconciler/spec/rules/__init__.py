"""Rules for meetings that the API's documentation states in prose, beyond the JSON Schema.

Each rule is a pure function of the declared meetings. No rule depends on the current time.
Begin reading at `check`.
"""
