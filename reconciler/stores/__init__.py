"""The places where a state can be kept: a file, object storage, a git branch, an HTTP server.

A store reads and writes one document with compare-and-swap and holds a lock; it does not look into the
document. A new store is a package here and one row in `open`, where to begin reading.
"""
