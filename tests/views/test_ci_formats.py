"""The formats that CI systems read: SARIF, Code Quality, annotations, step outputs and summaries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from shell import FAR, ONE, spec_of

from reconciler import __version__
from reconciler.cli.ci import relative_to_root
from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span
from reconciler.errors.explanations.table import table
from reconciler.views import codequality, sarif
from reconciler.views.markdown.escape import BLOCK_MAX, text_block
from reconciler.views.results import Validation
from reconciler.views.sarif import fingerprints
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell

MISSPELT = ONE.replace("duration", "durration")


def diagnostic(line: int = 3, *, filename: str = "team a/x.yaml", **words: Any) -> Diagnostic:
    span = Span(filename, Position(line, 5), Position(line, 14))
    fields = {"code": "spec.unknown-field", "detail": "The meeting has no field `durration`.", "span": span}
    return Diagnostic(**{**fields, **words})


@pytest.mark.parametrize("name", ["json", "sarif", "codequality"])
def test_an_invisible_character_in_the_name_of_a_file_is_an_escape(name: str) -> None:
    text = view("validate", name)(Validation([diagnostic(filename="m/\u202ex\x7f.yaml")]), TextStyle())

    assert ("\u202e" in text, "\x7f" in text, json.loads(text) != {}) == (False, False, True)


def test_sarif_has_rule_location_and_message() -> None:
    """Checked by hand against the official schema too; here each property that it, or GitHub, requires."""
    log = json.loads(sarif.validate(Validation([diagnostic(hint="Did you mean `duration`?")])))

    (run,) = log["runs"]
    (result,) = run["results"]
    assert (log["version"], "sarif-schema-2.1.0" in log["$schema"]) == ("2.1.0", True)
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"] == {
        "name": "reconciler",
        "semanticVersion": __version__,
        "rules": [
            {
                "id": "spec.unknown-field",
                "shortDescription": {"text": "Unknown field"},
                "fullDescription": {"text": table()["spec.unknown-field"].means},
                "help": {
                    "text": "`reconciler explain spec.unknown-field` says more, "
                    "as does docs/errors.md#spec-unknown-field."
                },
                "defaultConfiguration": {"level": "error"},
            }
        ],
    }
    place = {
        "artifactLocation": {"uri": "team%20a/x.yaml"},
        "region": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 14},
    }
    assert result.pop("partialFingerprints").keys() == {"reconcilerFinding/v2"}
    assert result == {
        "ruleId": "spec.unknown-field",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "Unknown field\nThe meeting has no field `durration`.\nDid you mean `duration`?"},
        "locations": [{"physicalLocation": place}],
    }


def test_brackets_in_a_sarif_message_make_no_link() -> None:
    """`[text](target)` in a message is a link; the author of a spec chooses parts of the text."""
    hostile = diagnostic(
        detail="See [the docs](https://evil.example), \\[x](1).", hint="Write `moved: [{from: a}]`."
    )

    (result,) = json.loads(sarif.validate(Validation([hostile])))["runs"][0]["results"]

    assert result["message"]["text"] == (
        "Unknown field\n"
        r"See \[the docs\](https://evil.example), \\\[x\](1)."
        "\n"
        r"Write `moved: \[{from: a}\]`."
    )


def test_each_rule_of_sarif_is_listed_once() -> None:
    log = json.loads(
        sarif.validate(
            Validation(
                [diagnostic(), diagnostic(code="spec.wrong-type", severity=Severity.WARNING), diagnostic()]
            )
        )
    )

    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "spec.unknown-field",
        "spec.wrong-type",
    ]
    assert [(each["ruleIndex"], each["level"]) for each in run["results"]] == [
        (0, "error"),
        (1, "warning"),
        (0, "error"),
    ]


def test_a_diagnostic_without_a_location_has_none_in_sarif() -> None:
    (run,) = json.loads(
        sarif.validate(Validation([diagnostic(span=None), diagnostic(filename="/elsewhere/x.yaml")]))
    )["runs"]

    assert "locations" not in run["results"][0]
    (place,) = run["results"][1]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/x.yaml"}


def test_code_quality_has_what_gitlab_reads() -> None:
    report = json.loads(
        codequality.validate(
            Validation([diagnostic(detail="It is\nodd"), diagnostic(span=None, severity=Severity.WARNING)])
        )
    )

    marks = [issue.pop("fingerprint") for issue in report]
    assert len(set(marks)) == 2
    assert report == [
        {
            "description": "Unknown field. It is odd.",
            "check_name": "spec.unknown-field",
            "severity": "critical",
            "location": {"path": "team a/x.yaml", "lines": {"begin": 3}},
        },
        {
            "description": "Unknown field. The meeting has no field `durration`.",
            "check_name": "spec.unknown-field",
            "severity": "minor",
            "location": {"path": "reconciler.yaml", "lines": {"begin": 1}},
        },
    ]


def test_no_diagnostics_are_an_empty_report() -> None:
    assert (
        json.loads(codequality.validate(Validation([]))),
        json.loads(sarif.validate(Validation([])))["runs"][0]["results"],
    ) == (
        [],
        [],
    )


def test_a_fingerprint_stays_when_lines_move() -> None:
    """Its own line, another line that its detail names, and the indentation do not matter."""

    def duplicate(line: int, indent: str) -> Diagnostic:
        return diagnostic(
            line,
            code="yaml.duplicate-key",
            detail=f"The key `topic` is in line {line - 1} first (x.yaml:{line - 1}:{len(indent) + 1}).",
            key="retro",
            snippet=f"{indent}topic: Retro\n{indent}^^^^^",
        )

    assert fingerprints([duplicate(30, "      ")]) == fingerprints([duplicate(3, "  ")])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"code": "spec.wrong-type"}, id="code"),
        pytest.param({"filename": "y.yaml"}, id="file"),
        pytest.param({"key": "retro"}, id="key"),
        pytest.param({"snippet": "durration: 61"}, id="source line"),
        pytest.param({"detail": "The meeting has no field `tpoic`."}, id="name in the detail"),
        pytest.param({"detail": "The meeting has no field `f2`."}, id="number in a name in the detail"),
    ],
)
def test_another_finding_has_another_fingerprint(other: dict[str, Any]) -> None:
    """Two fields may be unknown in one line of a file."""
    words: dict[str, Any] = {
        "key": "launch", "snippet": "durration: 60", "detail": "The meeting has no field `f1`.",
    }  # fmt: skip

    assert fingerprints([diagnostic(**words | other)]) != fingerprints([diagnostic(**words)])


def test_equal_findings_are_numbered() -> None:
    """Each keeps its fingerprint when another one is added below it."""
    one, two = fingerprints([diagnostic(3), diagnostic(5)])

    assert one != two
    assert fingerprints([diagnostic(4), diagnostic(6), diagnostic(8)])[:2] == (one, two)


def test_a_block_cannot_be_closed_from_inside() -> None:
    """It is longer than every run of backticks in it."""
    assert text_block("a\n````\n# not a heading") == "`````text\na\n````\n# not a heading\n`````\n"
    assert text_block("plain\n") == "```text\nplain\n```\n"


def test_a_block_is_cut_to_fit_a_comment() -> None:
    block = text_block("\n".join(["x" * 999] * 70))

    assert (len(block) <= BLOCK_MAX + 100, block.splitlines()[-2]) == (True, "… and 10 more lines")


def test_paths_are_those_of_the_checkout(tmp_path: Path) -> None:
    """A file in the checkout is named from its root; a file outside of it keeps its name."""
    folder = tmp_path / "team"
    folder.mkdir()
    inside, outside, placeless = (
        diagnostic(filename="x.yaml"),
        diagnostic(filename="/etc/x.yaml"),
        diagnostic(span=None),
    )

    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        seen = relative_to_root([inside, outside, placeless], folder, {name: str(tmp_path)})
        assert [each.span and each.span.filename for each in seen] == ["team/x.yaml", "/etc/x.yaml", None]
    assert relative_to_root([inside], folder, {"CI_PROJECT_DIR": "/elsewhere"}) == (inside,)
    assert relative_to_root([inside], folder, {}) == (inside,)


@pytest.mark.parametrize("name", ["sarif", "codequality"])
def test_validate_prints_them(name: str, shell: Shell) -> None:
    """The whole of stdout, and the exit status of every format."""
    shell.write("meetings.yaml", MISSPELT)

    ran = shell("validate", "--format", name)

    assert (ran.status, ran.err, "spec.unknown-field" in str(json.loads(ran.out))) == (1, "", True)


@pytest.mark.parametrize("name", ["sarif", "codequality", "github"])
def test_no_report_contains_a_passcode(name: str, shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"odd": {"password": "lift-off-7", "durration": 1}}, start=FAR))

    ran = shell("validate", "--format", name)

    assert (ran.status, "lift-off-7" in ran.out) == (1, False)


def test_a_missing_state_is_a_warning_in_ci_only(shell: Shell) -> None:
    """Before the first apply there is none, so nothing fails; a fork without its snapshot shows it."""
    shell.write("meetings.yaml", ONE.replace("2027-01-14", "2099-01-14"))

    at_home, in_ci = (shell("plan", "--state", "s.json", **environ) for environ in ({}, {"CI": "true"}))

    assert (at_home.status, in_ci.status) == (0, 0)
    assert ("state.absent" in at_home.out, "warning[state.absent]: There is no state yet" in in_ci.out) == (
        False,
        True,
    )
    assert shell("apply", "--sandbox", "--auto-approve", CI="true").status == 0


def test_files_of_github_are_not_written_elsewhere(shell: Shell) -> None:
    """Only GITHUB_ACTIONS says that a runner reads the files."""
    shell.write("meetings.yaml", ONE)
    files = {"GITHUB_OUTPUT": str(shell.folder / "out"), "GITHUB_STEP_SUMMARY": str(shell.folder / "sum")}

    shell("validate", **files)

    assert sorted(path.name for path in shell.folder.iterdir()) == ["meetings.yaml"]


def test_an_unwritable_output_file_fails_the_step(shell: Shell) -> None:
    """A later step would take a missing output for no changes."""
    shell.write("meetings.yaml", ONE.replace("2027-01-14", "2099-01-14"))
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(shell.folder / "none" / "out")}

    ran = shell("plan", "--state", "s.json", **environ)

    assert ran.status == 1
    assert (
        "error[output.unwritable]: The output could not be written\n  = The file that GITHUB_OUTPUT"
        in ran.err
    )


def test_an_apply_that_has_nothing_to_do_says_so_to_github(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")
    out, page = shell.folder / "out", shell.folder / "page"

    shell(
        "apply",
        "--auto-approve",
        "--sandbox",
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT=str(out),
        GITHUB_STEP_SUMMARY=str(page),
    )

    lines = out.read_text().splitlines()
    assert [name.partition("<<")[0] for name in lines[::3]] == [
        *("changes", "add", "change", "destroy", "deferred", "failed", "digest", "ends_soon")
    ]
    assert lines[1:18:3] == ["false", "0", "0", "0", "0", "0"]
    assert page.read_text().startswith("### ✅ Apply complete! 0 added, 0 changed, 0 destroyed.")
