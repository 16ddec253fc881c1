"""The command `init`: a first spec and, on request, a settings file and CI workflows.

It never overwrites a file.
"""
