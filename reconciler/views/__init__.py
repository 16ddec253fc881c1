"""Results rendered in a format: text, JSON, Markdown, SARIF and others.

A view takes values and a `TextStyle` and returns text. It decides nothing and reads no file or clock.
Begin reading at `table`, which lists every view by result and format.
"""
