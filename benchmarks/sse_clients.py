"""Readers of a dashboard, as many as one likes, in a process of their own: `python sse_clients.py PORT CLIENTS LEAVES`.

Each listens until the run ends. LEAVES times, at random moments, one of them goes away and comes back with the number
that it saw last, as a browser does. Said when all listen: `ready`; at the end, as JSON: seconds from `log` to here (the
metric `sent` is the time of the call), and how many events were lost or seen twice.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from urllib.request import urlopen


def live_at(port: int) -> tuple[str, int]:
    """What a dashboard's page asks its events with: the run, and the number of the last event that the page holds."""
    page = urlopen(f"http://127.0.0.1:{port}/").read().decode()
    live = json.loads(re.search(r'"live":(\{.*?\})', page)[1])  # type: ignore[index]
    return live["run"], int(live["after"])


class Readers:
    """All of them, and what they saw together."""

    def __init__(self, port: int, clients: int, leaves: int) -> None:
        self.port, self.clients, self.leaves, self.left = port, clients, leaves, 0
        self.run, self.first = live_at(port)
        self.seconds: list[float] = []
        self.seen = [0] * clients
        self.lost = self.twice = self.listening = 0
        self.chance = random.Random(0)

    async def all(self) -> None:
        """Until the run ends."""
        gate = asyncio.Semaphore(50)  # a machine takes only so many connections at once
        await asyncio.gather(*(self.one(number, gate) for number in range(self.clients)))

    async def one(self, number: int, gate: asyncio.Semaphore) -> None:
        """A reader that comes back as long as the run goes on."""
        place, greeted = self.first, False
        while True:
            async with gate:
                stream, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
                head = f"GET /events?run={self.run}&after={place} HTTP/1.1\r\nHost: localhost\r\n"
                writer.write(f"{head}Last-Event-ID: {place}\r\n\r\n".encode())
                await stream.readuntil(b"\r\n\r\n")
            if not greeted:
                greeted = True
                self.listening += 1
                if self.listening == self.clients:
                    print("ready", flush=True)
            place, over = await self.listen(number, place, stream)
            writer.close()
            if over:
                return
            self.left += 1

    async def listen(self, number: int, place: int, stream: asyncio.StreamReader) -> tuple[int, bool]:
        """The number of the last event, and whether the run is over."""
        stay = self.chance.randrange(1, 25)
        while line := await stream.readline():
            if line.startswith(b"id: "):
                fresh = int(line[4:])
                self.lost += max(0, fresh - place - 1)
                self.twice += fresh <= place
                place = fresh
                self.seen[number] += 1
            elif (found := line.find(b'"sent": ')) > 0:
                self.seconds.append(time.time() - float(line[found + 8 : found + 40].split(b"}")[0].split(b",")[0]))
                stay -= 1
                if stay <= 0 and self.left < self.leaves:
                    return place, False
            elif line.startswith(b"event: "):
                return place, True
        return place, True


def main() -> None:
    """Read, and tell."""
    readers = Readers(*map(int, sys.argv[1:4]))
    asyncio.run(readers.all())
    ordered = sorted(readers.seconds) or [0.0]
    told = {
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[int(len(ordered) * 0.99)],
        "events": sum(readers.seen),
        "fewest": min(readers.seen),
        "lost": readers.lost,
        "twice": readers.twice,
        "left": readers.left,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
