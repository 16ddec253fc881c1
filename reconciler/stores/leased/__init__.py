"""State and lock as two documents in shared storage, with a lock that expires.

`LeasedStore` implements the lease, the takeover and compare-and-swap on top of any `DocumentStore`:
object storage and git branches. Begin reading at `store`.
"""
