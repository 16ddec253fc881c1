"""Lays a file out anew, and compares: a value that changed or a comment that is gone refuses the new text.

The comparison reads both texts with the project's own parser, not with the library that laid them out.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Mapping

from reconciler.ports import Json
from reconciler.spec.layout import _comments, _order, _reader, _repeats
from reconciler.spec.layout._renderer import render
from reconciler.spec.layout.tree import UnkeepableError
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.comments import comments
from reconciler.spec.yaml.document import Document, Source, collector_off

_NOTHING: Mapping[str, Mapping[str, Json]] = {}


def is_installed() -> bool:
    """Return whether the extra `fmt` is installed. Nothing is loaded."""
    return _reader.is_installed()


SECTIONS = frozenset(
    {"defaults", "templates", "people", "closures", "audience", "meetings", "moved", "imports", "removed"}
)
"""The parts of a spec besides its version."""

VERSION = 1
"""The `version` of a spec."""


_SAYS_SO = re.compile(r"^#.*\$schema=\S*meetings\.schema\.json\b", re.MULTILINE)
_PARTS = "|".join(sorted(SECTIONS - {"defaults"}))
_LOOKS_SO = re.compile(
    rf"^(?:(?P<quote>[\"']?)version(?P=quote)\s*:\s*1\s*$|(?P<mark>[\"']?)(?:{_PARTS})(?P=mark)\s*:)",
    re.MULTILINE,
)
"""Lines of a file that cannot be read: `defaults` alone may be a workflow's."""

_TOKEN = re.compile(
    r"(?P<opens>[{\[])|(?P<closes>[}\]])"
    r"|(?P<ours>(?P<quote>[\"'])(?:meetings(?P=quote)\s*+:|version(?P=quote)\s*+:\s*+1[\s,}]))"
    r"|\"(?:[^\"\\\n]|\\.)*+\"?|'[^'\n]*+'?"
)
"""Braces, keys of a spec and other strings of JSON; one without an end is taken to the end of its line."""


def is_spec(document: Document) -> bool:
    """Return whether a file is meant as a spec, by its first comment or by its parts; an empty one may be.

    A workflow, a file of policies or of another tool has other parts.
    """
    if (document.value is None and document.is_sound) or _SAYS_SO.search(document.text):
        return True
    if not document.is_sound:
        return _looks_so_in_json(document.text) or _LOOKS_SO.search(document.text) is not None
    if not isinstance(document.value, dict):
        return False
    parts = document.value.keys() - {"version"}
    is_ours = document.value.get("version") == VERSION and not SECTIONS.isdisjoint(parts)
    return is_ours or "meetings" in parts or parts <= SECTIONS


def _looks_so_in_json(text: str) -> bool:
    """Return whether a broken text in braces has a part of a spec at its top level, as far as that shows."""
    if not text.lstrip().startswith("{"):
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["ours"] and depth == 1:
            return True
        depth += bool(token["opens"]) - bool(token["closes"])
    return False


def lay_out(
    document: Document, content: bytes, repeats: Mapping[str, Mapping[str, Json]] = _NOTHING
) -> bytes:
    """Return the bytes of a sound document in the one layout; `content` itself where nothing changes.

    `repeats` has the rules, by key of their meeting, that are written as `repeat` from now on. Raises
    `UnkeepableError`.
    """
    if document.value is None:
        return content
    text = document.text.replace("\r\n", "\n")
    with collector_off():
        new = _rendered(text, repeats)
        written = _encoded(new, document.text, content)
        if written != content:
            check_kept(document, text, new, repeats)
    return written


def _rendered(text: str, repeats: Mapping[str, Mapping[str, Json]]) -> str:
    try:
        parts = _comments.attach(text, _reader.read(text))
    except RecursionError as error:
        raise UnkeepableError("It is nested too deeply.") from error
    _repeats.write(parts, repeats)
    _order.arrange(parts)
    return render(parts)


def _encoded(new: str, old: str, content: bytes) -> bytes:
    """Return the bytes of the new text, with the line ends and the byte order mark of the old one."""
    first = old.find("\n")
    if first > 0 and old[first - 1] == "\r":
        new = new.replace("\n", "\r\n")
    mark = BOM_UTF8 if content.startswith(BOM_UTF8) else b""
    return mark + new.encode()


def check_kept(
    before: Document, old: str, new: str, repeats: Mapping[str, Mapping[str, Json]] = _NOTHING
) -> None:
    """Raise `UnkeepableError` if the new text declares something else, or lacks a comment of the old one."""
    after = documents.parse(Source(before.filename, new.encode()))
    if not after.is_sound or not _is_same(_bare(before.value, repeats), _bare(after.value, repeats)):
        raise UnkeepableError("It would not declare the same any more.")
    lost = Counter(comments(old)) - Counter(comments(new))
    if lost:
        raise UnkeepableError(f"{lost.total()} of its comments would be lost.")


def _bare(value: Json, repeats: Mapping[str, Mapping[str, Json]]) -> Json:
    """Return a file without the rules that are written as `repeat`: the whole spec is compared for them."""
    if not repeats:
        return value
    meetings = dict(value["meetings"])
    for key in repeats:
        meetings[key] = {
            name: each for name, each in meetings[key].items() if name not in ("type", "recurrence", "repeat")
        }
    return {**value, "meetings": meetings}


def _is_same(one: Json, other: Json) -> bool:
    """Return whether two values are equal and of one type, whatever the order of their fields."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(each, other[name]) for name, each in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)
