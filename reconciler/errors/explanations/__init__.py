"""One explanation for each diagnostic code, in the TOML files here: what it means, why, and what to do.

Begin reading at `table`.
"""
