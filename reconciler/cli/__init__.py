"""The command line: streams, flags, credentials, signals and exit status.

The only package that uses click and that reads the environment. It connects the other packages and decides
nothing about meetings. Begin reading at `main`, then at the command in `commands/` that you are after.
"""
