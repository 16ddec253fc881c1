"""A real server of S3, SeaweedFS: one process, or a small cluster whose volume servers can be killed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import obstore
from obstore.store import S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "127.0.0.1"
BUCKET = "states"
VOLUME_SERVERS = 3
STARTS_MAX = 3
READY_SECONDS = 60.0

KEYS = {"ours": "secret-of-ours", "reader": "secret-of-reader"}
IDENTITIES = {
    "identities": [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": KEYS[name]}],
            "actions": actions,
        }
        for name, actions in (("ours", ["Admin"]), ("reader", ["Read", "List"]))
    ]
}
"""Two users: one with every right, and one that may only read."""

GUARD = """
import subprocess, sys
with subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL) as process:
    sys.stdin.read()
    process.kill()
"""
"""Ends the server when its stdin is closed, also if this process is killed."""


class Process:
    """One server, killed by `kill`, or when this process ends."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        weed = Path(sysconfig.get_path("scripts")) / "weed"
        command = [sys.executable, "-c", GUARD, str(weed), *arguments]
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        """`kill -9`."""
        self._process.communicate()


class Seaweed:
    """A running server with one empty bucket."""

    def __init__(self, port: int, volume_servers: tuple[Process, ...]) -> None:
        self.endpoint = f"http://{HERE}:{port}"
        self.volume_servers = volume_servers

    def address(self, name: str) -> str:
        """Where the state `name` is."""
        return f"s3://{BUCKET}/{name}/meetings.json"

    def environ(self, name: str = "ours") -> dict[str, str]:
        """Variables that point a client of S3 here, as user `name`."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": name,
            "AWS_SECRET_ACCESS_KEY": KEYS[name],
            "AWS_REGION": "us-east-1",
        }

    def client(self) -> S3Store:
        """A client of the bucket that is independent of the program."""
        return S3Store(
            BUCKET,
            endpoint=self.endpoint,
            access_key_id="ours",
            secret_access_key=KEYS["ours"],
            region="us-east-1",
            client_options={"allow_http": True, "timeout": timedelta(seconds=5)},
            retry_config={"max_retries": 0},
        )

    def is_ready(self) -> bool:
        """Return whether it has its bucket, and stores an object there."""
        client = self.client()
        try:
            made = httpx.put(obstore.sign(client, "PUT", "", timedelta(minutes=1)), trust_env=False)
            obstore.put(client, "ready", b"ready")
        except (httpx.HTTPError, obstore.exceptions.BaseError, OSError):
            return False
        return made.status_code in {200, 409}


@contextmanager
def seaweed(folder: Path, *, volume_servers: int = 0) -> Iterator[Seaweed]:
    """Run a server until the block ends: one process, or volume servers with two copies of all."""
    for _ in range(STARTS_MAX):  # another process may take a free port
        with ExitStack() as stack:
            server = _started(folder, volume_servers, stack)
            if _becomes_ready(server):
                yield server
                return
        shutil.rmtree(folder)
    logs = "\n".join(log.read_text()[-2000:] for log in sorted(folder.rglob("log")))
    raise AssertionError(f"SeaweedFS did not start:\n{logs}")


def _started(folder: Path, volume_servers: int, stack: ExitStack) -> Seaweed:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identities.json").write_text(json.dumps(IDENTITIES))
    ports = iter(free_ports(8 + 2 * volume_servers))

    def run(name: str, *arguments: str) -> Process:
        process = Process(folder / name, *arguments)
        stack.callback(process.kill)
        return process

    master, master_grpc, s3 = next(ports), next(ports), next(ports)
    run(
        "server",
        *("server", f"-ip={HERE}", f"-ip.bind={HERE}", "-dir=.", "-master.telemetry=false"),
        *(f"-master.port={master}", f"-master.port.grpc={master_grpc}", "-master.volumeSizeLimitMB=64"),
        *(f"-master.defaultReplication={'001' if volume_servers else '000'}",),
        *(f"-volume={'false' if volume_servers else 'true'}", "-volume.max=30"),
        *(f"-volume.port={next(ports)}", f"-volume.port.grpc={next(ports)}"),
        *("-filer", f"-filer.port={next(ports)}", f"-filer.port.grpc={next(ports)}"),
        *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"),
        *("-s3", f"-s3.port={s3}", f"-s3.port.grpc={next(ports)}", "-s3.config=../identities.json"),
        *("-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
    )
    volumes = tuple(
        run(
            f"volume-{number}",
            *("volume", f"-ip={HERE}", f"-ip.bind={HERE}", "-dir=.", "-max=30"),
            *(f"-port={next(ports)}", f"-port.grpc={next(ports)}"),
            f"-master={HERE}:{master}.{master_grpc}",
        )
        for number in range(volume_servers)
    )
    return Seaweed(s3, volumes)


def _becomes_ready(server: Seaweed) -> bool:
    until = time.monotonic() + READY_SECONDS
    while not server.is_ready():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HERE, 0))
        return [each.getsockname()[1] for each in sockets]
