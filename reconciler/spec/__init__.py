"""What people declare: from YAML text to a `Spec`, with a diagnostic for everything that is wrong.

It reads no file; the texts are passed in. Begin reading at `spec`.
"""
