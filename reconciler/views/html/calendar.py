"""The page of a calendar: template, style, script and data in one file that loads nothing.

The page allows its own script and style by their digests and nothing else (`Content-Security-Policy`).
The dates are data that the script reads: no value is part of a script, and the script writes them as text.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from jinja2 import Environment, StrictUndefined

from reconciler.meeting.timezones import utc_text
from reconciler.resources import page
from reconciler.views.html.compact import compact
from reconciler.views.json import calendar as json_calendar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.views.html.compact import Clashing
    from reconciler.views.results import Calendar
    from reconciler.views.style import TextStyle

_IN_A_SCRIPT_BLOCK = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)
"""Characters that could end the data block or open a comment in it, as JSON escapes them."""


def calendar(calendar: Calendar, _: TextStyle | None = None) -> str:
    """Return the page of a calendar."""
    clashing = {(key, utc_text(start_at)) for key, start_at in calendar.clashing}
    return page_of(orjson.loads(json_calendar.calendar(calendar)), clashing)


_FILE = "calendar"
"""The name of the page's style and script, before the suffix."""


def page_of(document: Mapping[str, Any], clashing: Clashing = frozenset()) -> str:
    """Return the page of a calendar's JSON document. The same document gives the same bytes."""
    style, script = (page(f"{_FILE}.{suffix}").decode() for suffix in ("css", "js"))
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src {_digest(script)}; style-src {_digest(style)}"
    )
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        page("calendar.html.jinja").decode()
    )
    return template.render(
        document=document,
        holds_passcodes="holds_passcodes" in document,
        policy=policy,
        style=style,
        script=script,
        data=_data_block(compact(document, clashing)),
    )


def _digest(text: str) -> str:
    """Return the source expression by which a policy allows exactly this script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _data_block(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode().translate(_IN_A_SCRIPT_BLOCK)
