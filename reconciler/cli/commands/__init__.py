"""The commands, one module each, named after the command: the click command on top, its work below.

`cli.main` lists them in a table and imports one when it is called. A command with parts has a folder.
"""
