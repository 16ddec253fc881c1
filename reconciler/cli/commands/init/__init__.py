"""`init`: a first spec and, on request, a settings file and a CI workflow.

It never overwrites a file.
"""
