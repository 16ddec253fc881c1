"""Single dates of series: skipped, changed and taken back, each exactly once.

`runner` is the place to begin: it reads, makes one durable write, sends, reads again, and makes one more
durable write. `comparison` decides what is left to do. Nothing is sent here that a durable intent does not
name.
"""
