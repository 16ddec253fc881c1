"""Rules for meetings beyond the JSON Schema: what the API's documentation says in prose.

Each rule is a pure function of what is declared. It never depends on the current time.
Begin reading at `check`.
"""
