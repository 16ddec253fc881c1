"""ASGI messages: reads a request whole, makes a response of a fault, truncates a response."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive

    from reconciler.sandbox.faults import Fault


async def read(receive: Receive) -> bytes:
    """Read the whole body of a request."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            return body


def fault_response(fault: Fault) -> list[Message]:
    """Return the response that `fault` sends instead of the real one."""
    text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
    kind = {"content-type": "application/json"} if text else {}
    named = kind | {name.lower(): value for name, value in fault.headers.items()}
    content = text.encode()
    named["content-length"] = str(len(content))
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    return [
        {"type": "http.response.start", "status": fault.status or 200, "headers": headers},
        {"type": "http.response.body", "body": content},
    ]


def truncated(messages: list[Message], keep_bytes: int) -> list[Message]:
    """Return the response with only the beginning of its body."""
    start, *rest = messages
    content = b"".join(message.get("body", b"") for message in rest)[:keep_bytes]
    kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    kept.append((b"content-length", str(len(content)).encode()))
    return [{**start, "headers": kept}, {"type": "http.response.body", "body": content}]
