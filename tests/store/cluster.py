"""A PostgreSQL cluster of our own in a temporary folder, with pgvector: made, started, killed and ended by tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

try:
    import psycopg
except ImportError:  # the extra 'postgres' is not installed: the tests are skipped
    psycopg = None

USERS = "postgres", "nobody"  # PostgreSQL refuses to run as root


def binaries() -> Path | None:
    """The programs of the newest PostgreSQL that has pgvector; None where there is none."""
    found = []
    for folder in Path("/usr/lib/postgresql").glob("*/bin"):
        major = folder.parent.name
        control = Path(f"/usr/share/postgresql/{major}/extension/vector.control")
        if control.is_file() and (folder / "initdb").is_file():
            found.append((float(major), folder))
    if found:
        return max(found)[1]
    path = shutil.which("initdb")
    return Path(path).resolve().parent if path else None


class Cluster:
    """One server. It listens on loopback, and asks for the password `secret`."""

    password = "secret"  # noqa: S105 - of a cluster that lives as long as the tests

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.bin, self.folder = binaries(), folder
        self.data, self.port = folder / "data", free_port()
        self._settings = {"max_connections": "60", "shared_buffers": "256MB", "max_wal_size": "4GB"} | dict(
            settings or {}
        )
        self._process: subprocess.Popen | None = None

    def as_user(self, *command: object) -> list[str]:
        """A command run as somebody who is not root."""
        words = [str(word) for word in command]
        return (
            words
            if os.geteuid()
            else ["setpriv", "--pdeathsig=QUIT", f"--reuid={user()}", f"--regid={user()}", "--clear-groups", *words]
        )

    def call(self, *command: object) -> str:
        """Runs a program of PostgreSQL to its end."""
        done = subprocess.run(
            self.as_user(self.bin / str(command[0]), *command[1:]),
            capture_output=True, text=True, cwd="/", env=os.environ | {"PGPASSWORD": self.password, "LC_ALL": "C"},
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")
        return done.stdout

    def make(self) -> None:
        """A new cluster."""
        own(self.folder)
        secret = self.folder / "password"
        secret.write_text(self.password + "\n")
        own(secret)
        # Neither the encoding nor the order of letters may matter: these are the worst.
        self.call(
            "initdb", "-D", self.data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "SQL_ASCII",
            "--locale=C",
        )  # fmt: skip

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        options = [f"-c{key}={value}" for key, value in self._settings.items()]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            self.as_user(
                self.bin / "postgres", "-D", self.data, f"-cport={self.port}", "-clisten_addresses=127.0.0.1",
                f"-cunix_socket_directories={self.folder}", *options,
            ),
            stdout=log, stderr=log, cwd="/", start_new_session=True,
        )  # fmt: skip
        log.close()
        end = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.1)

    def kill(self) -> None:
        """Ends it at once, as a power cut does."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """Ends it, sessions too."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(how)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def url(self, database: str) -> str:
        """The address of a database, with the password."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """A new empty database; its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Removes a database, whoever is in it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def user() -> str:
    """Who runs the server where we are root."""
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in USERS if name in known)


def own(path: Path) -> None:
    """Gives a path to that user."""
    if not os.geteuid():
        shutil.chown(path, user())
    path.chmod(0o700 if path.is_dir() else 0o600)


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def running(settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A new cluster that runs; it is ended and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="rag-pg-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "cluster"
        folder.mkdir()
        cluster = Cluster(folder, settings)
        cluster.make()
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.kill()  # what it would still write nobody reads
