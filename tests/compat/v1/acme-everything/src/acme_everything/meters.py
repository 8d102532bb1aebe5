"""A sink and a probe; neither needs torch, nor flodl."""

import time
from pathlib import Path


class Diary:
    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def emit(self, record) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{record.epoch}/{record.total} {dict(record.metrics)}\n")

    def close(self) -> None:
        pass


class Clock:
    def __init__(self) -> None:
        self.began = time.monotonic()

    def sample(self):
        return {"acme_seconds": time.monotonic() - self.began}

    def close(self) -> None:
        pass
