"""State on a branch of the specs' git remote; the only package that runs git.

A push that is not a fast-forward is refused, which makes it a compare-and-swap. Begin reading at `place`.
"""
