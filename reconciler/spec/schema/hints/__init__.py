"""Hints for what people write in another form than the spec's: pure functions from a value to a sentence."""
