"""What must hold, looked at whenever something leaves, arrives or is written, and after every run."""

from __future__ import annotations

import base64
import json
from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING

from auditor import Exchange, Version, audit

from reconciler.errors.exceptions import StateError
from reconciler.meeting.closures import NO_DATES
from reconciler.state import document as state_document
from reconciler.state.state import State, used
from reconciler.stores import lock as locks
from reconciler.stores.leased.place import LOCK, STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import httpx
    from memory_place import Documents

    from reconciler.meeting.meeting import Meeting
    from reconciler.ports import Json
    from reconciler.sandbox.account import StoredMeeting
    from simulator.machine import Machine
    from simulator.network import Zoom
    from simulator.team import Team


from simulator.calendar import shown, written
from simulator.chronicle import Chronicle
from simulator.hands import LINGERS_SECONDS, Mandate
from simulator.team import PASSCODE

BASIC = base64.b64encode(b"client:client-secret").decode()
SECRETS = (PASSCODE, "start_url", "zak=", "pwd=", BASIC, "client-secret")
"""What no document and no event may hold, besides the tokens."""


PATHS = {"start": "start_time", "waiting_room": "settings.waiting_room"}
"""Paths of what is compared at the end, where they have another name."""


class Watch:
    """Everybody's witness. `wrong` has what did not hold: its kind (as in `Report.table`), and words."""

    def __init__(self, machine: Machine, documents: Documents, zoom: Zoom, team: Team) -> None:
        self.wrong: list[tuple[str, str]] = []
        self.state = State()
        """As it stands in the storage."""
        self.writers: list[str] = []
        """Who wrote the state, in the order of their first write: all but the last write no more."""
        self.mandates: dict[str, Mandate] = {}
        """What each run may do, by its name."""
        self.log: list[Exchange | Version] = []
        """What Zoom saw, and every version of the state: all that the auditor is shown."""
        self.is_refreshed = False
        """Whether runs read Zoom first: what they find gone leaves the state, whoever deleted it."""
        self.pushes: set[str] = set()
        """Who replaces the state by another one, of which its history need not tell."""
        self.let_go: set[int] = set()
        """What people took out of the state, though it is in Zoom."""
        self._lingers_until: dict[str, float] = {}
        self._held: dict[tuple[str, int], set[str]] = {}
        """The paths of the updates that Zoom accepted and did not make, by run and meeting."""
        self._excused: dict[int, set[str]] = {}
        """Those of them that the run could not know of."""
        self._closed: set[tuple[str, str, str]] = set()
        """The run, host and day of each daily limit that was met at a skip."""
        self._turns: dict[tuple[str, int, str], datetime] = {}
        """The turn of the last date that was changed, by run, meeting and intent."""
        self.on_departure: Callable[[httpx.Request], None] = lambda _request: None
        """Told of each request of a run when it leaves."""
        self._machine = machine
        self._documents = documents
        self._zoom = zoom
        self.chronicle = Chronicle(self.fail)
        self._team = team
        documents.on_write = self._landed
        zoom.by_hand = lambda request, response: self.answered(request, response, by_hand=True)

    def now(self) -> datetime:
        """The true instant."""
        return self._machine.now()

    def fail(self, kind: str, words: str) -> None:
        """Note what did not hold."""
        self.wrong.append((kind, f"at {self._machine.now():%d. %H:%M:%S}: {words}"))

    # While it happens

    def departs(self, owner: str, request: httpx.Request) -> None:
        """A write leaves only under the lock, its intent durable, asked for, and not after another run's."""
        self.on_departure(request)
        if request.method == "GET" or request.url.path.endswith("/token"):
            return
        if self._lingers_until.get(owner, 0.0) < self._machine.seconds:
            self._look_for_lock(request, owner)
        self._look_for_intent(request, f"{owner} sends")
        self._look_for_mandate(request, owner)
        self._look_for_room(request, owner)
        self._look_for_open_day(request, owner)
        self._look_for_turn(request, owner)

    def cut_off(self, owner: str) -> None:
        """Its lock is freed by force: what it has begun it may send for as long as its lease would hold."""
        self._lingers_until[owner] = self._machine.seconds + LINGERS_SECONDS

    def closes_day(self, owner: str, request: httpx.Request) -> None:
        """Note that Zoom told a run that the day of a host is used up, if it was at the skip of a date.

        At a change, it says nothing about skips, which use no request.
        """
        if request.method == "DELETE" and "occurrence_id" in request.url.params:
            self._closed.add(self._day_of(owner, request))

    def _day_of(self, owner: str, request: httpx.Request) -> tuple[str, str, str]:
        stored = self._zoom.account.meeting(int(request.url.path.rsplit("/", 1)[1]))
        return owner, stored.host_id if stored else "", f"{self._machine.now():%Y-%m-%d}"

    def _look_for_open_day(self, request: httpx.Request, owner: str) -> None:
        """Once Zoom said at a skip that the day is used up, a run sends no other date of that host on it."""
        if "occurrence_id" in request.url.params and self._day_of(owner, request) in self._closed:
            self.fail("budget", f"{owner} sends {_told(request)} for a date on a day that Zoom closed")

    def _look_for_turn(self, request: httpx.Request, owner: str) -> None:
        """Of the dates of a series the skips leave first, and then the changes, soonest first."""
        if "occurrence_id" not in request.url.params:
            return
        number = int(request.url.path.rsplit("/", 1)[1])
        intent = next((each for each in self.state.intents.values() if each.id == number), None)
        if intent is None:
            return
        before = self._turns.get((owner, number, intent.begun_at))
        if request.method == "DELETE":
            if before is not None:
                self.fail("dates", f"{owner} skips a date of {number} after it has changed one")
            return
        turn = self._team.calendar.turn(self._declared_as(number), intent.dates, json.loads(request.content))
        if turn is not None:
            self._turns[owner, number, intent.begun_at] = turn
        if turn is not None and before is not None and turn < before:
            self.fail("dates", f"{owner} changes the date of {turn} of {number} after that of {before}")

    def _declared_as(self, number: int) -> Meeting | None:
        """What is declared of a meeting in Zoom, which the team knows by its topic."""
        stored = self._zoom.account.meeting(number)
        topic = stored.document["topic"] if stored else ""
        return next((one for one in self._team.declared.values() if one.topic == topic), None)

    def _look_for_lock(self, request: httpx.Request, owner: str) -> None:
        stands = self._documents.current.get(LOCK)
        holder = locks.decode(stands.document) if stands else None
        if holder is None or holder.who != owner:
            self.fail("order", f"{owner} sends {_told(request)} under the lock of {holder and holder.who}")
        if owner in self.writers[:-1]:
            self.fail("order", f"{owner} sends {_told(request)} after {self.writers[-1]} has written")

    def _look_for_mandate(self, request: httpx.Request, owner: str) -> None:
        """Nothing is sent that nobody asked for; what ends is named by a line, and not protected."""
        sent = json.loads(request.content) if request.content else {}
        number = None if request.method == "POST" else int(request.url.path.rsplit("/", 1)[1])
        stands = None if number is None else self._zoom.account.meeting(number)
        topic = stands.document["topic"] if stands else sent["topic"]
        if "occurrence_id" in request.url.params:
            dates = next((one.dates for one in self._team.declared.values() if one.topic == topic), NO_DATES)
            if not self.mandates[owner].allows_date(topic, dates) and not self._is_endless(topic):
                self.fail("mandate", f"{owner} sends {_told(request)} for a date of {topic}")
            return
        if request.method == "PATCH" and self._is_endless(topic):
            return  # nobody has to approve an extension
        if not self.mandates[owner].allows(request.method, topic, number, sent):
            self.fail("mandate", f"{owner} sends {_told(request)} for {topic}")
        if request.method != "DELETE":
            return
        self._look_at_successor(number, owner)
        if number not in {wish.id for wish in self._team.removed if wish.destroy}:
            self.fail("mandate", f"{owner} sends {_told(request)}, which no line names")
        if any(record.id == number and record.protect for record in self.state.meetings.values()):
            self.fail("mandate", f"{owner} sends {_told(request)}, which is protected")

    def _look_at_successor(self, number: int | None, owner: str) -> None:
        """A replaced meeting ends only after the dates of the one in its place are done."""
        key = next((gone.key for gone in self.state.retired if gone.id == number), "")
        one, record = self._team.declared.get(key), self.state.meetings.get(key)
        stored = self._zoom.account.meeting(record.id) if record else None
        if one is None or stored is None or one.attributes["type"] != 8 or stored.document["type"] != 8:
            return
        if not self._team.calendar.is_used or self.is_refreshed:
            return
        seen = shown(self._zoom.read(stored.id))
        differing = self._team.calendar.differences(one, stored, seen, self._machine.now())
        if differing:
            self.fail("dates", f"{owner} ends {number}, and {key} in its place is not done: {differing}")

    def _look_for_room(self, request: httpx.Request, owner: str) -> None:
        """A rule that undoes changes of dates is sent only if they fit into the day, or on a fresh one."""
        if request.method != "PATCH" or "occurrence_id" in request.url.params:
            return
        number, sent = int(request.url.path.rsplit("/", 1)[1]), json.loads(request.content)
        intent = next((each for each in self.state.intents.values() if each.id == number), None)
        stored = self._zoom.account.meeting(number)
        if intent is None or stored is None or not sent.keys() & {"start_time", "timezone", "recurrence"}:
            return
        topic = stored.document["topic"]
        declared = next((each for each in self._team.declared.values() if each.topic == topic), None)
        count = _changed_again(declared, intent.dates)
        spent = self._zoom.account.used(self._machine.now().date(), stored.host_id)
        if count and spent and spent + 1 + count > self._team.daily:
            self.fail("dates", f"{owner} undoes {count} dates of {topic} after {spent} requests of the day")

    def arrives(self, request: httpx.Request) -> None:
        """What reaches Zoom, however late, is still known as begun; a read begins nothing."""
        if request.method != "GET":
            self._look_for_intent(request, "there arrives")

    def answered(self, request: httpx.Request, response: httpx.Response, *, by_hand: bool = False) -> None:
        """What Zoom did with it, whatever the client sees of that."""
        if request.url.path.endswith("/token"):
            return
        sent, answer = (json.loads(body) if body else None for body in (request.content, response.content))
        query = dict(request.url.params)
        asked = self._machine.now(), request.method, request.url.path, query, sent
        one = Exchange(*asked, response.status_code, answer, by_hand)
        self.log.append(one)
        is_end = one.method == "DELETE" and one.number is not None and "occurrence_id" not in one.query
        if is_end and (by_hand or self.is_refreshed):
            self.chronicle.excused.add(one.number or 0)

    def _look_for_intent(self, request: httpx.Request, what: str) -> None:
        intents = self.state.intents.values()
        path = request.url.path
        if "occurrence_id" in request.url.params:
            number = int(path.rsplit("/", 1)[1])
            known = any(intent.id == number and intent.is_of_dates for intent in intents)
        elif request.method == "PATCH":
            known = any(intent.id == int(path.rsplit("/", 1)[1]) for intent in intents)
        elif request.method == "POST" and path.endswith("/meetings"):
            topic = json.loads(request.content)["topic"]
            known = any(intent.attributes.get("topic") == topic for intent in intents)
        else:
            return
        if not known:
            self.fail("order", f"{what} {_told(request)} without a durable intent")

    def _is_endless(self, topic: str) -> bool:
        one = next((one for one in self._team.declared.values() if one.topic == topic), None)
        return one is not None and one.attributes.get("recurrence", {}).get("end_times") == 0

    def _landed(self, name: str, author: str, document: bytes) -> None:
        self._look_for_secrets(document.decode(), f"the {name} that {author} wrote")
        if name == LOCK:
            return
        assert name == STATE
        self.log.append(Version(self._machine.now(), document))
        if author in self.writers[:-1]:
            self.fail("order", f"{author} writes after {self.writers[-1]} has written")
        is_cut_off = author in self._lingers_until  # it may not know, and takes nothing over
        if author not in self.writers and not is_cut_off:
            self.writers.append(author)
        try:
            before, self.state = self.state, state_document.decode(document, "memory")
            if author not in self.pushes:
                self.chronicle.written(before, self.state)
        except StateError as error:
            self.fail("loss", f"{author} wrote a state that cannot be read: {error}")

    def _look_for_secrets(self, text: str, where: str) -> None:
        for secret in (*SECRETS, *self._zoom.account.tokens):
            if secret in text:
                self.fail("secret", f"{where} holds {secret}")

    def held(self, owner: str, request: httpx.Request, names: tuple[str, ...]) -> None:
        """Zoom accepts an update of a run, and leaves these fields as they are."""
        sent = json.loads(request.content)
        paths = {f"settings.{each}" for each in sent["settings"]} if "settings" in names else set()
        number = int(request.url.path.rsplit("/", 1)[1])
        self._held.setdefault((owner, number), set()).update({*names, *paths})

    def excuse(self, owner: str) -> None:
        """A run could not tell which of its updates took: it died, or its reads failed."""
        for (name, number), paths in self._held.items():
            if name == owner:
                self._excused.setdefault(number, set()).update(paths)

    def _held_of(self, number: int) -> set[str]:
        return {path for (_, each), paths in self._held.items() if each == number for path in paths}

    # After a run

    def look(self, told: str) -> None:
        """At any time: no meeting twice, no host past its limit, nothing secret in `told`."""
        self._look_for_secrets(told, "what was told")
        made = Counter(one.document["topic"] for one in self._zoom.account.all_meetings_ever)
        for topic, count in made.items():
            if count > self._team.lives[topic]:
                self.fail("duplicate", f"{topic} was made {count} times")
        known = self.state.known_ids() | self._team.left
        strays = Counter(one.document["topic"] for one in self.live() if one.id not in known)
        for topic, count in strays.items():
            if count > 1:
                self.fail("duplicate", f"{count} live meetings {topic} are in no record")
        for email in self._team.emails:
            self._look_at_budget(email)

    def _look_at_budget(self, email: str) -> None:
        account = self._zoom.account
        user = account.user(email)
        for (day, payer), count in account.usage.items():
            if user is None or payer != user.id:
                continue
            charged = max(used(self.state, day, email), used(self.state, day, user.id))
            if count > self._team.daily:
                self.fail("budget", f"{email} has used {count} of {self._team.daily} on {day}")
            if charged < count and day in self.state.usage:
                self.fail("budget", f"{email} has used {count} on {day}, and {charged} are charged")

    def live(self) -> list[StoredMeeting]:
        """All that Zoom has."""
        return [one for email in self._team.emails for one in self._zoom.account.meetings_of(email)]

    # At the end

    def audit(self) -> None:
        """What somebody finds who was not there; see `auditor`."""
        self.wrong += [
            (f"audit: {found.kind}", f"at {found.at:%d. %H:%M:%S}: {found.words}")
            for found in audit(self.log, self._team.left | self.let_go)
        ]

    def look_at_end(self) -> None:
        """Zoom has each declared meeting once, as it is declared, and nothing else; the state says so."""
        live = {one.id: one for one in self.live() if one.id not in self._team.left}
        recorded = {key: record.id for key, record in self.state.meetings.items()}
        if recorded.keys() != self._team.declared.keys():
            self.fail("loss", f"recorded is {sorted(recorded)}, declared {sorted(self._team.declared)}")
            return
        if live.keys() != set(recorded.values()):
            self.fail("loss", f"Zoom has {sorted(live)}, recorded is {sorted(recorded.values())}")
            return
        if self.state.intents or self.state.retired:
            self.fail("loss", f"open: {sorted(self.state.intents)}, {self.state.retired}")
        for key, number in recorded.items():
            self._compare(key, live[number])
        self.chronicle.look_at_end(set(live))

    def _compare(self, key: str, stored: StoredMeeting) -> None:
        declared = self._team.declared[key]
        wanted, found = declared.attributes, stored.document
        user = self._zoom.account.user(str(wanted.get("schedule_for") or declared.host))
        facts = {
            "host": (stored.host_id, user.id if user else None),
            "protection": (self.state.meetings[key].protect, declared.protect),
            "topic": (found["topic"], declared.topic),
            "type": (found["type"], wanted["type"]),
            "agenda": (found.get("agenda"), wanted.get("agenda")),
            **{name: (found["settings"][name], value) for name, value in wanted.get("settings", {}).items()},
        }
        if wanted["type"] == 2:
            facts["start"] = (found["start_time"], wanted["start_time"])
        if wanted["type"] == 8 and self._team.calendar.is_used:
            seen = shown(self._zoom.read(stored.id))
            differing = self._team.calendar.differences(declared, stored, seen, self._machine.now())
            if differing:
                self.fail("dates", f"{key}: {differing}")
            for at, agenda in self._team.calendar.agendas(declared, self._machine.now()).items():
                is_kept = any(start == at for start, _ in seen)  # not past the window
                if is_kept and agenda != self._zoom.agenda(stored.id, at):
                    self.fail("dates", f"{key}: the agenda of {at:%d %b %H:%M} is not {agenda!r}")
        record = self.state.meetings[key]
        left = {*record.not_taken, *self._excused.get(stored.id, ())}
        # Where the rest took, a setting of which nobody knew the value before may be one that Zoom forces.
        unknown = {"settings.waiting_room", *(["agenda"] if self.is_refreshed else [])}  # by hand, and unread
        left |= unknown & record.observed.keys() & self._held_of(stored.id)
        for name, (is_so, should_be) in facts.items():
            if is_so != should_be and PATHS.get(name, name) not in left:
                self.fail("loss", f"{key}: {name} is {is_so!r}, declared {should_be!r}")


def _told(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def _changed_again(one: Meeting | None, edits: Mapping[str, Json]) -> int:
    """How many of the changed dates a new rule of `one` still has: each of them is to be changed again."""
    if one is None or one.attributes["type"] != 8:
        return 0
    changed = [day for day, edit in edits.items() if edit != "skip" != one.dates.exceptions.get(day, "skip")]
    of_rule = takewhile(lambda day: day <= max(changed), (f"{day}" for day in written(one).days()))
    return len(set(changed).intersection(of_rule)) if changed else 0
