"""Updates of meetings that Zoom may have forgotten: whose recorded dates are over.

Zoom drops a meeting some time after its last date. Such a meeting is asked for before anything is sent; if
Zoom does not have it, the approved update becomes a create. The record stays until the create is confirmed,
so an interrupted one still counts as the approved update.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.apply.context import ApplyContext
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import CODE_MEETING_UNKNOWN


async def ask_for_forgotten(run: ApplyContext, steps: Iterable[Step]) -> list[Step]:
    """Return the steps, with a create in place of each update whose meeting Zoom does not have.

    Asking is free. Only Zoom's own answer that there is no such meeting makes it a create; after any other
    the step goes on as it is, and is checked again before it is sent.
    """
    return list(await asyncio.gather(*(_asked(run, step) for step in steps)))


async def _asked(run: ApplyContext, step: Step) -> Step:
    if step.action is not Action.UPDATE or not step.may_be_forgotten or run.must_stop():
        return step
    assert step.id is not None, "an update has the id of its meeting"
    try:
        await run.remote.read(step.id)
    except GoneError as error:
        return _as_create(step) if error.zoom_code == CODE_MEETING_UNKNOWN else step
    except RemoteError:
        return step
    return step


def _as_create(step: Step) -> Step:
    assert step.meeting is not None, "what is changed is declared"
    return replace(step, action=Action.CREATE, host=step.meeting.host, lost_id=step.id)
