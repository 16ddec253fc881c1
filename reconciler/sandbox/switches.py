"""Switches: every behaviour of the API that is uncertain, or differs by account or host.

The defaults are a lenient paid account; where the behaviour of the API is unknown, the default is the one
that is harder for a client.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import asdict, replace

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


class Switches(Struct, frozen=True, kw_only=True):
    """The behaviour of the emulated account. `per_host` has other values for single hosts."""

    sends_date: bool = True
    """Whether answers name the time; HTTP allows a server without a clock to leave it out."""

    # Users and credentials.
    owner: str = "owner@example.com"
    """The user that `me` means."""
    users: tuple[str, ...] | None = None
    """The only e-mails that exist; None: every well-formed one does."""
    clients: Mapping[str, str] | None = None
    """Client ids and their secrets; None: any is accepted."""
    account_ids: tuple[str, ...] | None = None
    """Account ids that exist; None: any does."""
    scopes: tuple[str, ...] | None = None
    """Scopes of new tokens; None: all."""
    static_tokens: tuple[str, ...] = ("sandbox",)
    """Tokens that are valid for ever without being issued."""
    token_seconds: int = 3600
    new_token_revokes_old: bool = False

    # The daily limit of a host.
    daily_limit: int = 100
    refused_requests_count: bool = True
    """Charge a create or update that is refused for its body as well."""
    delete_counts: bool = False
    status_counts: bool = False
    patch_charged_per_meeting: bool = False
    """True: each meeting may be updated `daily_limit` times, and its host is not charged."""
    spent_elsewhere: int = 0
    """Requests of each host that other apps use every day."""
    daily_429: Literal["seen", "headers", "bare", "parked"] = "seen"
    """seen: headers give the account's quota. headers: the host's. bare: none. parked: an ISO Retry-After."""
    daily_429_code: int = 429

    # The limits of the account.
    plan: Literal["free", "pro", "business", "off"] = "business"
    """The plan whose limits per second hold; off: none."""
    per_second_window: Literal["fixed", "sliding"] = "fixed"
    per_second_429_code: int = 429
    create_label: Literal["Light", "Medium"] = "Medium"
    account_daily_limit: int | None = None
    """Requests of every kind a UTC day; None: unlimited."""
    ratelimit_headers: Literal["category", "host", "none"] = "category"
    """On ordinary replies. host: creates and updates also give the host's own limit."""

    # Time.
    latency_seconds: float = 0.0
    """Time that a reply takes; the request is carried out halfway."""
    list_lag_seconds: float = 0.0
    """Time for which lists do not show a new meeting."""
    read_lag_seconds: float = 0.0
    """Time for which a read still shows the version before a write."""
    times_without_z: bool = False
    """Starts, and ends of series, are replied as wall times in the meeting's zone, without the `Z`."""
    misshapen: Mapping[str, Json] = {}
    """Values that replace parts of every meeting in a reply, by dotted path: `{"recurrence.type": []}`."""

    # Lists.
    page_size_max: int = 300
    list_occurrences: bool = False
    """List a series once for each upcoming occurrence, under the same id."""
    list_forbidden: bool = False
    """Lists reply 403/2306."""
    page_token_seconds: int = 900

    # The host.
    user_type: int = 2
    """1 Basic: registration is stripped. 2 Licensed."""
    user_timezone: str = "UTC"
    may_host: bool = True
    may_be_scheduled_for: bool = True
    zones: Literal["iana", "listed"] = "iana"
    """listed: only the time zones of Zoom's own list of 2021 are taken."""
    passcode_required: bool = True
    """A meeting without a passcode gets one, unless `default_password` is false."""
    passcode_locked: bool = False
    """`default_password: false` has no effect."""
    passcode_digits_only: bool = False
    passcode_length_min: int = 0
    passcode_needs: tuple[str, ...] = ()
    """Parts that a passcode must have, by their names in `validation.PASSCODE_NEEDS`."""
    passcode_run_length: int = 0
    """So many consecutive characters, as in 1234, are refused; 0: none."""
    tracking_fields_required: tuple[str, ...] = ()
    """The account's fields that every meeting should have. None is refused for lacking one."""

    # Silent changes.
    safeguard_forced: bool = True
    """Without passcode and sign-in, the waiting room is turned on."""
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
    """The host's value, for a meeting without its own."""
    pmi_forced: bool = False
    """Scheduled meetings become type 4, on the personal id."""
    locked_settings: Mapping[str, Json] = {}
    """Settings of the account that override the request."""
    dropped_settings: tuple[str, ...] = ()
    """Settings that are accepted and ignored, as when the Zoom subscription lacks the feature."""
    tracking_fields: tuple[str, ...] | None = None
    """The account's fields; others are refused, and all are returned. None: any is accepted."""
    lists_reordered: bool = False
    """Lists are returned in reverse, and `alternative_hosts` with commas."""
    contacts_filled: bool = True
    """`contact_name` and `contact_email` default to the host."""
    empty_agenda: bool = False
    """An agenda that was never set reads as empty text instead of being absent."""
    end_date_moved: bool = False
    """`end_date_time` reads back as the end of that day in the meeting's zone."""
    both_ends: Literal["end_times", "end_date_time"] = "end_times"
    """The end of a series that is kept where both are sent."""
    patched_start_needs_recurrence: bool = False
    """A new start of a series is refused without its recurrence."""
    nested_settings: Literal["merged", "replaced"] = "merged"
    """How an update treats a setting that is an object."""
    long_text: Literal["refused", "cut"] = "refused"
    trimmed_topics: bool = False
    """Topics are stored without spaces around them, and with single ones inside."""
    zone_names: Mapping[str, Json] = {}
    """Time zones that are stored under another name: {sent: stored}."""

    # Single dates of a series.
    dates_forgotten: Literal["change", "rule", "update"] = "rule"
    """Updates of a series that undo the changes of its single dates. change: its rule becomes another.
    rule: its start, zone or rule is sent, even if it stays the same. update: any update."""
    moved_date_keeps_id: bool = False
    """False: a date that is moved gets the id of its new start."""

    # Others.
    held_fields: tuple[str, ...] = ()
    """Fields that an update of a meeting or a date leaves as they are, although it is accepted, by name or as
    `settings.NAME`."""
    webinars: tuple[int, ...] = ()
    """Ids that belong to webinars."""
    running: tuple[int, ...] = ()
    """Ids of meetings that are in session."""
    join_host: str = "zoom.example"
    """The host of join links; not the real one, since a made-up id may be somebody's meeting."""

    per_host: Mapping[str, Mapping[str, Json]] = {}
    """{e-mail or user id: {switch: value}}."""

    def for_host(self, user_id: str, email: str) -> Switches:
        """Return the switches for one host."""
        if not self.per_host:
            return self
        for name, own in self.per_host.items():
            if name == user_id or name.casefold() == email.casefold():
                return changed(self, own)
        return self

    def to_json(self) -> dict[str, Json]:
        """Return every switch by name."""
        return asdict(replace(self, locked_settings={}, per_host={}, zone_names={}, clients=None)) | {
            "locked_settings": dict(self.locked_settings),
            "zone_names": dict(self.zone_names),
            "per_host": {host: dict(own) for host, own in self.per_host.items()},
            "clients": sorted(self.clients) if self.clients is not None else None,
        }


def changed(switches: Switches, document: Mapping[str, Json]) -> Switches:
    """Return `switches` with the values of a JSON object. Raises ValueError for an unknown name or value.

    The switches of single hosts in `per_host` are checked too.
    """
    if not isinstance(document, Mapping):
        raise ValueError("switches are a JSON object")  # noqa: TRY004 - a wrong value, as every error here
    known = Switches.__annotations__
    if unknown := sorted(set(document) - set(known)):
        raise ValueError(f"no such switch: {', '.join(unknown)}")
    for name, value in document.items():
        if not _fits(known[name], value):
            raise ValueError(f"the switch {name} cannot be {value!r}; it is {known[name]}")
    for own in document.get("per_host", {}).values():
        changed(Switches(), own)
    return replace(switches, **{name: _frozen(value) for name, value in document.items()})


def _fits(annotation: str, value: Json) -> bool:
    """Return True where a JSON value has the annotated type."""
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
