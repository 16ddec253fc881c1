"""Rules of the code base: imports, sizes, purity, names and reasons of exceptions.

The import contracts are in `.importlinter`; here a copy of the package is broken once at every joint,
to see that each break is reported.
"""

from __future__ import annotations

import ast
import io
import itertools
import json
import re
import shutil
import subprocess
import sys
import tokenize
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from paths import ROOT
from syntax import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = pytest.mark.no_cover

PACKAGE = ROOT / "reconciler"
PYTHON_FOLDERS = ("reconciler", "tools", "tests", "benchmarks")
TEXT_SUFFIXES = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".sh", ".cfg", ""}

DOORS = {
    "apprise": ("reconciler.cli.notices.sender",),
    "click": ("reconciler.cli",),
    "dateutil": ("reconciler.meeting.recurrence",),
    "deepdiff": ("reconciler.plan.diff",),
    "fcntl": ("reconciler.stores.file",),  # of the standard library: one place locks files
    # two ways out that share nothing: one to Zoom, asynchronous and paced, one to the state's server
    "httpx": ("reconciler.zoom", "reconciler.stores.http"),
    "icalendar": ("reconciler.views.ics",),
    "jinja2": ("reconciler.views.html",),
    "jsonschema": ("reconciler.spec.schema",),
    "jsonschema_rs": ("reconciler.spec.schema",),
    "msgspec": ("reconciler",),  # its `Struct` is what the values of every package are
    "obstore": ("reconciler.stores.object",),
    "psycopg": ("reconciler.stores.postgres",),
    "orjson": ("reconciler",),  # JSON is the language of half the house
    "rich": ("reconciler.views",),
    "ruamel": ("reconciler.spec.layout",),
    "starlette": ("reconciler.sandbox",),
    "uvicorn": ("reconciler.sandbox",),
    "yaml": ("reconciler.spec.yaml",),
    # of the standard library: `ZoneInfo(name)` would read the rules of the system
    "zoneinfo": ("reconciler.meeting.timezones", "reconciler.cli.commands.doctor.zones"),
}
"""The one place (a module, or a package and what is in it) that imports a third-party library."""

OUTSIDE = {"__main__", "cli", "disk", "sandbox", "stores", "zoom"}
"""Packages that touch clock, network, disk, processes or environment. Everything else is pure."""

TOP_LEVEL_ENTRIES_MAX = 20
FILES_PER_PACKAGE_MAX = 14
"""Python files directly in one package; the emulator, a program of its own, may have more."""

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

REASON = re.compile(r" - \w|\s# \w")
"""How an exception says why: `# noqa: S311 - jitter, not a secret`, or in a comment after it."""

HEAVY = {
    "apprise",
    "deepdiff",
    "httpx",
    "icalendar",
    "jinja2",
    "jsonschema",
    "obstore",
    "psycopg",
    "rich",
    "ruamel",
    "starlette",
    "uvicorn",
}
"""Libraries that `--help`, `validate` of good files and `plan` do without."""


def python_files(root: Path) -> Iterator[Path]:
    for folder in PYTHON_FOLDERS:
        yield from sorted((root / folder).rglob("*.py"))


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """The statements in a tree, itself among them; expressions, nine of ten nodes, are not looked at."""
    if isinstance(tree, ast.stmt):
        yield tree
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inside in getattr(tree, name, ()):
            yield from statements(inside)


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_libraries(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in statements(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]


def is_behind(module: str, door: str) -> bool:
    return module == door or module.startswith(door + ".")


def door_findings(root: Path) -> list[str]:
    """Imports of a third-party library elsewhere than at its door, or of one that has no door."""
    findings = []
    for path in sorted((root / "reconciler").rglob("*.py")):
        module = module_name(path, root)
        for line, library in imported_libraries(syntax_tree(path.read_text())):
            if library == "reconciler" or (library in sys.stdlib_module_names and library not in DOORS):
                continue
            if not any(is_behind(module, door) for door in DOORS.get(library, ())):
                findings.append(f"{module}:{line} imports {library}")
    return findings


def struct_fields(tree: ast.AST) -> set[str]:
    """The fields of the structs that a module defines."""
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    structs = (node for node in classes if any(getattr(base, "id", "") == "Struct" for base in node.bases))
    fields = (line.target for node in structs for line in node.body if isinstance(line, ast.AnnAssign))
    return {field.id for field in fields if isinstance(field, ast.Name)}


def replace_findings(root: Path) -> list[str]:
    """Names in calls of `replace` that no struct has: mypy checks those of dataclasses alone."""
    paths = sorted((root / "reconciler").rglob("*.py"))
    trees = {module_name(path, root): syntax_tree(path.read_text()) for path in paths}
    known = set().union(*map(struct_fields, trees.values()))
    return [
        f"{module}:{node.lineno} replaces {keyword.arg}"
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "replace"
        for keyword in node.keywords
        if keyword.arg and keyword.arg not in known
    ]


def outside_findings(root: Path) -> list[str]:
    """Clock, disk, environment or terminal, touched outside of the packages in `OUTSIDE`."""
    findings = []
    for path in sorted((root / "reconciler").rglob("*.py")):
        module = module_name(path, root)
        if module.split(".")[1:2] == [] or module.split(".")[1] in OUTSIDE:
            continue
        findings += [
            f"{module}:{node.lineno} {touch}"
            for node in ast.walk(syntax_tree(path.read_text()))
            if isinstance(node, ast.expr) and (touch := outside_touch(node))
        ]
    return findings


def outside_touch(node: ast.expr) -> str:
    """What of the outside this expression meets, or nothing."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        dotted = f"{node.value.id}.{node.attr}"
        is_clock = dotted in {"datetime.now", "datetime.utcnow", "date.today"}
        is_module = node.value.id in {"time", "os", "socket", "shutil", "subprocess"}
        return dotted if is_clock or is_module else ""
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        waits = called == "asyncio.sleep" and ast.unparse(node.args[0]) != "0"  # 0 only lets others go first
        return called if waits or called in {"open", "print", "input"} else ""
    return ""


def size_findings(root: Path) -> list[str]:
    """Modules of the package and functions anywhere that grew past their bound."""
    findings = []
    for path in python_files(root):
        text = path.read_text()
        lines = text.count("\n")
        if lines > MODULE_LINES_MAX and path.is_relative_to(root / "reconciler"):
            findings.append(f"{path.relative_to(root)}: {lines} lines")
        for node in statements(syntax_tree(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = function_length(node, path.relative_to(root))
                if length > FUNCTION_LINES_MAX:
                    findings.append(f"{path.relative_to(root)}: {node.name} has {length} lines")
    return findings


def function_length(function: ast.AST, path: Path) -> int:
    """Lines; in a test statements, since a document that is expected whole is as long as it is."""
    if path.parts[0] == "tests":
        return sum(1 for _ in statements(function))
    assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
    return (function.end_lineno or function.lineno) - function.lineno + 1


def unreasoned_findings(root: Path) -> list[str]:
    """Exceptions to lint, types or coverage that do not say why on their line."""
    exception = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:|ruff:|mypy:)")
    return [
        f"{path.relative_to(root)}:{token.start[0]} {token.string}"
        for path in python_files(root)
        if exception.search(text := path.read_text())
        for token in comments(text)
        if exception.search(token.string) and not REASON.search(token.string)
    ]


def comments(text: str) -> Iterator[tokenize.TokenInfo]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return (token for token in tokens if token.type == tokenize.COMMENT)


def written_files(root: Path) -> Iterator[Path]:
    """Every text file of the project that a person wrote."""
    tops = [*root.glob("*.md"), *root.glob("*.toml"), root / "Makefile", root / ".ci" / "run"]
    folders = (*PYTHON_FOLDERS, "examples", "schemas", "ci", "requirements")
    inside = (path for folder in folders for path in sorted((root / folder).rglob("*")))
    for path in (*tops, *inside):
        made = "__pycache__" in path.parts or ".work" in path.parts
        if path.is_file() and path.suffix in TEXT_SUFFIXES and not made:
            yield path


def line_findings(root: Path, pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(root)}:{number} {line.strip()[:80]}"
        for path in written_files(root)
        if path.name not in {"CHANGELOG.md", Path(__file__).name}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
MACHINE = re.compile(r"/home/\w|/Users/\w|/root/|[A-Z]:\\Users|index-url|" + re.escape(str(ROOT)) + r"\b")


def called_names(tree: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def asserts(tree: ast.AST) -> bool:
    """Whether it can fail by what it finds: by itself, or by something made to complain."""
    has_own = any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    complains = {
        name for name in called_names(tree) if name in {"raises", "warns", "fail"} or name.startswith("check")
    }
    return has_own or bool(complains)


def assertion_findings(root: Path) -> list[str]:
    """Tests that assert nothing, nor call a function of their file that does."""
    findings = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        functions = [n for n in statements(syntax_tree(path.read_text())) if isinstance(n, ast.FunctionDef)]
        asserting = {each.name for each in functions if asserts(each)}
        findings += [
            f"{path.relative_to(root)}:{each.lineno} {each.name}"
            for each in functions
            if each.name.startswith("test_") and not ({each.name} | called_names(each)) & asserting
        ]
    return findings


def rows() -> list[list[str]]:
    """The rows of `.importlinter`, highest first, the packages of one row together."""
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    written = config["importlinter:contract:rows"]["layers"].strip().splitlines()
    return [[name.strip() for name in row.split("|")] for row in written]


def crowded_findings(root: Path) -> list[str]:
    """Packages with more entries than somebody finds their way in."""
    package = root / "reconciler"
    entries = [path.name for path in package.iterdir() if path.name != "__pycache__"]
    findings = [f"reconciler: {len(entries)} entries"] if len(entries) > TOP_LEVEL_ENTRIES_MAX else []
    for folder in sorted({path.parent for path in package.rglob("*.py")}):
        count = len(list(folder.glob("*.py")))
        if count > FILES_PER_PACKAGE_MAX and folder != package / "sandbox":
            findings.append(f"{folder.relative_to(root)}: {count} files")
    return findings


def init_findings(root: Path) -> list[str]:
    """`__init__` modules with code or re-exports in them: a package's holds its docstring alone."""
    found = []
    for path in sorted((root / "reconciler").rglob("__init__.py")):
        body = syntax_tree(path.read_text()).body
        if path.parent != root / "reconciler" and not (
            len(body) == 1 and ast.get_docstring(ast.Module(body, []))
        ):
            found.append(str(path.relative_to(root)))
    return found


RIDDLE = re.compile(r"(What|Where|Whether|How|Who)\b")
"""Openings of a docstring that name no subject: say the noun, or what the module does."""


def riddle_findings(root: Path) -> list[str]:
    """Modules without a docstring, or whose docstring opens with a question word."""
    docs = {
        path.relative_to(root): ast.get_docstring(syntax_tree(path.read_text())) or ""
        for path in sorted((root / "reconciler").rglob("*.py"))
    }
    return [str(path) for path, doc in docs.items() if not doc or RIDDLE.match(doc)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package and its contract, to be broken."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(PACKAGE, folder / "reconciler", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def add(folder: Path, module: str, code: str) -> None:
    path = folder / "reconciler" / module
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"\n{code}\n")


def lint_report(folder: Path) -> str:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    return " ".join((done.stdout + done.stderr).split())


def test_each_library_has_one_door() -> None:
    """A third-party library is imported by one module only, so that it can be exchanged there."""
    assert door_findings(ROOT) == []


@pytest.mark.parametrize("library", sorted(DOORS.keys() - {"msgspec", "orjson"}))
def test_a_library_that_comes_in_elsewhere_is_reported(library: str, tmp_path: Path) -> None:
    add(tmp_path, "errors", f"import {library}")

    assert door_findings(tmp_path) == [f"reconciler.errors:2 imports {library}"]


def test_a_library_without_a_door_is_reported(tmp_path: Path) -> None:
    add(tmp_path, "cli", "from requests import get")

    assert door_findings(tmp_path) == ["reconciler.cli:2 imports requests"]


def test_a_replace_names_fields_of_structs() -> None:
    assert replace_findings(ROOT) == []


def test_a_misspelt_name_in_a_replace_is_reported(tmp_path: Path) -> None:
    add(
        tmp_path,
        "errors",
        "class Door(Struct):\n    code: str\n\nreplace(Door('1'), code='2')\nreplace(Door('1'), cod='2')",
    )

    assert replace_findings(tmp_path) == ["reconciler.errors:6 replaces cod"]


def untested_doors(paths: Iterable[str]) -> set[str]:
    """Return the modules and packages that import a library and that no test at `paths` is about.

    The tests of `reconciler.a.b` are in `tests/a`, `tests/a/b`, below it, or in `tests/a/test_b.py`.
    """
    tested = {".".join(Path(path).with_suffix("").parts[1:]).replace("test_", "") for path in paths}
    importing = {door.partition(".")[2] for doors in DOORS.values() for door in doors if "." in door}
    return {
        door
        for door in importing
        if not any(
            f"{each}.".startswith(f"{other}.") for one in tested for each, other in ((door, one), (one, door))
        )
    }


def test_every_library_is_tested_in_its_lowest_version() -> None:
    """`make lowest` runs the tests of each module that imports one, or of its package."""
    written = re.search(r"^LOWEST := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert written
    paths = written[1].split()

    assert (untested_doors(paths), [path for path in paths if not (ROOT / path).exists()]) == (set(), [])


def test_a_library_that_is_not_tested_in_its_lowest_version_is_reported() -> None:
    """Tests of another part of its package do not count."""
    paths = [
        "tests/cli/commands",
        "tests/cli/test_main.py",
        "tests/meeting",
        "tests/plan/test_diff.py",
        "tests/zoom",
    ]

    assert untested_doors([*paths, "tests/sandbox", "tests/spec", "tests/stores", "tests/views"]) == {
        "cli.notices.sender"
    }


def test_the_core_does_not_meet_the_outside() -> None:
    """At or below `apply` there is no clock, disk, environment or terminal: they are arguments."""
    assert outside_findings(ROOT) == []


@pytest.mark.parametrize(
    ("code", "touch"),
    [
        ("now = datetime.now(UTC)", "datetime.now"),
        ("now = time.time()", "time.time"),
        ("home = os.environ['HOME']", "os.environ"),
        ("text = open('state').read()", "open"),
        ("print('done')", "print"),
        ("asyncio.sleep(0)\nasyncio.sleep(1)", "asyncio.sleep"),
    ],
)
def test_a_core_that_meets_the_outside_is_reported(code: str, touch: str, tmp_path: Path) -> None:
    add(tmp_path, "apply", code)
    add(tmp_path, "cli", code)

    assert outside_findings(tmp_path) == [f"reconciler.apply:{len(code.splitlines()) + 1} {touch}"]


def test_the_import_contracts_are_kept(copy: Path) -> None:
    assert "3 kept, 0 broken" in lint_report(copy)


def test_every_break_of_the_rows_is_reported(tmp_path: Path, copy: Path) -> None:
    """Each package imports one of the row above, each its neighbour, and one module has no row."""
    shutil.copytree(copy, tmp_path, dirs_exist_ok=True)
    house = rows()
    ups = [(low, up) for above, below in itertools.pairwise(house) for low in below for up in above]
    across = [pair for row in house for pair in itertools.pairwise(row)]
    for importer, imported in (*ups, *across):
        add(tmp_path, importer, f"import reconciler.{imported}")
    add(tmp_path, "homeless", "")

    report = lint_report(tmp_path)

    unseen = [
        pair
        for pair in (*ups, *across)
        if f"reconciler.{pair[0]} is not allowed to import reconciler.{pair[1]}:" not in report
    ]
    assert (unseen, "homeless" in report) == ([], True)


def test_a_circle_and_a_private_module_used_elsewhere_are_reported(tmp_path: Path, copy: Path) -> None:
    shutil.copytree(copy, tmp_path, dirs_exist_ok=True)
    add(tmp_path, "meeting/timezones", "from reconciler.meeting import recurrence")
    add(tmp_path, "views/values", "from reconciler.plan import _effects")

    report = lint_report(tmp_path)

    assert ("No circles among siblings BROKEN" in report, "stay in their package BROKEN" in report) == (
        True,
        True,
    )


def test_no_package_is_crowded() -> None:
    assert crowded_findings(ROOT) == []


def test_a_crowded_package_is_reported(tmp_path: Path) -> None:
    for number in range(FILES_PER_PACKAGE_MAX + 1):
        add(tmp_path, f"plan/module_{number}", "")
    for number in range(TOP_LEVEL_ENTRIES_MAX):
        add(tmp_path, f"module_{number}", "")

    assert crowded_findings(tmp_path) == [
        "reconciler: 21 entries",
        "reconciler: 20 files",
        "reconciler/plan: 15 files",
    ]


def test_a_package_is_introduced_by_its_docstring_alone() -> None:
    assert init_findings(ROOT) == []


def test_a_package_with_code_in_its_init_is_reported(tmp_path: Path) -> None:
    add(tmp_path, "plan/__init__", '"""Plans."""\n\nfrom reconciler.plan.plan import Plan')
    add(tmp_path, "live/__init__", '"""Reads."""')

    assert init_findings(tmp_path) == ["reconciler/plan/__init__.py"]


def test_module_docstrings_name_their_subject() -> None:
    assert riddle_findings(ROOT) == []


def test_a_riddle_is_reported(tmp_path: Path) -> None:
    add(tmp_path, "plan", '"""What stands between."""')
    add(tmp_path, "spec", '"""Parses specs."""')
    add(tmp_path, "state", "A = 1")

    assert riddle_findings(tmp_path) == ["reconciler/plan.py", "reconciler/state.py"]


def test_modules_and_functions_stay_short() -> None:
    """A module past 400 lines holds a second noun; a function past 50 a second verb."""
    assert size_findings(ROOT) == []


def test_a_long_module_and_a_long_function_are_reported(tmp_path: Path) -> None:
    add(tmp_path, "plan", "def build():\n" + "    pass\n" * 410)

    assert size_findings(tmp_path) == [
        "reconciler/plan.py: 413 lines",
        "reconciler/plan.py: build has 411 lines",
    ]


def test_each_exception_says_why() -> None:
    assert unreasoned_findings(ROOT) == []


def test_an_exception_without_its_reason_is_reported(tmp_path: Path) -> None:
    add(tmp_path, "plan", "A = 1  # noqa: N816\nB = 2  # noqa: N816 - the API's own word")

    assert unreasoned_findings(tmp_path) == ["reconciler/plan.py:2 # noqa: N816"]


def test_nothing_is_left_unfinished() -> None:
    assert line_findings(ROOT, UNFINISHED) == []


def test_no_file_names_a_machine() -> None:
    """A path of somebody's computer, or a package index, does not travel."""
    assert line_findings(ROOT, MACHINE) == []


def test_unfinished_work_and_machine_paths_are_reported(tmp_path: Path) -> None:
    add(tmp_path, "plan", "# TODO later\nHOME = '/home/ann/meetings'")

    assert line_findings(tmp_path, UNFINISHED) == ["reconciler/plan.py:2 # TODO later"]
    assert line_findings(tmp_path, MACHINE) == ["reconciler/plan.py:3 HOME = '/home/ann/meetings'"]


def test_every_test_asserts() -> None:
    assert assertion_findings(ROOT) == []


def test_a_test_without_an_assertion_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_plan.py").write_text("def test_it_runs():\n    build()\n")

    assert assertion_findings(tmp_path) == ["tests/test_plan.py:1 test_it_runs"]


def modules_after(folder: Path, *arguments: str) -> set[str]:
    """Top-level modules that the program has imported when it ends, run in `folder`."""
    program = (
        "import json, sys\n"
        "from reconciler.__main__ import main\n"
        "assert main() == 0\n"
        "print('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "unloaded"),
    [
        (["--version"], HEAVY | {"asyncio", "click", "dateutil", "jsonschema_rs", "orjson", "yaml"}),
        (["--help"], HEAVY | {"asyncio", "dateutil", "jsonschema_rs", "orjson", "yaml"}),
        (["validate", "meetings.yaml"], HEAVY | {"asyncio"}),
        (["plan", "meetings.yaml", "--state", "s.json"], HEAVY | {"asyncio"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_verb_loads_only_what_it_needs(arguments: list[str], unloaded: set[str], tmp_path: Path) -> None:
    """What a verb does not need costs it no time at start."""
    shutil.copy(ROOT / "examples" / "meetings.yaml", tmp_path)

    loaded = modules_after(tmp_path, *arguments)

    assert loaded & unloaded == set()
