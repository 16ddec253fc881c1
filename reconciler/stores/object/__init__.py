"""State in object storage: `s3://`, `gs://` and `az://`; the only package that uses obstore.

Begin reading at `place`.
"""
