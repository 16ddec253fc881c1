"""A folder for Terraform: one `terraform_data` a meeting, and the state of having applied most of them.

The state is written as Terraform 1.15 writes it, since an apply of 1,000 takes a minute.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAIN = """\
locals { meetings = yamldecode(file("meetings.yaml")).meetings }

resource "terraform_data" "meeting" {
  for_each = local.meetings
  input    = each.value
}
"""

KINDS = {str: "string", bool: "bool", int: "number", float: "number"}


def write(folder: Path, applied: Mapping[str, Mapping[str, Any]]) -> Path:
    """Put the configuration and the state of the meetings in `applied` into `folder`; the folder."""
    (folder / "main.tf").write_text(MAIN)
    state = {
        "version": 4,
        "terraform_version": "1.15.0",
        "serial": 1,
        "lineage": "benchmark",
        "outputs": {},
        "resources": [
            {
                "mode": "managed",
                "type": "terraform_data",
                "name": "meeting",
                "provider": 'provider["terraform.io/builtin/terraform"]',
                "instances": [instance(key, body) for key, body in sorted(applied.items())],
            }
        ],
    }
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    return folder


def instance(key: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """One recorded resource."""
    dynamic = {"value": body, "type": kind(body)}
    return {
        "index_key": key,
        "schema_version": 0,
        "attributes": {"id": key, "input": dynamic, "output": dynamic, "triggers_replace": None},
    }


def kind(value: Any) -> Any:
    """Terraform's type of a JSON value, as its state names it."""
    if isinstance(value, dict):
        return ["object", {name: kind(inner) for name, inner in value.items()}]
    if isinstance(value, list):
        return ["tuple", [kind(inner) for inner in value]]
    return KINDS[type(value)]
