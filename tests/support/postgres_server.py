"""A real PostgreSQL server in a folder of its own, with TLS, and a pooler (PgBouncer) before it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from seaweed import GUARD, HERE, READY_SECONDS, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER, PASSWORD, DATABASE = "owner", "secret@of/ours:1", "states"
"""A superuser; the password has every character that an address takes apart."""

SETTINGS = (
    "fsync=off",
    "ssl=on",
    "ssl_cert_file=server.crt",
    "ssl_key_file=server.key",
    "max_connections=60",
)

AS_USER = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()
"""How a command begins where this process is root: the server refuses to run as root."""


class PostgresServer:
    """A running server; `port` is its own, or the pooler's."""

    name = "postgres"

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def address(self, name: str) -> str:
        """Where the state `name` is."""
        return f"postgres://{HERE}:{self.port}/{DATABASE}?state={name}"

    def environ(self, user: str = OWNER, password: str = PASSWORD) -> dict[str, str]:
        """Variables with the credentials of `user`."""
        return {"PGUSER": user, "PGPASSWORD": password}

    def run(self, *statements: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Run statements as the superuser; return the rows of the last."""
        with psycopg.connect(
            autocommit=True, host=HERE, port=self.port, dbname=database, user=OWNER, password=PASSWORD
        ) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def is_ready(self) -> bool:
        """Return whether it answers, and has its database."""
        with suppress(psycopg.OperationalError):
            if not self.run("SELECT 1 FROM pg_database WHERE datname = 'states'", database="postgres"):
                self.run("CREATE DATABASE states", database="postgres")
            return True
        return False

    def make_user(self, name: str, *rights: str) -> dict[str, str]:
        """Make a user with these rights; return its variables."""
        made = sql.SQL("CREATE USER {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(PASSWORD))
        self.run(made.as_string(), *rights)
        return self.environ(name)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server until the block ends."""
    with _folder() as folder:
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        initdb = (
            *("-D", "data", "-U", OWNER, "--auth=scram-sha-256", "--pwfile=password"),
            "--encoding=UTF8",
            "-N",
        )
        _run(folder, str(binary("initdb")), *initdb, "--locale=C")
        _make_certificates(folder)
        port = free_ports(1)[0]
        settings = (
            *SETTINGS,
            f"port={port}",
            f"listen_addresses={HERE}",
            f"unix_socket_directories={folder}",
        )
        command = (str(binary("postgres")), "-D", "data", *(f"--{setting}" for setting in settings))
        server = PostgresServer(folder, port)
        with _running(folder, "postgres.log", command, server):
            yield server


@contextmanager
def pooler(server: PostgresServer, mode: str = "transaction") -> Iterator[PostgresServer]:
    """Run a pooler before `server`, which gives each transaction (or statement) another connection."""
    with _folder() as folder:
        port = free_ports(1)[0]
        (folder / "users").write_text(f'"{OWNER}" "{PASSWORD}"\n')
        databases = "".join(f"{name} = host={HERE} port={server.port}\n" for name in (DATABASE, "postgres"))
        (folder / "ini").write_text(
            f"[databases]\n{databases}[pgbouncer]\nlisten_addr={HERE}\n"
            f"listen_port={port}\nauth_type=scram-sha-256\nauth_file={folder}/users\npool_mode={mode}\n"
            "unix_socket_dir=\ndefault_pool_size=5\n"
        )
        before = PostgresServer(server.folder, port)
        with _running(folder, "pooler.log", (str(binary("pgbouncer")), str(folder / "ini")), before):
            yield before


@contextmanager
def _running(folder: Path, log_name: str, command: tuple[str, ...], server: PostgresServer) -> Iterator[None]:
    with (folder / log_name).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", GUARD, *AS_USER, *command],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )
    try:
        until = time.monotonic() + READY_SECONDS
        while not server.is_ready():
            assert process.poll() is None, (folder / log_name).read_text()[-2000:]
            assert time.monotonic() < until, (folder / log_name).read_text()[-2000:]
            time.sleep(0.05)
        yield
    finally:
        process.communicate()


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder that the server's user can enter, and whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if AS_USER:
        shutil.chown(folder, "postgres", "postgres")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def binary(name: str) -> Path:
    """Return where Debian, or PATH, has a program of PostgreSQL."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ["PATH"], "/usr/sbin"]))
    assert found, f"{name} is not installed: apt-get install postgresql pgbouncer"
    return Path(found)


def _make_certificates(folder: Path) -> None:
    """Make an authority, `ca.crt`, and a certificate of `localhost` that it signed."""
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes")
    made = ("-newkey", "rsa:2048", "-keyout", "data/server.key", "-out", "data/server.crt")
    _run(folder, "openssl", "req", "-x509", *made, *subject)
    _run(folder, "cp", "data/server.crt", "ca.crt")
    _run(folder, "chmod", "600", "data/server.key")


def _run(folder: Path, *command: str) -> None:
    ran = subprocess.run([*AS_USER, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
