"""Results of commands that list: checks of `doctor`, explanations, join links, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.views.json.diagnostics import diagnostic_json
from reconciler.views.json.encode import FORMAT_VERSION, line
from reconciler.views.results import Check, CheckStatus, JoinLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.errors.explanations.table import Explanation
    from reconciler.views.style import TextStyle


def doctor(checks: Sequence[Check], _: TextStyle) -> str:
    """Return `{format_version, ok, checks: [{name, status, summary, code, remedy}]}`."""
    rows = [
        {
            "name": check.name,
            "status": check.status,
            "summary": check.summary,
            "code": check.code,
            "remedy": check.remedy,
        }
        for check in checks
    ]
    passed = all(check.status is not CheckStatus.FAIL for check in checks)
    return line({"format_version": FORMAT_VERSION, "ok": passed, "checks": rows})


def explain(explanations: Sequence[Explanation], _: TextStyle) -> str:
    """Return `{format_version, codes: [{code, means, why, do, example}]}`."""
    rows = [
        {"code": each.code, "means": each.means, "why": each.why, "do": each.do, "example": each.example}
        for each in explanations
    ]
    return line({"format_version": FORMAT_VERSION, "codes": rows})


_LINK = ("key", "id", "host", "topic", "next_at", "join_url", "timezone")


def links(links: Sequence[JoinLink], diagnostics: Sequence[Diagnostic]) -> str:
    """Return `{format_version, links: [{key, id, host, topic, next_at, …}], diagnostics}`."""
    rows = [{name: getattr(link, name) for name in _LINK} for link in links]
    errors = [diagnostic_json(diagnostic) for diagnostic in diagnostics]
    return line({"format_version": FORMAT_VERSION, "links": rows, "diagnostics": errors})
