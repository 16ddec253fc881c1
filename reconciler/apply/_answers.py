"""Judges whether the answer to a create is about the meeting that was sent.

A proxy that sends an answer twice makes every later one belong to an earlier request. Such an answer must
never be recorded, and an answer to a healthy create must never be refused.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

from reconciler.apply.context import ApplyContext
from reconciler.apply.pending import PendingWrite
from reconciler.apply.resolve import likeness, lookup
from reconciler.apply.resolve.creates import CREATING
from reconciler.errors.exceptions import RemoteError, UnknownOutcomeError
from reconciler.ports import Answer, Body
from reconciler.state import identity
from reconciler.state.state import Intent, host_key, owner


async def believed(
    run: ApplyContext, pending: PendingWrite, answer: Answer, *, unsent: Collection[str]
) -> Answer:
    """Return the answer to a create if it is about that create; where in doubt, Zoom is asked once more.

    `unsent` are the keys whose intent was not sent. Raises `UnknownOutcomeError`: the create is looked up.
    """
    meeting_id = answer.body["id"]
    if run.journal.state.knows(meeting_id):
        raise _another(pending, f"meeting {meeting_id}, which is recorded already")
    doubts = _doubts(run, pending, answer.body)
    if not doubts:
        return answer
    try:
        stored = (await run.remote.read(meeting_id, new_connection=True)).body
    except RemoteError as error:
        raise _another(pending, f"a meeting with another {' and '.join(doubts)}") from error
    if await _is_ours(run, pending, stored, unsent):
        return replace(answer, body=stored)
    raise _another(pending, f"a meeting with another {' and '.join(doubts)}")


def _doubts(run: ApplyContext, pending: PendingWrite, body: Body) -> tuple[str, ...]:
    """Return what the answer says otherwise than was sent."""
    other_host = identity.other_host(body, _owners(run, pending.intent))
    return (*likeness.other_facts(pending.sent, body), *(("host",) if other_host else ()))


async def _is_ours(run: ApplyContext, pending: PendingWrite, stored: Body, unsent: Collection[str]) -> bool:
    """Return whether host and creation leave no other request that can have made the meeting."""
    intents = run.journal.state.intents
    others = [
        intent
        for key, intent in intents.items()
        if intent.action in CREATING and key != pending.key and key not in unsent
    ]
    if not _has_creation(stored) or not lookup.in_window(pending.intent, stored):
        return False
    if not await _has_owner(run, pending.intent, stored):
        return False
    return not any(
        lookup.in_window(other, stored) and identity.other_host(stored, _owners(run, other)) is None
        for other in others
    )


async def _has_owner(run: ApplyContext, intent: Intent, stored: Body) -> bool:
    """Return whether Zoom names the intent's host, perhaps under an address that only Zoom knows."""
    if identity.other_host(stored, _owners(run, intent)) is None:
        return True
    try:
        user = (await run.remote.user(owner(intent.attributes, intent.host))).body
    except RemoteError:
        return False
    return stored.get("host_id") is not None and stored["host_id"] == user["id"]


def _owners(run: ApplyContext, intent: Intent) -> tuple[str, ...]:
    return (host_key(run.journal.state, owner(intent.attributes, intent.host)),)


def _has_creation(stored: Body) -> bool:
    try:
        return datetime.fromisoformat(str(stored.get("created_at"))).tzinfo is not None
    except ValueError:
        return False


def _another(pending: PendingWrite, subject: str) -> UnknownOutcomeError:
    return UnknownOutcomeError.of(
        "zoom.unknown-outcome",
        detail=f"Creating a meeting for {pending.step.host}: the answer is about {subject}.",
        hint="It is looked up before it is sent again; run again if this run does not get there.",
    )
