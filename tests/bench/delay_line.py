"""A line with a delay: every packet between NEAR and FAR arrives so many milliseconds after it was sent.

In a network namespace of its own, where the bench is root; the kernel's own way (tc netem) is not in every kernel, so
this is a TUN device and a process. What is sent to FAR comes back with source and destination exchanged: a server on
NEAR is reached under FAR, SYN, FIN and all, and no checksum changes.

The process counts round trips as they happen: a packet of the client's with content, or a SYN, that the server answers.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import json
import os
import select
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

NEAR, FAR = "10.77.0.1", "10.77.0.2"
_DEVICE = "delay0"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_TCP, _FIN, _SYN = 6, 1, 2
_INSIDE = "BENCH_NAMESPACE"  # set where we are in the namespace already


def missing() -> str | None:
    """Say why there can be no delay line here, or None."""
    if os.geteuid() != 0:
        return "a network namespace needs root"
    if not Path("/dev/net/tun").exists():
        return "this kernel offers no TUN device"
    return None


def enter_namespace(module: str) -> None:
    """Run `module` anew in a network namespace of its own, unless we are there; does not return then."""
    if os.environ.get(_INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    arguments = ["unshare", "--net", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvpe("unshare", arguments, os.environ | {_INSIDE: "1"})  # noqa: S606


class DelayLine:
    """The process at work; `delay` and `round_trips` talk to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def delay(self, milliseconds: float) -> None:
        """Let there be `milliseconds` between a question and its answer, half of them each way."""
        self._ask(milliseconds)

    def round_trips(self) -> dict[int, list[int]]:
        """Return how many round trips each connection took that ended since the last time, by the server's port."""
        found: dict[int, list[int]] = {}
        for port, count in json.loads(self._ask("count")):
            found.setdefault(port, []).append(count)
        return found

    def _ask(self, question: object) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@contextlib.contextmanager
def running() -> Iterator[DelayLine]:
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        line = DelayLine(process)
        line.delay(0)  # answered once the device is there
        yield line
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


class _RoundTrips:
    """Follows connections by their packets. A client's port is above the server's only by chance: SYN tells."""

    def __init__(self) -> None:
        self._open: Counter[tuple[int, int]] = Counter()  # (client's port, server's port)
        self._asked: set[tuple[int, int]] = set()
        self.ended: list[tuple[int, int]] = []

    def see(self, packet: bytes) -> None:
        if packet[9] != _TCP:
            return
        segment = packet[(packet[0] & 15) * 4 :]
        source, destination = struct.unpack("!HH", segment[:4])
        flags, content = segment[13], len(segment) > (segment[12] >> 4) * 4
        if flags & _SYN and (source, destination) not in self._open and (destination, source) not in self._open:
            self._open[source, destination] = 0
        connection = (source, destination)
        if connection in self._open and (content or flags & _SYN):
            self._asked.add(connection)
        connection = (destination, source)
        if connection in self._open:
            if connection in self._asked and (content or flags & _SYN):
                self._asked.remove(connection)
                self._open[connection] += 1
            if flags & _FIN:
                self._asked.discard(connection)
                self.ended.append((source, self._open.pop(connection)))


def main() -> int:
    """Be the line: a number on standard input is the new delay, anything else asks for the counts."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    for command in (["addr", "add", f"{NEAR}/24", "dev", _DEVICE], ["link", "set", _DEVICE, "up"]):
        subprocess.run(["ip", *command], check=True)
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # to be late is the one thing it must not
    under_way: list[tuple[float, int, bytes]] = []
    trips, seconds = _RoundTrips(), 0.0
    for number in range(sys.maxsize):
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        ready, _, _ = select.select([device, sys.stdin], [], [], wait)
        if device in ready:
            packet = os.read(device, 65536)
            if packet[0] >> 4 == 4:  # not the router solicitations of IPv6
                trips.see(packet)
                turned = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
                heapq.heappush(under_way, (time.monotonic() + seconds, number, turned))
        if sys.stdin in ready:
            question = sys.stdin.readline().strip()
            if not question:
                return 0
            if question == "count":
                sys.stdout.write(json.dumps(trips.ended) + "\n")
                trips.ended.clear()
            else:
                seconds = float(question) / 2000
                sys.stdout.write("\n")
            sys.stdout.flush()
        while under_way and under_way[0][0] <= time.monotonic():
            os.write(device, heapq.heappop(under_way)[2])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
