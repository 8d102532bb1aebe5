"""Run experiment files in this process, watched: what each says, how it ends, and whether it does what no file may.

Usage: python hostile.py CASES.json SECONDS, in an empty folder. Writes results as JSON to stdout.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from pathlib import Path

MOST_MEMORY = 16 * 2**30  # bytes of address space: torch alone takes a few
FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "pty.spawn", "ctypes.dlopen")
NETWORK = ("socket.connect", "socket.bind", "urllib.Request")


class HangError(BaseException):
    """A file that takes too long."""


class Watch:
    """What happens while a file is looked at: processes, network, files opened for writing elsewhere."""

    def __init__(self) -> None:
        self.seen: list[str] | None = None
        self.homes = tuple(map(os.path.realpath, (os.getcwd(), tempfile.gettempdir() + "/flodl-")))
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.seen is None:
            return
        if event in FORBIDDEN or event in NETWORK:
            self.seen.append(f"{event} {arguments[:1]}")
        elif event == "import" and str(arguments[0]).startswith("canary"):
            self.seen.append(f"import {arguments[0]}")
        elif event == "open" and isinstance(arguments[0], str | bytes) and self.writes(arguments):
            place = os.path.realpath(os.fsdecode(arguments[0]))
            if not place.startswith((*self.homes, os.devnull)):
                self.seen.append(f"wrote {place}")

    @staticmethod
    def writes(arguments: tuple[object, ...]) -> bool:
        _, mode, flags = arguments
        wanted = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
        return any(c in str(mode or "") for c in "wax+") if mode else bool(int(flags or 0) & wanted)


def late(signum: int, frame: object) -> None:
    raise HangError


def look(watch: Watch, toml: str, seconds: int) -> dict[str, object]:
    """One file, checked and not trained."""
    from flodl_cli.main import main

    Path("exp.toml").write_text(toml, encoding="utf-8", errors="surrogatepass")
    out, err, code = io.StringIO(), io.StringIO(), -1
    signal.alarm(seconds)
    watch.seen = []
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["run", "--check", "exp.toml"])
    except HangError:
        err.write("it hangs\n" + traceback.format_exc())
    except BaseException:
        err.write(traceback.format_exc())
    finally:
        signal.alarm(0)
        seen, watch.seen = watch.seen, None
    return {"code": code, "out": out.getvalue(), "err": err.getvalue(), "seen": seen}


def everything(cases: dict[str, str], seconds: int) -> dict[str, dict[str, object]]:
    """Each file in turn, with no more memory than a machine has."""
    import torch  # what imports open is no file's doing

    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGALRM, late)
    sys.path.insert(0, os.getcwd())  # worse than it is: what lies here could be imported
    for name in ("canary", "evil"):
        Path(f"{name}.py").write_text("import pathlib\npathlib.Path('was_imported').touch()\ndef run(): ...\n")
    watch = Watch()
    return {name: look(watch, toml, seconds) for name, toml in cases.items()}


if __name__ == "__main__":
    results = everything(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2]))
    print(json.dumps({"results": results, "imported": Path("was_imported").exists()}))
