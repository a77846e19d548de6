"""``manage.py desk`` as a person starts it: a process of its own on a free port."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 200.0  # a first start migrates, on a machine that has other things to do as well


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def desk(data_dir: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "desk"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "DESK_DATA_DIR": str(data_dir),
            "DESK_PORT": str(port),
            "DESK_DEMO": "0",
            "PYTHONUNBUFFERED": "1",
        },
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(url: str) -> str:
    """The body once the address answers 200; asks again until then."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return str(response.read().decode())
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)


@pytest.mark.slow
def test_one_process_serves_ticks_and_stops_on_a_signal(tmp_path: Path) -> None:
    port = free_port()
    with desk(tmp_path, port) as process:
        assert "ready" in wait_for(f"http://127.0.0.1:{port}/readyz")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert f"http://127.0.0.1:{port}" in output
    assert output.rstrip().endswith("Stopped.")


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with desk(tmp_path, port) as process:
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert (
        output.strip()
        .splitlines()[-1]
        .endswith(f"Port {port} on 127.0.0.1 is taken; choose another with DESK_PORT.")
    )
