"""Stores of the state: a local file, object storage, a branch of a git remote, a server over HTTP.

A store reads and writes one document with compare-and-swap and holds a lock; it does not look into the
document. A new store is a package here and one row in `open`, which is the place to begin reading.
"""
