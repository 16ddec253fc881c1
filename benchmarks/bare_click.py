"""The least that a click program can be: what `--help` is held against."""

from __future__ import annotations

import click


@click.group()
@click.version_option("0")
def main() -> None:
    """Do nothing, in groups."""


@main.command()
@click.argument("name")
def greet(name: str) -> None:
    """Say a name."""
    click.echo(name)


if __name__ == "__main__":
    main()
