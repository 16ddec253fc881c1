"""One explanation for each diagnostic code, in the TOML files here: its summary, meaning, reason and remedy.

Begin reading at `table`.
"""
