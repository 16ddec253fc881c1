from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors.diagnostic import Position, Span, UnlocatedDiagnostic
from reconciler.spec.yaml import _events as events
from reconciler.spec.yaml import document
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.locator import Locator
from reconciler.views.text import diagnostics as text_diagnostics

if TYPE_CHECKING:
    from reconciler.errors.diagnostic import Diagnostic

FEW = settings(max_examples=60, deadline=None)


def value(text: str) -> Any:
    parsed = document.parse(Source("spec.yaml", text.encode()))
    assert parsed.is_sound
    return parsed.value


def problems(text: str | bytes) -> tuple[Diagnostic, ...]:
    content = text if isinstance(text, bytes) else text.encode()
    return Locator(document.parse(Source("spec.yaml", content))).syntax_diagnostics()


def places(text: str | bytes) -> list[tuple[str, int, int]]:
    """(code, line, column) of everything wrong with a text."""
    return [(each.code, each.span.start.line, each.span.start.column) for each in problems(text) if each.span]


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "yes",
        "on",
        "~",
        "0730",
        "012345",
        "10:30",
        "22:00",
        "1_000",
        "0x1F",
        "0o17",
        ".5",
        "5.",
        "+1",
        "2027-01-11",
        "2027-01-11T10:00:00Z",
        ".inf",
        "NaN",
        "True",
        "NULL",
        "1e",
        "--1",
        "1 2",
    ],
)
def test_a_scalar_that_is_not_json_stays_text(text: str) -> None:
    """`10:30` is not 630, `NO` is not false, a timestamp is not a date."""
    assert value(f"key: {text}\n") == {"key": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("1.5", 1.5),
        ("6e1", 60),
        ("1E-2", 0.01),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_a_json_scalar_has_its_json_value(text: str, expected: Any) -> None:
    found = value(f"key: {text}\n")["key"]

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("quoted", ['"5"', "'5'", "|-\n  5", '"true"', "'null'"])
def test_a_quoted_scalar_is_text(quoted: str) -> None:
    assert isinstance(value(f"key: {quoted}\n")["key"], str)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "18446744073709551616", "9" * 5000])
def test_a_number_that_is_too_large_is_an_error(number: str) -> None:
    assert places(f"key: {number}\n") == [("yaml.number", 1, 6)]


def test_an_alias_repeats_a_value() -> None:
    assert value("a: &x {b: [1, &y two]}\nc: *x\nd: *y\n") == {
        "a": {"b": [1, "two"]},
        "c": {"b": [1, "two"]},
        "d": "two",
    }


def test_an_anchor_on_a_key_names_the_key() -> None:
    assert value("&k key: 1\nother: *k\n") == {"key": 1, "other": "key"}


def test_every_duplicate_key_is_reported_with_both_lines() -> None:
    found = problems("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n")

    assert [(each.detail, each.span and each.span.start) for each in found] == [
        ("Line 3 already has the key `c`.", Position(5, 3)),
        ("Line 1 already has the key `a`.", Position(6, 1)),
    ]


@pytest.mark.parametrize("alike", ["a: 1\n'a': 2\n", '{a: 1, "a": 2}', '"\\x61": 1\na: 2\n'])
def test_a_duplicate_key_is_found_in_any_notation(alike: str) -> None:
    assert [each.code for each in problems(alike)] == ["yaml.duplicate-key"]


@pytest.mark.parametrize("tagged", ["!!str x", "!own x", "! x", "!<tag:x> x", "!!map {}", "!!set {a, b}"])
def test_every_tag_is_an_error(tagged: str) -> None:
    assert places(f"key: {tagged}\n") == [("yaml.tag", 1, 6)]


@pytest.mark.parametrize("key", ["2027", "true", "null", "-1.5e3", "9" * 30, "''  : 1\n? ", "[a]", "{a: b}"])
def test_a_key_that_is_not_text_is_an_error(key: str) -> None:
    assert {code for code, _, _ in places(f"? {key}\n: 1\n")} == {"yaml.key"}


def test_a_quoted_key_may_look_like_a_number() -> None:
    assert value('"2027": 1\n"true": 2\n"<<": 3\n"": 4\n') == {"2027": 1, "true": 2, "<<": 3, "": 4}


def test_a_plain_key_is_checked_after_the_same_key_in_quotes() -> None:
    assert places('- {"2027": 1}\n- {2027: 1}\n') == [("yaml.key", 2, 4)]


def test_an_alias_as_a_key_is_an_error() -> None:
    assert places("a: &k b\n*k : 1\n") == [("yaml.key", 2, 1)]


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2\n", "a\n---\n", "--- a\n--- b\n--- c\n"])
def test_a_second_document_is_an_error(text: str) -> None:
    assert [code for code, _, _ in places(text)] == ["yaml.document"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n...\n"])
def test_a_text_without_a_value_is_null(text: str) -> None:
    assert value(text) is None


def test_an_alias_inside_its_own_value_is_an_error() -> None:
    assert places("a: &x [1, *x]\n") == [("yaml.alias", 1, 11)]


def test_aliases_that_grow_without_bound_are_an_error() -> None:
    """A text of one kilobyte would have 10^12 values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 13)]

    assert [code for code, _, _ in places("\n".join(lines))] == ["yaml.values"]


def test_aliases_that_deepen_without_bound_are_an_error() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [[[[[*a{n - 1}]]]]]" for n in range(1, 20)]

    assert [code for code, _, _ in places("\n".join(lines))] == ["yaml.depth"]


@pytest.mark.no_cover
def test_more_fields_than_anybody_writes_are_an_error() -> None:
    """Keys of meetings do not count: a file may have many."""
    fields = "".join(f"  k{number}: 1\n" for number in range(60_000))
    meetings = "".join(f"  m{number}: {{topic: x}}\n" for number in range(120_000))

    assert places(f"meetings:\n{meetings}a:\n  b:\n{fields.replace('  k', '    k')}") == []
    assert places(f"a:\n b:\n{fields}c:\n d:\n{fields.replace('k', 'l')}") == [("yaml.values", 100003, 3)]


@pytest.mark.no_cover
def test_a_key_that_is_written_again_and_again_ends_the_reading() -> None:
    found = places("a:\n" + "  b: 1\n" * 100_002)

    assert ("yaml.values", 100_003, 3) in found


def test_a_secret_alias_bomb_is_reported_quickly() -> None:
    """Each value behind an alias is hidden once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]

    assert [code for code, _, _ in places("\n".join([*lines, "password: *a29"]))] == ["yaml.values"]


def test_too_many_levels_are_an_error() -> None:
    assert [code for code, _, _ in places("[" * 61 + "]" * 61)] == ["yaml.depth"]
    assert [code for code, _, _ in places("[" * 60 + "]" * 60)] == []


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: b: c\n", 1, 5),
        ("a:\n\t- x\n", 2, 1),
        ("a: 1\n\tb: 2\n", 2, 1),
        ("a: [1, 2\nb: 3\n", 2, 2),
        ("x: 1\na: 'open\nb: 1\n", 2, 4),
        ("a: [\n\n\n", 1, 4),
        ("a: {b: 1\n", 1, 4),
        ("a:\n  b: 1\n c: 2\n", 3, 2),
        ("a: @x\n", 1, 4),
        ("- a\nb: 1\n", 2, 1),
        ('a: "\\q"\n', 1, 5),
        ("a: - b\n", 1, 4),
        ("a: ]\n", 1, 4),
        ("a: !x!y z\n", 1, 4),
        ("a: ü\x07\n", 1, 5),
        ("\x00", 1, 1),
        ("%YAML 3.0\n---\na: 1\n", 1, 1),
        ("a: 1\nb\n", 2, 1),
    ],
)
def test_a_syntax_error_is_reported_at_its_place(text: str, line: int, column: int) -> None:
    assert places(text) == [("yaml.syntax", line, column)]


CLOSED = "A bracket is not closed. It was opened in line 1, column 4."
SECOND = "A second `: ` is in one field."
SECOND_HINT = "Put a comma between two fields, and quotes around a value that contains `: `."
ABOVE = "Write a space after the `:` of the line above: `key: value`."
INDENT = "Check the indentation of this line and the one above. A value that contains `: ` needs quotes."
KEY = "Write `key: value`, or indent the line so that it belongs to the value above."


@pytest.mark.parametrize(
    ("text", "place", "detail", "hint"),
    [
        ("a: {b: c: d, e: 1}\n", (1, 9), SECOND, SECOND_HINT),
        ("a: {b: c d: 1}\n", (1, 11), SECOND, SECOND_HINT),
        ("a: {e: 1,\n  b: {c: 1} d: 2}\n", (2, 13), CLOSED, "Close it, and put commas between its items."),
        ("a: {b: c\nd: 1\n", (2, 2), CLOSED, "Close it, and put commas between its items."),
        ("a:1\nb: 2\n", (2, 2), "A `:` is not allowed here.", ABOVE),
        ("a: 1\n  b: 2\n", (2, 4), "A `:` is not allowed here.", INDENT),
        ("a: x\n  https://b.example\n  c: 2\n", (3, 4), "A `:` is not allowed here.", INDENT),
        ("a: 1\nb:2\nc: 3\n", (2, 1), "A space after a `:` is missing.", KEY),
        ("a: 1\nb\nc: 3\n", (2, 1), "A `:` is missing.", KEY),
    ],
)
def test_a_syntax_error_about_a_colon_says_what_is_wrong(
    text: str, place: tuple[int, int], detail: str, hint: str
) -> None:
    """A bracket that is closed, and a colon that is there, are not said to be missing."""
    (found,) = Locator(document.parse(Source("spec.yaml", text.encode()))).syntax_diagnostics()

    assert found.span is not None
    start = found.span.start
    assert ((start.line, start.column), found.detail, found.hint) == (place, detail, hint)


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"a: \xff\n", 1, 4),
        ("ü: 1\nb: x".encode() + b"\xe4", 2, 5),
        (b"\xef\xbb\xbfa: \xff\n", 1, 4),
    ],
)
def test_bytes_that_are_not_utf_8_are_reported_at_their_place(content: bytes, line: int, column: int) -> None:
    assert places(content) == [("yaml.encoding", line, column)]


def test_a_byte_that_is_not_utf_8_is_named_after_a_byte_order_mark() -> None:
    """The detail names the byte at the place, and not one before it."""
    parsed = document.parse(Source("spec.yaml", b"\xef\xbb\xbfa: \xff\n"))

    (diagnostic,) = Locator(parsed).syntax_diagnostics()

    assert diagnostic.detail == "Byte 0xFF is not valid here."


@pytest.mark.parametrize("character", ["\r", "\x85", "\u2028", "\u2029"])
def test_what_ends_a_line_for_yaml_alone_is_an_error_at_its_place(character: str) -> None:
    """A reviewer sees one line, a comment; YAML would read a field in the rest of it."""
    text = f"version: 1\r\nmeetings:\n  a:\n    topic: A  # harmless{character}    host: evil@example.com\n"

    (found,) = problems(text)

    assert (found.code, found.span) == (
        "yaml.line-break",
        Span("spec.yaml", Position(4, 25), Position(4, 26)),
    )
    assert f"U+{ord(character):04X}" in found.detail
    assert document.parse(Source("spec.yaml", text.encode())).value is None


def test_each_such_line_break_is_reported_and_their_number_is_bounded() -> None:
    assert places("a: '\u2028'\nb: \"\x85\"\n") == [("yaml.line-break", 1, 5), ("yaml.line-break", 2, 5)]
    assert len(problems("a: 1 #" + "\u2028" * 5_000)) == document.PROBLEMS_MAX


@pytest.mark.parametrize("text", ['a: "\\u2028\\x85"\n', "a: 1\r\nb: 2\r\n"])
def test_escapes_and_line_breaks_of_git_are_no_error(text: str) -> None:
    assert problems(text) == ()


def test_a_byte_order_mark_moves_no_column() -> None:
    assert places("\ufeff1: x\n") == [("yaml.key", 1, 1)]


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert places(b" " * (document.BYTES_MAX + 1)) == [("yaml.size", 1, 1)]


def test_the_number_of_problems_of_a_file_is_bounded() -> None:
    assert len(problems("\n".join(f"- {n}: !x y" for n in range(1000)))) == document.PROBLEMS_MAX


def test_the_collector_is_off_while_reading_and_on_after_it() -> None:
    with document.collector_off():
        assert not gc.isenabled()
        document.parse(Source("spec.yaml", b"a: 1"))
        assert not gc.isenabled()

    assert gc.isenabled()


def test_keys_of_the_two_outer_levels_keep_their_positions() -> None:
    parsed = document.parse(Source("spec.yaml", "ü: 1\nmeetings:\n  a: {b: {c: 1}}\n  d: 2\n".encode()))

    assert {path: (entry.line, entry.column) for path, entry in parsed.entries.items()} == {
        ("ü",): (0, 0),
        ("meetings",): (1, 0),
        ("meetings", "a"): (2, 2),
        ("meetings", "d"): (3, 2),
    }


NESTED = """\
# a comment
meetings:
  one:
    topic: Review
    list: [1, {deep: "x"}]
  "two":  {topic: Review,
    settings: {flow: true}}
base: &base
  inner: 5
other: *base
"""


@pytest.mark.parametrize("text", [NESTED, NESTED.replace("*base", "5").replace("&base", "")])
@pytest.mark.parametrize(
    ("path", "on_key", "expected"),
    [
        (("meetings", "one", "topic"), False, (4, 12, 18)),
        (("meetings", "one", "topic"), True, (4, 5, 10)),
        (("meetings", "one", "list", 1, "deep"), False, (5, 22, 25)),
        (("meetings", "one", "list"), False, (5, 5, 9)),
        (("meetings", "one", "absent", "more"), False, (3, 3, 6)),
        (("meetings", "one"), False, (3, 3, 6)),
        (("meetings", "two", "settings", "flow"), False, (7, 22, 26)),
        (("meetings", "two", "absent"), False, (6, 3, 8)),
        (("meetings",), False, (2, 1, 9)),
        (("absent",), False, (2, 1, 2)),
        ((), False, (2, 1, 1)),
    ],
)
def test_a_path_has_its_place(
    path: tuple[str | int, ...], on_key: int, expected: tuple[int, int, int], text: str
) -> None:
    """The place is the same in a text that is parsed in pieces and in one that is parsed whole."""
    span = Locator(document.parse(Source("spec.yaml", text.encode()))).span(path, on_key=bool(on_key))

    assert (span.start.line, span.start.column, span.end.column) == expected


def test_a_value_behind_an_alias_has_the_place_of_its_anchor() -> None:
    span = Locator(document.parse(Source("spec.yaml", NESTED.encode()))).span(("other", "inner"))

    assert span == Span("spec.yaml", Position(9, 10), Position(9, 11))


def test_an_entry_that_cannot_be_parsed_alone_is_found_in_the_whole_text() -> None:
    """The second line of a flow mapping may be indented less than its key."""
    text = "meetings: {    one: {topic: Review,\n settings: {use_pmi: 5}}, two: {}}\n"
    span = Locator(document.parse(Source("spec.yaml", text.encode()))).span(
        ("meetings", "one", "settings", "use_pmi")
    )

    assert span.start == Position(2, 22)


def snippet(text: str, *path: str | int) -> str:
    locator = Locator(document.parse(Source("spec.yaml", text.encode())))
    return locator.diagnostic(UnlocatedDiagnostic(path, "spec.test"), path).snippet or ""


def test_a_line_is_shown_with_its_caret() -> None:
    assert snippet("a:\n  b: text  \n", "a", "b") == "  b: text\n     ^^^^"


def test_a_long_line_is_cut_around_its_caret() -> None:
    line, caret = snippet(f"a: [{'x, ' * 100}here, {'y, ' * 100}]\n", "a", 100).split("\n")

    assert line == f"…, {'x, ' * 10}here, {'y, ' * 20}…"
    assert caret == f"{' ' * line.index('here')}^^^^"


def test_wide_characters_keep_the_caret_in_place() -> None:
    assert snippet("a: {会議: 1, b: 2}\n", "a", "b") == "a: {会議: 1, b: 2}\n                ^"


def test_an_invisible_character_is_shown_as_its_escape() -> None:
    assert snippet("a: x\u202ey\n", "a") == "a: x\\u202ey\n   ^^^^^^^^"


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\npassword: hunter2",
        "a: 1\npassword: 'hunter2'",
        "{a: 1, password: hunter2}",
        "{password: hunter2, a: 1}",
        "a: 1\npasscode: [hunter2, {x: hunter2}]",
        "a: 1 # the password: hunter2",
        "a: {password: {env: hunter2}}",
        "password: &p hunter2\na: *p",
        "x: &p hunter2\npassword: *p\na: *p",
        "a: https://zoom.us/j/1?pwd=hunter2#x",
        "a: https://zoom.us/j/1?x=1&zak%3Dhunter2",
        "a:\n  password: |\n    hunter2\n    hunter2",
    ],
)
def test_no_line_shows_a_secret(text: str) -> None:
    for path in (("a",), ("password",), ("a", "password"), ("x",), ("passcode",)):
        assert "hunter2" not in snippet(text, *path)


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2: x",
        "a: 1\n  password: &p hunter2",
        "  a: 1\npassword: hunter2",
        "password: 'hunter2\nb: [",
        "password: |\n  x\n hunter2: : : [\n",
        "a: {password: hunter2, b: [}",
        "password:\n  hunter2\n   hunter2: [",
        "- password: hunter2\n\t- x",
    ],
)
def test_no_secret_of_a_broken_text_is_shown(text: str) -> None:
    output = text_diagnostics.diagnostics(problems(text))

    assert "yaml.syntax" in output
    assert "hunter2" not in output


def test_a_message_does_not_repeat_a_secret() -> None:
    locator = Locator(document.parse(Source("spec.yaml", b"a:\n  password: hunter2\n")))

    found = locator.diagnostic(
        UnlocatedDiagnostic(("a",), "spec.test", "hunter2!", "not hunter2"), ("a", "b")
    )

    assert (found.detail, found.hint) == ("***!", "not ***")


@pytest.mark.parametrize(
    "text", ["a: &p hunter2\npassword: *p\n", "a:\n  password: |\n    hunter2\n    more\n"]
)
def test_a_message_does_not_repeat_a_secret_written_otherwise(text: str) -> None:
    locator = Locator(document.parse(Source("spec.yaml", text.encode())))

    found = locator.diagnostic(UnlocatedDiagnostic(("a",), "spec.test", "It is hunter2\\n"), ("a",))

    assert found.detail == "It is ***\\n"


def test_the_name_of_a_variable_is_not_masked() -> None:
    assert snippet("password: {env: REVIEW_PASSCODE, version: 1}\n", "password", "version") == (
        "password: {env: REVIEW_PASSCODE, version: 1}\n                                          ^"
    )


TEXT = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]))
"""Characters that YAML can hold unescaped; it would fold other line breaks."""


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=20,
    )


LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@FEW
@given(trees(LEAVES | NUMBERS))
def test_json_reads_back_equal(tree: Any) -> None:
    """JSON is YAML, and reads back as the same value."""
    assert value(json.dumps(tree, ensure_ascii=False)) == tree


class QuotedDumper(yaml.SafeDumper):
    """Writes every text in quotes, because YAML 1.1 and JSON differ on plain scalars."""


QuotedDumper.add_representer(str, lambda dumper, text: dumper.represent_scalar(TEXT_TAG, text, style='"'))
TEXT_TAG = "tag:yaml.org,2002:str"


@FEW
@given(trees(LEAVES))
def test_block_style_reads_back_equal(tree: Any) -> None:
    """The output of a dumper, with folded lines, complex keys and anchors, gives the same value."""
    assert value(yaml.dump(tree, Dumper=QuotedDumper, allow_unicode=True, sort_keys=False)) == tree


@FEW
@given(st.text() | st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@`#,? \t\n\r1.e\x85\u2028\ufeff\x07~")))
def test_no_text_ever_raises(text: str) -> None:
    """Each text is read, or reported with a place that exists."""
    lines = len(document.parse(Source("spec.yaml", text.encode())).lines)
    for each in problems(text):
        assert each.span
        assert each.code.startswith("yaml.")
        assert 1 <= each.span.start.line <= lines
        assert each.span.start < each.span.end


@FEW
@given(st.binary())
def test_no_bytes_ever_raise(content: bytes) -> None:
    output = text_diagnostics.diagnostics(problems(content))

    assert output == "" or output.startswith("error[yaml.")


@pytest.mark.parametrize("text", ["a: 1\nb: [x, {c: 2}]\n", "a: b: c\n", "a: \x07\n", "a: '", "\x07"])
def test_without_libyaml_the_same_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure Python parser is slow and words some errors in other ways, and reads the same values."""
    fast = document.parse(Source("spec.yaml", text.encode()))

    monkeypatch.delattr(yaml, "CSafeLoader")
    slow = document.parse(Source("spec.yaml", text.encode()))

    assert slow.value == fast.value
    assert [each.code for each in slow.problems] == [each.code for each in fast.problems]
    assert events.event_reader("a")().__class__.__name__ == "StreamStartEvent"


@pytest.mark.parametrize(
    "value",
    [
        "*hunter2x",
        "[*hunter2x]",
        "!hunter2x",
        "!hunter2x x",
        "!<hunter2x> x",
        "{hunter2x: 1, hunter2x: 1}",
        "{-22222222: 1}",
    ],
)
def test_a_passcode_that_yaml_reads_otherwise_is_not_shown(value: str) -> None:
    """It may begin like an alias or a tag, or be in braces like a key."""
    parsed = document.parse(Source("spec.yaml", f"meetings:\n  a:\n    password: {value}\n".encode()))

    texts = [f"{one.detail} {one.hint}" for one in Locator(parsed).syntax_diagnostics()]

    assert texts
    assert not [text for text in texts if "hunter2x" in text or "2222" in text]


@pytest.mark.parametrize(
    "value", ["{hunter}", "{env: A_PASSCODE, hunter}", "[{hunter}]", "{hunter: '', x: {hunter}}"]
)
def test_a_passcode_in_braces_is_not_shown(value: str) -> None:
    """YAML reads it as a key without a value."""
    text = f"meetings:\n  a:\n    password: {value}\n"
    locator, path = Locator(document.parse(Source("spec.yaml", text.encode()))), ("meetings", "a", "password")

    diagnostic = locator.diagnostic(UnlocatedDiagnostic(path, "x.y"), path)

    assert diagnostic.snippet is not None
    assert "hunter" not in diagnostic.snippet
