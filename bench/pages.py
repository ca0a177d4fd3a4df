"""HTTP requests over keep-alive connections, one after the other on each."""

import http.client
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.designs import Server

CONNECTIONS = 8
WARMUP = 0.5  # seconds
TICKS = 100  # per second of CPU time, in /proc


@dataclass(frozen=True)
class Pages:
    clients: int
    answered: int
    wrong: int  # neither 200 nor a redirect
    seconds: float
    p50_ms: float
    p99_ms: float
    server_cpu: float  # share of a core
    own_cpu: float


class Browser(threading.Thread):
    """One connection."""

    def __init__(self, port: int, path: str, session: str) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.headers = {"Cookie": f"sessionid={session}", "Accept-Encoding": "gzip, br"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.times: list[tuple[float, float]] = []  # when it was answered, and how long it took
        self.wrong = 0
        self.going = True

    def run(self) -> None:
        while self.going:
            began = time.perf_counter()
            self.connection.request("GET", self.path, headers=self.headers)
            response = self.connection.getresponse()
            response.read()
            now = time.perf_counter()
            self.times.append((now, now - began))
            if response.status not in {200, 301, 302}:
                self.wrong += 1
        self.connection.close()


def measure_pages(server: Server, path: str, session: str, seconds: float) -> Pages:
    browsers = [Browser(server.port, path, session) for _ in range(CONNECTIONS)]
    for browser in browsers:
        browser.start()
    time.sleep(WARMUP)
    began, cpu, own = time.perf_counter(), cpu_of(server.pid), time.process_time()
    time.sleep(seconds)
    ended, cpu, own = (
        time.perf_counter(),
        cpu_of(server.pid) - cpu,
        time.process_time() - own,
    )
    for browser in browsers:
        browser.going = False
    for browser in browsers:
        browser.join(30)
    took = sorted(
        took for browser in browsers for at, took in browser.times if began <= at <= ended
    )
    if not took:
        raise RuntimeError(f"{path} was never answered")
    return Pages(
        CONNECTIONS,
        len(took),
        sum(browser.wrong for browser in browsers),
        ended - began,
        took[len(took) // 2] * 1000,
        took[len(took) * 99 // 100] * 1000,
        cpu / (ended - began),
        own / (ended - began),
    )


def cpu_of(pid: int) -> float:
    """Seconds of CPU time used so far by all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
