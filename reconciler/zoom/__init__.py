"""Client of Zoom's API, behind the `Remote` port. Only this package and `stores.http` use httpx.

Begin reading at `client`.
"""
