"""A judge of applies who was not there: it reads what the API saw and what the store kept, nothing else.

A log has both in the order in which they happened: each request with the API's own answer, whatever the
client saw of it, and each version of the state. `python tests/faults/auditor.py LOG` reads it as JSON lines.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

WRITES = ("POST", "PATCH")
"""What costs a request of a host's day."""

UNIT_DAYS = {1: 1, 2: 7, 3: 31}
"""How many days a rule's unit has at most."""

NO_MEETING = 3001
"""The API's word for a meeting that is not there."""

KINDS = ("twin", "unbegun", "uncharged", "stray", "lost", "serial")
"""What can be found; see the methods of `Auditor` that find it."""


class Exchange(Struct, frozen=True):
    """A request that reached the API at an aware instant, and how the API answered it.

    `by_hand` is a request of a person, who asks no store before it.
    """

    at: datetime
    method: str
    path: str
    query: Mapping[str, str] = {}
    sent: Any = None
    status: int = 0
    answer: Any = None
    by_hand: bool = False

    @property
    def parts(self) -> list[str]:
        """The path without the version of the API: `users`, the host, `meetings`."""
        return self.path.strip("/").split("/")[1:]

    @property
    def is_create(self) -> bool:
        """Whether it asks for a new meeting."""
        return self.method == "POST" and self.parts[:1] == ["users"] and self.parts[2:] == ["meetings"]

    @property
    def number(self) -> int | None:
        """The meeting that it is about, if it is about one."""
        parts = self.parts
        return int(parts[1]) if parts[:1] == ["meetings"] and len(parts) > 1 and parts[1].isdigit() else None

    @property
    def is_done(self) -> bool:
        """Whether the API did it."""
        return 200 <= self.status < 300


class Version(Struct, frozen=True):
    """A document that the store took at an aware instant."""

    at: datetime
    document: bytes


class Finding(Struct, frozen=True):
    """What did not hold, when."""

    kind: str
    at: datetime
    words: str


Entry = Exchange | Version


def audit(log: Iterable[Entry], let_go: Collection[int] = ()) -> list[Finding]:
    """What does not hold in a log. `let_go` are the meetings that people decided to leave in Zoom."""
    auditor = Auditor(let_go)
    for entry in log:
        auditor.take(entry)
    return auditor.findings


class Auditor:
    """What is known of Zoom and of the state after each entry of a log."""

    def __init__(self, let_go: Collection[int] = ()) -> None:
        self.findings: list[Finding] = []
        self._let_go = let_go
        self._now: datetime = datetime.min.replace(tzinfo=UTC)
        self._state: dict[str, Any] = {}
        self._keys: dict[int, str] = {}
        """The key of each meeting that lives and was made by us, or is recorded."""
        self._made: set[int] = set()
        self._gone: set[int] = set()
        self._owners: dict[int, str] = {}
        self._names: dict[str, str] = {}
        """The user id of each name."""
        self._spent: Counter[tuple[str, str]] = Counter()

    def take(self, entry: Entry) -> None:
        """Look at the next entry."""
        self._now = entry.at
        if isinstance(entry, Version):
            self._keep(entry.document)
        else:
            self._see(entry)

    def _find(self, kind: str, words: str) -> None:
        self.findings.append(Finding(kind, self._now, words))

    # Requests

    def _see(self, one: Exchange) -> None:
        payer = self._payer(one)
        keys = self._begun(one)
        if payer is not None and not one.by_hand:
            self._look_for_intent(one, keys)
        if payer and keys and not one.by_hand:
            self._look_for_charge(one, payer)
        if one.is_done:
            if payer and not one.by_hand:
                self._spent[self._day, payer] += 1
            self._learn(one)
            if one.is_create:
                self._born(one.answer["id"], keys)
        if one.number is not None and _has_ended(one):
            self._gone.add(one.number)
            self._keys.pop(one.number, None)

    def _payer(self, one: Exchange) -> str | None:
        """The host whose day a request costs; empty where nobody said whose meeting it is."""
        if one.is_create:
            return one.parts[1]
        return self._owners.get(one.number or 0, "") if one.method == "PATCH" and one.number else None

    def _begun(self, one: Exchange) -> list[str]:
        """The keys of the intents that a request can be of."""
        intents = self._state.get("intents", {}).items()
        if one.is_create and one.sent is None:  # its sender died before the body: it is of any of them
            return [key for key, _ in intents]
        if one.is_create:
            topic = _plain((one.sent or {}).get("topic"))
            return [key for key, intent in intents if _plain(intent["attributes"].get("topic")) == topic]
        return [key for key, intent in intents if intent.get("id") == one.number]

    def _look_for_intent(self, one: Exchange, keys: list[str]) -> None:
        """`unbegun`: what reaches the API is in the state before."""
        if not keys:
            self._find("unbegun", f"{one.method} {one.path} without a durable intent")

    def _look_for_charge(self, one: Exchange, payer: str) -> None:
        """`uncharged`: so is its charge."""
        charged, spent = self._charged(payer), self._spent_by(payer)
        if charged <= spent:
            self._find("uncharged", f"{one.method} {one.path}: {spent} were done, {charged} are charged")

    def _born(self, number: int, keys: list[str]) -> None:
        """`twin`: no other meeting of its key lives, apart from those that it replaces."""
        if not keys:
            return
        key = keys[0]
        twins = [
            other for other, name in self._keys.items() if name == key and not self._is_replaced(other, key)
        ]
        if twins:
            self._find("twin", f"{key} has {number} and {twins}")
        self._keys[number] = key
        self._made.add(number)

    def _is_replaced(self, number: int, key: str) -> bool:
        if number in {gone["id"] for gone in self._state["retired"]} or number in self._let_go:
            return True
        intent = self._state["intents"].get(key, {})
        return intent.get("action") == "replace" and self._recorded().get(number) == key

    # Who is who

    def _learn(self, one: Exchange) -> None:
        """What an answer tells of users and of meetings."""
        answer = one.answer if isinstance(one.answer, dict) else {}
        if one.parts[:1] == ["users"] and len(one.parts) == 2 and "id" in answer:
            self._names |= {
                one.parts[1].casefold(): answer["id"],
                str(answer.get("email")).casefold(): answer["id"],
            }
        for body in (answer, *answer.get("meetings", ())):
            if isinstance(body.get("id"), int) and "host_id" in body:
                self._owners[body["id"]] = body["host_id"]
                if "host_email" in body:
                    self._names[body["host_email"].casefold()] = body["host_id"]

    def _user(self, name: str) -> str:
        folded = name.casefold()
        return self._names.get(folded) or self._state.get("hosts", {}).get(folded) or name

    def _charged(self, payer: str) -> int:
        user, ledger = self._user(payer), self._state.get("usage", {}).get(self._day, {})
        return sum(count for name, count in ledger.items() if self._user(name) == user)

    def _spent_by(self, payer: str) -> int:
        user = self._user(payer)
        return sum(
            count
            for (day, name), count in self._spent.items()
            if day == self._day and self._user(name) == user
        )

    @property
    def _day(self) -> str:
        return self._now.date().isoformat()

    # Versions

    def _keep(self, document: bytes) -> None:
        before, state = self._state, _read(document)
        if state is None:
            self._find("lost", "a version cannot be read")
            return
        self._look_at_serial(before, state)
        self._state = state
        self._follow(before)
        self._keys |= {number: key for number, key in self._recorded().items() if number not in self._gone}
        self._look_for_strays()
        self._look_for_lost(before)

    def _look_at_serial(self, before: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """`serial`: it rises by one. `lost`: where it does not rise, a version was written over."""
        serial, last = state["serial"], before.get("serial", 0)
        if serial <= last:
            self._find("lost", f"serial {serial} after {last}: a version was written over")
        elif serial != last + 1:
            self._find("serial", f"serial {serial} after {last}")
        if before and state["lineage"] != before["lineage"]:
            self._find("serial", f"lineage {state['lineage']} after {before['lineage']}")

    def _look_for_strays(self) -> None:
        """`stray`: what was made is recorded, retired, or still begun."""
        known = self._known() | set(self._let_go)
        for number in sorted(self._made - self._gone - known):
            key = self._keys.get(number)
            if key in self._state["intents"]:
                continue
            self._made.discard(number)  # said once
            self._find("stray", f"{number}, made for {key}, is in Zoom and in no record")

    def _follow(self, before: Mapping[str, Any]) -> None:
        """A begun request that took another key: what it made is of that one."""
        then, now = before.get("intents", {}), self._state["intents"]
        moved = {_identity(now[key]): key for key in now.keys() - then.keys()}
        for key in then.keys() - now.keys():
            new = moved.get(_identity(then[key]))
            if new is not None:
                self._keys |= {number: new for number, name in self._keys.items() if name == key}

    def _look_for_lost(self, before: Mapping[str, Any]) -> None:
        """`lost`: what was recorded is recorded until it is gone, over or let go."""
        known = self._known() | self._gone | set(self._let_go)
        for key, record in before.get("meetings", {}).items():
            if record["id"] not in known and not _is_over(record["attributes"], self._now):
                self._find("lost", f"{record['id']}, recorded as {key}, is in Zoom and in no record")

    def _recorded(self) -> dict[int, str]:
        return {record["id"]: key for key, record in self._state.get("meetings", {}).items()}

    def _known(self) -> set[int]:
        return {*self._recorded(), *(gone["id"] for gone in self._state.get("retired", ()))}


def _identity(intent: Mapping[str, Any]) -> tuple[str, ...]:
    """What stays of a begun request when its key changes."""
    return (
        intent["action"],
        intent["host"],
        intent["first_begun_at"],
        _plain(intent["attributes"].get("topic")),
    )


def _plain(topic: Any) -> str:
    return " ".join(str(topic).split())[:200]


def _has_ended(one: Exchange) -> bool:
    """Whether a meeting is gone: deleted whole, or not found."""
    if one.status == 404 and isinstance(one.answer, dict):
        return bool(one.answer.get("code") == NO_MEETING)
    return one.method == "DELETE" and one.is_done and "occurrence_id" not in one.query


def _read(document: bytes) -> dict[str, Any] | None:
    try:
        state = json.loads(document)
    except ValueError:
        return None
    return state if isinstance(state, dict) and {"serial", "lineage", "meetings"} <= state.keys() else None


def _is_over(attributes: Mapping[str, Any], now: datetime) -> bool:
    """Whether all its dates are over, so that its record is dropped; to the day."""
    if "start_time" not in attributes:
        return False
    rule = attributes.get("recurrence") or {}
    days = (
        UNIT_DAYS.get(rule.get("type", 1), 31) * rule.get("repeat_interval", 1) * (rule.get("end_times") or 1)
    )
    start = datetime.fromisoformat(attributes["start_time"]).replace(tzinfo=now.tzinfo)
    end = datetime.fromisoformat(rule.get("end_date_time") or "0001-01-01").replace(tzinfo=now.tzinfo)
    return max(start + timedelta(days=days), end) < now + timedelta(
        days=UNIT_DAYS.get(rule.get("type", 1), 31)
    )


# A log as lines


def line(entry: Entry) -> str:
    """An entry as a line of JSON."""
    at = entry.at.isoformat()
    if isinstance(entry, Version):
        return json.dumps({"type": "version", "at": at, "document": entry.document.decode()})
    names = ("method", "path", "sent", "status", "answer", "by_hand")
    values = {name: getattr(entry, name) for name in names}
    return json.dumps({"type": "request", "at": at, **values, "query": dict(entry.query)})


def read(text: str) -> list[Entry]:
    """The entries of a log, by their instants: two logs may be put one behind the other."""
    entries = [_entry(json.loads(each)) for each in text.splitlines() if each.strip()]
    return sorted(entries, key=lambda entry: entry.at)


def _entry(values: dict[str, Any]) -> Entry:
    at = datetime.fromisoformat(values.pop("at"))
    if values.pop("type") == "version":
        return Version(at, values["document"].encode())
    return Exchange(at, **values)


def main() -> int:
    """Exit status 1 where something does not hold."""
    log = read("\n".join(Path(name).read_text() for name in sys.argv[1:]))
    found = audit(log)
    for each in found:
        sys.stdout.write(f"{each.at:%Y-%m-%dT%H:%M:%SZ} {each.kind}: {each.words}\n")
    versions = sum(isinstance(entry, Version) for entry in log)
    sys.stdout.write(f"{len(log) - versions} requests, {versions} versions, {len(found)} findings\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
