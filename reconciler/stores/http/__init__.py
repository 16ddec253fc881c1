"""State behind the Terraform HTTP protocol, as GitLab serves it; uses httpx.

The server keeps the lock. Begin reading at `_store`.
"""
