"""Every behaviour of the API that is doubtful, or differs by account or host, as a switch.

The defaults are a paid account of a patient kind; where nobody knows what the
API does, the default is what is harder for a client.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reconciler.ports import Json


PER_SECOND: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "free": {"Light": 4, "Medium": 2},
        "pro": {"Light": 30, "Medium": 20},
        "business": {"Light": 80, "Medium": 60},
    }
)
"""Requests a second, by plan and by label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How the emulated account behaves. `per_host` holds other values for single hosts."""

    # Who may come in.
    owner: str = "owner@example.com"
    """Whom `me` means."""
    users: tuple[str, ...] | None = None
    """The only e-mails that exist; None: every well-formed one does."""
    clients: Mapping[str, str] | None = None
    """Client ids and their secrets; None: all are let in."""
    account_ids: tuple[str, ...] | None = None
    """Account ids that exist; None: all do."""
    scopes: tuple[str, ...] | None = None
    """What new tokens may do; None: everything."""
    static_tokens: tuple[str, ...] = ("sandbox",)
    """Tokens that hold without having been issued, and for ever."""
    token_seconds: int = 3600
    new_token_revokes_old: bool = False

    # The daily limit of a host.
    daily_limit: int = 100
    refused_requests_count: bool = True
    """Whether a create or update that is refused for its body is charged as well."""
    delete_counts: bool = False
    status_counts: bool = False
    patch_charged_per_meeting: bool = False
    """True: each meeting may be updated `daily_limit` times, and its host pays nothing."""
    spent_elsewhere: int = 0
    """What other apps have spent of each host's limit, every day."""
    daily_429: Literal["seen", "headers", "bare", "parked"] = "seen"
    """seen: headers tell the account's quota. headers: the host's. bare: none. parked: an ISO Retry-After."""
    daily_429_code: int = 429

    # The limits of the account.
    plan: Literal["free", "pro", "business", "off"] = "business"
    """Whose limits per second hold; off: none."""
    per_second_window: Literal["fixed", "sliding"] = "fixed"
    per_second_429_code: int = 429
    create_label: Literal["Light", "Medium"] = "Medium"
    account_daily_limit: int | None = None
    """Requests of every kind a UTC day; None: no end."""
    ratelimit_headers: Literal["category", "host", "none"] = "category"
    """On ordinary answers. host: creates and updates tell the host's own limit as well."""

    # Time.
    latency_seconds: float = 0.0
    """How long an answer takes; the request is carried out half-way."""
    list_lag_seconds: float = 0.0
    """How long a new meeting stays out of lists."""
    read_lag_seconds: float = 0.0
    """How long a read still shows what was before a write."""

    # Lists.
    page_size_max: int = 300
    list_occurrences: bool = False
    """A series comes once for each of its coming occurrences, under the same id."""
    list_forbidden: bool = False
    """Lists answer 403/2306."""
    page_token_seconds: int = 900

    # The host.
    user_type: int = 2
    """1 Basic: registration is stripped. 2 Licensed."""
    user_timezone: str = "UTC"
    may_host: bool = True
    may_be_scheduled_for: bool = True
    passcode_required: bool = True
    """A meeting without a passcode gets one, unless `default_password` is false."""
    passcode_locked: bool = False
    """`default_password: false` does not help against it."""
    passcode_digits_only: bool = False
    passcode_length_min: int = 0

    # What is stored otherwise than it was sent.
    safeguard_forced: bool = True
    """Without passcode and sign-in the waiting room comes on."""
    waiting_room_forced: bool = False
    waiting_room_hides_join_before_host: bool = False
    """`join_before_host` reads false under a waiting room."""
    breakout_rooms_allowed: bool = True
    interpretation_allowed: bool = True
    approval_type_forced: bool = False
    """`approval_type` stays 2 whatever was sent."""
    registration_needs_start: bool = True
    """`approval_type` stays 2 on type 3."""
    meeting_authentication: bool = False
    """The value of the host where a meeting names none."""
    pmi_forced: bool = False
    """Scheduled meetings become type 4, on the personal id."""
    locked_settings: Mapping[str, Json] = field(default_factory=dict)
    """Settings of the account that win over the request."""
    dropped_settings: tuple[str, ...] = ()
    """Settings that are taken and forgotten, as without the plan for them."""
    tracking_fields: tuple[str, ...] | None = None
    """The account's own; others are refused, all are read back. None: any is taken."""
    lists_reordered: bool = False
    """Lists come back turned round, and `alternative_hosts` with commas."""
    contacts_filled: bool = True
    """`contact_name` and `contact_email` come back with the host's own."""
    empty_agenda: bool = False
    """An agenda that was never set reads as empty text instead of being absent."""
    end_date_moved: bool = False
    """`end_date_time` reads back as the end of that day in the meeting's zone."""
    both_ends: Literal["end_times", "end_date_time"] = "end_times"
    """Which end of a series holds where both were sent."""
    patched_start_needs_recurrence: bool = False
    """A new start of a series is refused unless its rule comes along."""
    nested_settings: Literal["merged", "replaced"] = "merged"
    """What an update does to a setting that is an object."""
    long_text: Literal["refused", "cut"] = "refused"

    # The rest.
    webinars: tuple[int, ...] = ()
    """Ids that belong to webinars."""
    running: tuple[int, ...] = ()
    """Ids of meetings that are in session."""
    join_host: str = "zoom.example"
    """Where join links lead; not the real one, since a made-up id may be somebody's meeting."""

    per_host: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """{e-mail or user id: {switch: value}}."""

    def for_host(self, user_id: str, email: str) -> Switches:
        """As they are for one host."""
        if not self.per_host:
            return self
        for name, own in self.per_host.items():
            if name == user_id or name.casefold() == email.casefold():
                return changed(self, own)
        return self

    def to_json(self) -> dict[str, Json]:
        """All of them by name."""
        return asdict(replace(self, locked_settings={}, per_host={}, clients=None)) | {
            "locked_settings": dict(self.locked_settings),
            "per_host": {host: dict(own) for host, own in self.per_host.items()},
            "clients": sorted(self.clients) if self.clients is not None else None,
        }


def changed(switches: Switches, document: Mapping[str, Json]) -> Switches:
    """The same with the values of a JSON object. Raises ValueError for a name or a value that is none."""
    if not isinstance(document, Mapping):
        raise ValueError("switches are a JSON object")  # noqa: TRY004 - it is about a value, as all others here
    known = {each.name: str(each.type) for each in fields(Switches)}
    if unknown := sorted(set(document) - set(known)):
        raise ValueError(f"no such switch: {', '.join(unknown)}")
    for name, value in document.items():
        if not _fits(known[name], value):
            raise ValueError(f"the switch {name} cannot be {value!r}; it is {known[name]}")
    return replace(switches, **{name: _frozen(value) for name, value in document.items()})


def _fits(annotation: str, value: Json) -> bool:
    """Whether a JSON value is what the text of an annotation says."""
    if annotation.startswith("Literal"):
        return value in literal_eval(annotation.removeprefix("Literal"))
    if value is None:
        return annotation.endswith("| None")
    kind = annotation.partition("[")[0].partition(" ")[0]
    wanted = {
        "tuple": (list, tuple),
        "Mapping": (Mapping,),
        "float": (float, int),
        "int": (int,),
        "str": (str,),
    }
    return isinstance(value, wanted.get(kind, (bool,))) and isinstance(value, bool) == (kind == "bool")


def _frozen(value: Json) -> Json:
    return tuple(value) if isinstance(value, list) else value
