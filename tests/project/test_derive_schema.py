"""The derived schemas follow the field table, and the table is held against newer API documents."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest
from paths import ROOT

from reconciler import resources
from reconciler.meeting.fields import Field, table

if TYPE_CHECKING:
    from pathlib import Path


def derive(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "derive_schema.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_the_schemas_in_the_checkout_are_the_derived_ones() -> None:
    """A change of the table without deriving again is found here, and in CI by the same command."""
    answer = derive("--check")

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_a_schema_that_was_edited_by_hand_is_found(tmp_path: Path) -> None:
    derive("--into", str(tmp_path))
    (tmp_path / "meetings.schema.json").write_text("{}")

    answer = derive("--check", "--into", str(tmp_path))

    assert (answer.returncode, answer.stderr) == (
        1,
        "meetings.schema.json differs from the field table; run tools/derive_schema.py\n",
    )


def test_every_schema_is_a_draft_7_schema() -> None:
    """Draft-07 is what editors know."""
    for name in resources.schemas():
        schema = resources.document(f"{name}.schema.json")

        jsonschema.Draft7Validator.check_schema(schema)

        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_no_schema_refers_to_another_file() -> None:
    """Each must work alone, on a disk or behind an address."""
    for name in resources.schemas():
        text = resources.read(f"{name}.schema.json")

        assert text.count(b'"$ref"') == text.count(b'"$ref": "#/definitions/')


def in_schema(path: str, schema: Any) -> Any:
    """The part of the meeting's schema that speaks of a path of the table; None where none does."""
    for step in path.replace("[]", ".[]").split("."):
        schema = schema or {}
        schema = schema.get("items") if step == "[]" else schema.get("properties", {}).get(step)
    return schema


SHORT_FORMS = {"password", "start_time", "duration", "recurrence.weekly_days"}
"""Fields of which the schema takes more forms than the API."""


@pytest.mark.parametrize("path", table())
def test_the_schema_says_of_a_field_what_the_table_says(path: str) -> None:
    """Fields that only update takes are no part of what people declare."""
    field = table()[path]
    part = in_schema(path, resources.document("meetings.schema.json")["definitions"]["meeting"])

    assert (part is not None) == field.create
    assert not part or field.about in part["description"]
    assert not part or field.type in part["type"]
    assert not part or field.path in SHORT_FORMS or bounds(part) == bounds_of(field)


def bounds(part: dict[str, Any]) -> tuple[Any, ...]:
    enum = [value for value in part.get("enum", ()) if value is not None]
    names = ("minimum", "minItems", "maxItems", "maxLength", "pattern", "default")
    return (enum, *(part.get(name) for name in names))


def bounds_of(field: Field) -> tuple[Any, ...]:
    enum = list(field.enum)
    counts = (field.min_items, field.max_items, field.max_length)
    return (enum, field.minimum, *counts, field.pattern, field.default)


def test_help_says_what_it_does() -> None:
    answer = derive("--help")

    assert answer.returncode == 0
    assert "--against OPENAPI.json" in answer.stdout


def test_a_field_carries_its_meanings_into_the_editor() -> None:
    """What an editor shows for `recurrence.type`."""
    part = in_schema("recurrence.type", resources.document("meetings.schema.json")["definitions"]["meeting"])

    assert part == {
        "description": "The unit that repeats. 1 = days; 2 = weeks; 3 = months.",
        "type": ["integer", "null"],
        "enum": [1, 2, 3, None],
    }


def api_document() -> dict[str, Any]:
    """A small OpenAPI document that says of each field what the table says."""
    document: dict[str, Any] = {"components": {"schemas": {}}, "paths": {}}
    for path, method, taken in (
        ("/users/{userId}/meetings", "post", "create"),
        ("/meetings/{meetingId}", "patch", "update"),
    ):
        body = {"content": {"application/json": {"schema": api_schema("", taken)}}}
        document["paths"][path] = {method: {"requestBody": body}}
    return document


def api_schema(prefix: str, taken: str) -> dict[str, Any]:
    children = {
        path: field
        for path, field in table().items()
        if getattr(field, taken) and path.startswith(prefix) and "." not in path[len(prefix) :]
    }
    required = [field.name for field in children.values() if field.required]
    properties = {field.name: api_field(field, taken) for field in children.values()}
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def api_field(field: Field, taken: str) -> dict[str, Any]:
    facts = {
        "type": field.type,
        "enum": list(field.enum or field.elements) or None,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "minItems": field.min_items,
        "maxItems": field.max_items,
        "maxLength": field.max_length,
        "default": field.default,
    }
    schema = {name: fact for name, fact in facts.items() if fact is not None and name not in field.prose}
    if field.type == "object":
        schema |= api_schema(f"{field.path}.", taken)
    if field.type == "array":
        whole = field.items == "object"
        schema["items"] = api_schema(f"{field.path}[].", taken) if whole else {"type": field.items}
    return schema


def against(document: Any, folder: Path) -> tuple[int, str]:
    file = folder / "openapi.json"
    file.write_bytes(orjson.dumps(document))
    answer = derive("--against", str(file))
    assert answer.stderr == ""
    return answer.returncode, answer.stdout


def test_a_document_that_says_the_same_has_no_differences(tmp_path: Path) -> None:
    answer = against(api_document(), tmp_path)

    assert answer == (0, "The document agrees with the table.\n")


def test_a_newer_document_is_compared_field_by_field(tmp_path: Path) -> None:
    """What it adds, drops and changes: types, enums, bounds, defaults, and which request takes it."""
    document = api_document()
    create = document["paths"]["/users/{userId}/meetings"]["post"]["requestBody"]
    update = document["paths"]["/meetings/{meetingId}"]["patch"]["requestBody"]
    fields = create["content"]["application/json"]["schema"]["properties"]
    updated = update["content"]["application/json"]["schema"]["properties"]
    document["components"]["schemas"]["Colour"] = {"type": "string", "enum": ["red", "blue"]}
    fields["colour"] = {"allOf": [{"$ref": "#/components/schemas/Colour"}, {"default": "red"}]}
    fields["duration"]["maximum"] = 2880
    fields["type"]["enum"].append(11)
    fields["agenda"]["type"] = "integer"
    fields["pre_schedule"]["default"] = True
    fields["settings"]["properties"]["sign_language_interpretation"]["properties"]["interpreters"] |= {
        "maximum": 30
    }
    fields["recurrence"]["required"] = []
    fields["tracking_fields"]["items"]["properties"]["visible"] = {"type": "boolean"}
    del fields["template_id"], updated["template_id"], updated["topic"]
    updated["default_password"] = {"type": "boolean"}

    status, text = against(document, tmp_path)

    assert status == 1
    assert text.splitlines() == [
        '~ agenda: type "string" -> "integer"',
        '+ colour: type "string", enum ["red","blue"], default "red"',
        "~ duration: maximum 1440 -> 2880",
        "~ pre_schedule: default false -> true",
        "~ recurrence.type: required true -> none",
        "~ settings.sign_language_interpretation.interpreters: maxItems 20 -> 30",
        "- template_id",
        '+ tracking_fields[].visible: type "boolean"',
        "~ type: enum [1,2,3,8,10] -> [1,2,3,8,10,11]",
        "~ topic: update no longer takes it",
        "~ default_password: update takes it",
    ]


@pytest.mark.parametrize("content", [None, "openapi: 3.0"])
def test_a_document_that_cannot_be_read_is_told(content: str | None, tmp_path: Path) -> None:
    document = tmp_path / "openapi.yaml"
    if content is not None:
        document.write_text(content, encoding="utf-8")

    answer = derive("--against", str(document))

    assert (answer.returncode, answer.stdout) == (2, "")
    assert f"{document} cannot be read as an API document" in answer.stderr
