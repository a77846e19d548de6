"""Promise 1: nothing acknowledged is lost, while the process that acknowledges it is killed again and again."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLS = 8
WRITERS = 4
PATIENCE_SECONDS = 120.0
CHANCE = random.Random(20260504)


@dataclass
class Ledger:
    """What the desk said it had taken: subject to reference. `keys` are repeated until they are answered."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass
class Desk:
    """The desk as a process that can be killed and started again on the same data."""

    data_dir: Path
    port: int

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "DESK_DATA_DIR": str(self.data_dir), "DESK_PORT": str(self.port)}

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "desk"],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            assert time.monotonic() < limit, "the desk did not come up again"
            assert self.process.poll() is None, "the desk ended by itself"
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz", {}, None)[0] == 200
        except OSError:
            return False

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def ask(self, method: str, path: str, headers: dict[str, str], body: object) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            payload = json.dumps(body) if body is not None else None
            connection.request(method, path, payload, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            raw = answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError("killed in the middle of an answer") from error
        finally:
            connection.close()
        return answer.status, json.loads(raw) if raw[:1] == b"{" else {}


def write(desk: Desk, token: str, ledger: Ledger, writer: int) -> None:
    number = 0
    while not ledger.stop.is_set():
        number += 1
        subject = f"drill {writer}-{number}"
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": subject.replace(" ", "-")}
        while True:
            try:
                status, answer = desk.ask("POST", "/api/v1/tickets/", headers, {"subject": subject})
            except OSError:
                if ledger.stop.is_set():
                    return
                time.sleep(0.05)
                continue
            if status == 201:
                ledger.acknowledged[subject] = answer["reference"]
                break
            assert status in (429, 503), (status, answer)
            time.sleep(0.1)


def everything(desk: Desk, token: str) -> list[dict]:
    found: list[dict] = []
    path = "/api/v1/tickets/?limit=200"
    while path:
        status, page = desk.ask("GET", path, {"Authorization": f"Bearer {token}"}, None)
        assert status == 200, page
        found += page["results"]
        path = "/" + page["next"].split("/", 3)[3] if page["next"] else ""
    return found


@pytest.mark.drill
def test_no_acknowledged_ticket_is_lost_or_made_twice(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        desk = Desk(tmp_path, int(probe.getsockname()[1]))
    desk.start()
    token = desk.run("create_token", "ana", "drill", "--scope", "read", "write")
    ledger = Ledger()
    writers = [threading.Thread(target=write, args=(desk, token, ledger, n)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(KILLS):
            ledger.stop.wait(CHANCE.uniform(0.5, 4.0))
            desk.kill()
            desk.start()
        ledger.stop.wait(2)
        ledger.stop.set()
        for writer in writers:
            writer.join(PATIENCE_SECONDS)
        rows = [row for row in everything(desk, token) if row["subject"].startswith("drill ")]
    finally:
        ledger.stop.set()
        desk.kill()

    assert len(ledger.acknowledged) > KILLS * WRITERS
    stored = {row["subject"]: row["reference"] for row in rows}
    lost = {subject: ref for subject, ref in ledger.acknowledged.items() if stored.get(subject) != ref}
    twice = [subject for subject, times in Counter(row["subject"] for row in rows).items() if times > 1]
    assert (lost, twice) == ({}, [])
