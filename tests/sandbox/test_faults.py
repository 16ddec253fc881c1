"""Faults: each affects the request that it was prepared for, and no other."""

from __future__ import annotations

import asyncio
import json

import pytest
from sandbox_world import HOST, ONCE, World

from reconciler.sandbox import faults
from reconciler.sandbox.faults import CREATE, READ, Cut, Fault, Faults

MEETINGS = f"/v2/users/{HOST}/meetings"


def topics(world: World) -> list[str]:
    return [each.document["topic"] for each in world.account.all_meetings_ever]


def test_an_answer_can_be_lost_after_the_meeting_was_made() -> None:
    """The client sees a broken connection, the list shows the meeting."""
    world = World()
    world.meet(faults.answer_lost(**CREATE))

    with pytest.raises(ConnectionResetError):
        world.send("POST", MEETINGS, ONCE)

    assert [item["topic"] for item in world.list()["meetings"]] == ["Launch"]
    assert world.account.requests[0].status == 0


def test_a_request_can_be_cut_before_anything_was_done() -> None:
    world = World()
    world.meet(faults.never_arrived(**CREATE))

    with pytest.raises(Cut):
        world.send("POST", MEETINGS, ONCE)

    assert (topics(world), world.used()) == ([], 0)


def test_a_fault_affects_the_nth_matching_request_once() -> None:
    world = World()
    world.meet(Fault(**CREATE, nth=2, status=503))

    statuses = [world.send("POST", MEETINGS, {}).status_code for _ in range(3)]

    assert (statuses, world.faults.waiting) == ([201, 503, 201], ())


def test_a_fault_can_affect_several_requests_in_a_row() -> None:
    world = World()
    world.meet(Fault(**CREATE, status=503, times=2))

    assert [world.send("POST", MEETINGS, {}).status_code for _ in range(3)] == [503, 503, 201]


def test_a_fault_can_last_until_it_is_cleared() -> None:
    world = World()
    world.meet(Fault(status=503, times=0))
    during = [world.send("POST", MEETINGS, {}).status_code for _ in range(3)]
    world.faults.clear()

    assert (during, world.send("POST", MEETINGS, {}).status_code) == ([503] * 3, 201)


def test_of_two_matching_faults_the_first_is_used_first() -> None:
    waiting = Faults(Fault(status=500), Fault(status=501), Fault(status=502, nth=2))

    met = [waiting.take("GET", "/v2/users/x") for _ in range(3)]

    assert [fault and fault.status for fault in met] == [500, 501, 502]


def test_a_fault_does_not_affect_other_requests() -> None:
    world = World()
    world.meet(Fault(**READ, status=500))

    assert world.send("POST", MEETINGS, {}).status_code == 201
    assert len(world.faults.waiting) == 1


def test_a_gateway_may_answer_with_an_html_page() -> None:
    world = World()
    world.meet(faults.gateway_page(504, commit=True, **CREATE))

    answer = world.send("POST", MEETINGS, ONCE)

    assert (answer.status_code, answer.headers["content-type"], answer.text[:6]) == (
        504,
        "text/html",
        "<html>",
    )
    assert topics(world) == ["Launch"]


def test_an_answer_may_end_in_the_middle() -> None:
    world = World()
    world.meet(faults.truncated(**CREATE))

    answer = world.send("POST", MEETINGS, ONCE)

    assert (answer.status_code, len(answer.content), answer.headers["content-length"]) == (201, 20, "20")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_request_may_be_redirected() -> None:
    world = World()
    world.meet(faults.redirect("https://other.example/", **CREATE))

    answer = world.send("POST", MEETINGS, ONCE)

    assert (answer.status_code, answer.headers["location"], topics(world)) == (
        302,
        "https://other.example/",
        [],
    )


def test_a_success_may_contain_an_error() -> None:
    world = World()
    world.meet(faults.refused_with_200(**READ))
    number = world.create()["id"]

    answer = world.send("GET", f"/v2/meetings/{number}")

    assert (answer.status_code, answer.json()) == (200, {"code": 300, "message": "Invalid field."})


def test_a_create_may_have_an_empty_reply() -> None:
    world = World()
    world.meet(faults.empty_201(**CREATE))

    answer = world.send("POST", MEETINGS, ONCE)

    assert (answer.status_code, answer.content, topics(world)) == (201, b"", ["Launch"])


def test_an_answer_takes_as_long_as_the_latency() -> None:
    world = World(latency_seconds=0.3)
    world.create()

    assert world.clock.monotonic() == pytest.approx(0.3)


def test_a_request_is_carried_out_although_its_client_disconnects() -> None:
    """A request that lands late: carried out after its sender has given up."""
    world = World()
    world.meet(Fault(**CREATE, delay_before_seconds=60))

    async def scene() -> tuple[list[str], list[str]]:
        asked = asyncio.create_task(world.ask("POST", MEETINGS, ONCE))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        before = topics(world)
        await world.clock.sleep(61)
        return before, topics(world)

    assert asyncio.run(scene()) == ([], ["Launch"])


def test_a_client_may_disconnect_before_a_cut() -> None:
    """No client waits for it any more, and nothing is logged."""
    world = World()
    world.meet(Fault(**CREATE, delay_after_seconds=60, cut="after"))

    async def scene() -> None:
        asked = asyncio.create_task(world.ask("POST", MEETINGS, ONCE))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await world.clock.sleep(61)

    asyncio.run(scene())

    assert topics(world) == ["Launch"]


def test_the_loop_may_end_before_the_answer() -> None:
    world = World()
    world.meet(Fault(**CREATE, delay_before_seconds=60))

    async def scene() -> None:
        asked = asyncio.create_task(world.ask("POST", MEETINGS, ONCE))
        await asyncio.sleep(0)
        asked.cancel()

    asyncio.run(scene())

    assert topics(world) == []


def test_a_fault_is_read_from_json() -> None:
    assert faults.from_json({"method": "POST", "cut": "after"}) == Fault(method="POST", cut="after")
    with pytest.raises(ValueError, match="unknown field of a fault: when"):
        faults.from_json({"when": "now"})


def test_a_made_up_answer_carries_its_headers_and_body() -> None:
    world = World()
    world.meet(
        Fault(**CREATE, status=429, body={"code": 429, "message": "slow"}, headers={"Retry-After": "3"})
    )

    answer = world.send("POST", MEETINGS, ONCE)

    assert (answer.json(), answer.headers["retry-after"], answer.headers["content-type"]) == (
        {"code": 429, "message": "slow"},
        "3",
        "application/json",
    )


def test_the_answer_to_the_request_before_can_come_once_more() -> None:
    """The request itself is carried out."""
    world = World()
    first = world.create()
    world.meet(faults.previous_answer(**CREATE))

    answer = world.send("POST", MEETINGS, {**ONCE, "topic": "Second"})

    assert (answer.status_code, answer.json()["id"]) == (201, first["id"])
    assert topics(world) == ["Launch", "Second"]
