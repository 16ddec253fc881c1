from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.cli.sources import sources
from reconciler.spec import settings
from reconciler.spec.settings import Settings
from reconciler.spec.yaml import document
from reconciler.spec.yaml.document import Source


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def named(found: sources.Sources) -> list[str]:
    assert found.diagnostics == ()
    return [source.filename for source in found.files]


def codes(found: sources.Sources) -> list[tuple[str, str | None]]:
    return [(each.code, each.span.filename if each.span else None) for each in found.diagnostics]


def test_a_folder_is_read_at_any_depth_in_order(tmp_path: Path) -> None:
    put(tmp_path, "m/b.yaml", "m/a/z.yml", "m/c.yaml", "m/a.yaml", "m/notes.txt", "m/x.json")

    assert named(sources.read_sources(("m/",), Settings(), tmp_path)) == [
        "m/a/z.yml",
        "m/a.yaml",
        "m/b.yaml",
        "m/c.yaml",
    ]


def test_hidden_files_and_folders_and_the_settings_are_no_specs(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", ".hidden/b.yaml", ".ci.yml", "reconciler.yaml", "sub/reconciler.yaml")

    assert named(sources.read_sources((".",), Settings(), tmp_path)) == ["a.yaml"]


@pytest.mark.parametrize(
    "present", [["meetings.yaml"], ["meetings/a.yaml"], ["meetings.yaml", "meetings/a.yaml"]]
)
def test_without_settings_the_usual_places_are_read(present: list[str], tmp_path: Path) -> None:
    put(tmp_path, *present)

    assert named(sources.read_sources((), Settings(), tmp_path)) == present


def test_arguments_replace_what_the_settings_name(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", "b.yaml")
    named_in_file = settings.parse(Source("reconciler.yaml", b"specs: [a.yaml]")).settings
    assert named_in_file

    assert named(sources.read_sources((), named_in_file, tmp_path)) == ["a.yaml"]
    assert named(sources.read_sources(("b.yaml",), named_in_file, tmp_path)) == ["b.yaml"]


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    put(tmp_path, "m/a.yaml")
    (tmp_path / "m/link.yaml").symlink_to("a.yaml")
    paths = ("m/a.yaml", "m", "./m/", str(tmp_path / "m/a.yaml"))

    assert named(sources.read_sources(paths, Settings(), tmp_path)) == ["m/a.yaml"]


def test_an_absolute_path_is_named_as_it_was_typed(tmp_path: Path) -> None:
    put(tmp_path, "m/a.yaml")

    assert named(sources.read_sources((f"{tmp_path}/m",), Settings(), tmp_path / "m")) == [
        f"{tmp_path}/m/a.yaml"
    ]


def test_the_content_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\r\n")

    assert sources.read_sources(("a.yaml",), Settings(), tmp_path).files == (Source("a.yaml", b"\xff\r\n"),)


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling.yaml").symlink_to("nowhere.yaml")
    put(tmp_path, "reconciler.yaml")
    paths = ("gone.yaml", "empty/", "dangling.yaml", "reconciler.yaml")

    assert codes(sources.read_sources(paths, Settings(), tmp_path)) == [
        ("source.missing", "gone.yaml"),
        ("source.empty-folder", "empty"),
        ("source.missing", "dangling.yaml"),
        ("source.settings", "reconciler.yaml"),
    ]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("gone.yaml", "Check the spelling; relative paths start at {}."),
        (
            "retro",
            "Check the spelling; relative paths start at {}. `--target retro` plans or applies one key.",
        ),
        ("teams/*.yaml", "Patterns are not read here. Name the folder: `teams`."),
        ("*.yaml", "Patterns are not read here. Name the folder: `.`."),
        ("gone/*.yaml", "Patterns are not read here. Name folders or files."),
        ("**/*.yaml", "Patterns are not read here. Name folders or files."),
        ("a?.yaml", "Patterns are not read here. Name the folder: `.`."),
        ("/*.yaml", "Patterns are not read here. Name the folder: `/`."),
    ],
)
def test_a_missing_path_is_answered_by_what_was_meant(path: str, hint: str, tmp_path: Path) -> None:
    """A key is no path, and a pattern in quotes does not reach the shell."""
    put(tmp_path, "teams/a.yaml")

    (found,) = sources.read_sources((path,), Settings(), tmp_path).diagnostics

    assert (found.code, found.hint) == ("source.missing", hint.format(tmp_path))


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    assert codes(sources.read_sources((), Settings(), tmp_path)) == [("source.none", None)]


def test_a_path_of_the_settings_is_reported_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("specs:\n  - gone/\n", encoding="utf-8")
    read = sources.read_settings(tmp_path)
    assert read.settings

    assert codes(sources.read_sources((), read.settings, tmp_path)) == [("source.missing", "reconciler.yaml")]


def test_a_link_that_leaves_its_folder_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "outside/secret.yaml", "work/m/a.yaml")
    (tmp_path / "work/m/file.yaml").symlink_to("../../outside/secret.yaml")
    (tmp_path / "work/m/folder").symlink_to("../../outside")
    (tmp_path / "work/n").symlink_to("../outside")
    found = sources.read_sources(("m", "n", "n/secret.yaml"), Settings(), tmp_path / "work")

    assert [source.filename for source in found.files] == ["m/a.yaml"]
    assert codes(found) == [
        ("source.link", "m/file.yaml"),
        ("source.link", "m/folder"),
        ("source.link", "n"),
        ("source.link", "n/secret.yaml"),
    ]


@pytest.mark.parametrize("mark", ["file", "folder"])
def test_a_submodule_among_the_specs_is_not_read(mark: str, tmp_path: Path) -> None:
    """A pull request shows its commit alone, not its files; so they must not count in an apply either."""
    put(tmp_path, "m/a.yaml", "m/sub/b.yaml", "m/sub/deep/c.yaml")
    git = tmp_path / "m/sub/.git"
    git.mkdir() if mark == "folder" else git.write_text("gitdir: ../../.git/modules/sub")

    found = sources.read_sources(("m",), Settings(), tmp_path)

    assert [source.filename for source in found.files] == ["m/a.yaml"]
    assert codes(found) == [("source.submodule", "m/sub")]


@pytest.mark.parametrize("paths", [("m",), ("m/sub",), ("m/sub/deep",), (".",)])
@pytest.mark.parametrize("fetched", ["fetched", "not fetched"])
def test_a_submodule_is_known_by_the_checkout_without_its_files(
    paths: tuple[str, ...], fetched: str, tmp_path: Path
) -> None:
    """A checkout that does not fetch it has an empty folder, and the next one might have files."""
    put(tmp_path, "m/a.yaml", *(["m/sub/deep/c.yaml"] if fetched == "fetched" else []))
    (tmp_path / "m/sub/deep").mkdir(parents=True, exist_ok=True)
    (tmp_path / ".git").mkdir()
    modules = (
        '[submodule "other"]\n\tpath = lib\n\turl = x\n[submodule "s"]\n\tpath = "m/sub"\n\turl = ../s\n'
    )
    (tmp_path / ".gitmodules").write_text(modules)

    found = sources.read_sources(paths, Settings(), tmp_path)

    assert [each.code for each in found.diagnostics] == ["source.submodule"]
    assert all("sub" not in source.filename for source in found.files)


def checkout_with_gitlink(folder: Path, path: str) -> None:
    """A checkout whose index has a commit at `path`; `.gitmodules` lists none, and its folder is empty."""
    put(folder, "m/a.yaml")
    for arguments in (("init", "-q"), ("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},{path}")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    (folder / path).mkdir(parents=True)


@pytest.mark.parametrize(
    ("path", "paths", "shown"),
    [
        ("m/shared", ("m",), "m/shared"),
        ("m/deep/gem\u00fcse", (".",), "m/deep/gem\u00fcse"),
        ("m/b.yaml", ("m",), "m/b.yaml"),
        ("meetings", (), "meetings"),
        ("m/one", ("m/a.yaml", "m/one"), "m/one"),
    ],
)
def test_a_submodule_that_nothing_lists_is_known_by_the_index(
    path: str, paths: tuple[str, ...], shown: str, tmp_path: Path
) -> None:
    """A checkout with submodules fails at it, or has files in it: no two runs may see two specs."""
    checkout_with_gitlink(tmp_path, path)

    found = sources.read_sources(paths, Settings(), tmp_path, environ=os.environ)

    assert codes(found) == [("source.submodule", shown)]


def test_an_empty_folder_is_no_submodule(tmp_path: Path) -> None:
    checkout_with_gitlink(tmp_path, "m/shared")
    (tmp_path / "m/shared").rmdir()
    (tmp_path / "m/drafts").mkdir()

    found = sources.read_sources(("m",), Settings(), tmp_path, environ=os.environ)

    assert named(found) == ["m/a.yaml"]


def test_a_checkout_that_git_cannot_read_is_searched(tmp_path: Path) -> None:
    put(tmp_path, "m/a.yaml", ".git")
    (tmp_path / "m/drafts").mkdir()

    assert named(sources.read_sources(("m",), Settings(), tmp_path, environ=os.environ)) == ["m/a.yaml"]


def test_a_checkout_inside_of_a_submodule_is_read(tmp_path: Path) -> None:
    """The working folder may be a submodule of another repository: its own files are what is reviewed."""
    put(tmp_path, "sub/a.yaml")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitmodules").write_text('[submodule "s"]\n\tpath = sub\n')
    (tmp_path / "sub/.git").write_text("gitdir: ../.git/modules/s")

    assert named(sources.read_sources((".",), Settings(), tmp_path / "sub")) == ["a.yaml"]


def test_the_root_of_a_checkout_is_no_submodule(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", "m/b.yaml")
    (tmp_path / ".git").mkdir()

    assert named(sources.read_sources((".",), Settings(), tmp_path)) == ["a.yaml", "m/b.yaml"]


def test_a_link_that_stays_inside_is_no_harm(tmp_path: Path) -> None:
    put(tmp_path, "m/deep/a.yaml")
    (tmp_path / "m/again").symlink_to("deep")
    (tmp_path / "m/round").symlink_to(".")

    assert named(sources.read_sources(("m",), Settings(), tmp_path)) == ["m/deep/a.yaml"]


def test_links_that_leave_a_folder_are_reported(tmp_path: Path) -> None:
    put(tmp_path, "outside.yaml")
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.yaml").symlink_to("../outside.yaml")

    assert codes(sources.read_sources(("m",), Settings(), tmp_path)) == [("source.link", "m/a.yaml")]


def test_what_is_neither_file_nor_folder_is_not_opened(tmp_path: Path) -> None:
    """Opening a pipe would wait for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "m").mkdir()
    os.mkfifo(tmp_path / "m/pipe.yaml")

    assert codes(sources.read_sources(("pipe.yaml", "m"), Settings(), tmp_path)) == [
        ("source.kind", "pipe.yaml"),
        ("source.kind", "m/pipe.yaml"),
    ]


def test_a_file_that_is_too_large_is_reported(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(document.BYTES_MAX + 1)

    assert codes(sources.read_sources(("a.yaml",), Settings(), tmp_path)) == [("yaml.size", "a.yaml")]


def test_an_unreadable_file_or_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses, as it does without permission."""
    put(tmp_path, "m/a.yaml", "n/b.yaml")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    file = sources.read_sources(("m/a.yaml",), Settings(), tmp_path)
    monkeypatch.setattr(os, "scandir", refuse)
    folder = sources.read_sources(("n",), Settings(), tmp_path)

    assert [each.detail for each in (*file.diagnostics, *folder.diagnostics)] == [
        "`m/a.yaml`: Permission denied.",
        "`n`: Permission denied.",
    ]
    assert codes(file) + codes(folder) == [("source.unreadable", "m/a.yaml"), ("source.unreadable", "n")]


def test_a_path_that_cannot_be_checked_is_reported(tmp_path: Path) -> None:
    assert codes(sources.read_sources(("x" * 5000,), Settings(), tmp_path)) == [
        ("source.unreadable", "x" * 5000)
    ]


def test_missing_settings_are_the_defaults(tmp_path: Path) -> None:
    assert sources.read_settings(tmp_path).settings == Settings()


@pytest.mark.parametrize("name", ["reconciler.yml", ".reconciler.yaml", ".reconciler.yml"])
def test_settings_of_another_name_are_an_error(name: str, tmp_path: Path) -> None:
    """Else a run would take the defaults, and another state."""
    put(tmp_path, name)

    read = sources.read_settings(tmp_path)
    put(tmp_path, "reconciler.yaml")

    assert (read.settings, [(each.code, each.hint) for each in read.diagnostics]) == (
        None,
        [("settings.misnamed", f"Rename it: `mv {name} reconciler.yaml`.")],
    )
    assert "settings.misnamed" not in [each.code for each in sources.read_settings(tmp_path).diagnostics]


def test_a_spec_with_the_other_suffix_is_named(tmp_path: Path) -> None:
    put(tmp_path, "meetings.yml")

    (found,) = sources.read_sources((), Settings(), tmp_path).diagnostics

    assert (found.code, found.hint) == (
        "source.none",
        "`meetings.yml` is there: rename it, with `mv meetings.yml meetings.yaml`.",
    )


def test_settings_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").mkdir()

    read = sources.read_settings(tmp_path)

    assert (read.settings, [each.code for each in read.diagnostics]) == (None, ["source.kind"])


@pytest.mark.parametrize("path", ["../secret", "m/../../secret", "{tmp}/secret"])
def test_settings_name_nothing_outside_of_the_working_folder(path: str, tmp_path: Path) -> None:
    """A pull request may change them, and an error shows lines of what is read."""
    put(tmp_path, "secret", "work/m/a.yaml")
    written = f"specs: [m/, {path.format(tmp=tmp_path)}]".encode()
    declared = settings.parse(Source("reconciler.yaml", written)).settings
    assert declared

    found = sources.read_sources((), declared, tmp_path / "work")

    assert [source.filename for source in found.files] == ["m/a.yaml"]
    assert codes(found) == [("source.outside", "reconciler.yaml")]


def test_settings_are_no_link_out_of_the_working_folder(tmp_path: Path) -> None:
    put(tmp_path, "secret", "work/a.yaml")
    (tmp_path / "work/reconciler.yaml").symlink_to("../secret")

    found = sources.read_settings(tmp_path / "work")

    assert (found.settings, [each.code for each in found.diagnostics]) == (None, ["source.link"])
