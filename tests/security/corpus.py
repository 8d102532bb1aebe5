"""Experiment files that mean harm, or are simply wild: each is a good one with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator

GOOD = """\
[data]
use = "{data}"
batch_size = 16
[model]
label = "small"
[[model.flow]]
through = "linear"
args = [4, 8]
[[model.flow]]
through = "relu"
[[model.flow]]
through = "linear"
args = [8, 3]
[loss]
use = "cross_entropy"
[optimizer]
use = "adam"
lr = 0.02
[train]
epochs = 3
device = "cpu"
[monitor]
sinks = ["terminal"]
[checkpoint]
path = "model.safetensors"
"""

NAMES = (
    *("canary:run", "canary.run", "os:system", "os.system", "builtins.eval", "builtins:exec", "torch.nn.Linear"),
    *("torch.nn:Linear", "flodl_core.registry:components", "posix.system", "logging.os.system", "__import__('os')"),
    *("lambda: 0", "linear()", "{{7*7}}", "${HOME}", "$(touch was_imported)", "`id`", "%s%s%n", "; import canary"),
    *("../evil", "./evil.py", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x", "\\\\\\\\host\\\\share"),
    *("__class__", "__init__", "_private", "linear.__init__.__globals__", "flodl-nn/__init__", "flodl-nn/../x"),
    *("module:os/system", "loss:linear", "op:__import__", "flodl_nn.builtin:flodl_modules", "session/x", "a/b/c", ":"),
    *("/", "", " ", "linear ", "linear\\n", "linear\\u0000", "LINEAR\\u0007", "x" * 70_000, "-" * 300),
    *(
        "l\u0456near",
        "\uff4c\uff49near",
        "line\u0430r",
        "linear\u200b",
        "\u202eraenil",
        "lin\u0301ear",
        "\U0001d425inear",
    ),
)
"""Where a name is due."""

KEYS = (
    "_target_",
    "target",
    "class_path",
    "module",
    "factory",
    "__init__",
    "__class__",
    "import",
    "eval",
    "$ref",
    "<<",
)
"""Beside a name."""

NUMBERS = ("nan", "-nan", "inf", "-inf", "1e400", "9223372036854775807", "9223372036854775808", "-1", "0", "1" * 4000)
"""Where a number is due."""

SHAPES = ("[4, 1000000000000]", "[4, 9223372036854775807]", "[4, 100000000000000000000]", "[-4, 8]", "[4, 0.5]", "[]")
SHAPES += ('["4", "8"]', "[nan, nan]", "[[4], [8]]", "[true, false]", "[4, 8, 1, 2, 3]", "{ in = 4 }", "[1979-05-27]")
"""Where `args = [4, 8]` is due."""

RAW = {
    "duplicate key": ("epochs = 3", "epochs = 3\nepochs = 4"),
    "duplicate table": ("[train]", "[train]\nseed = 1\n[train]"),
    "table over a value": ("[train]", "[data.use]\nx = 1\n[train]"),
    "array over a table": ("[train]", "[[loss]]\nuse = 'mse'\n[train]"),
    "dotted key over a table": ("[train]", "[train]\ndevice.x = 1"),
    "deep array": ("lr = 0.02", f"lr = {'[' * 3000}1{']' * 3000}"),
    "deep table": ("lr = 0.02", f"lr = {'{ a = ' * 3000}1{' }' * 3000}"),
    "deep header": ("[train]", f"[train{'.a' * 3000}]\nx = 1\n[train]"),
    "deep flow": ('through = "relu"', f"through = {'{ flow = [{ through = ' * 30}'relu'{' }] }' * 30}"),
    "a flow of flows": ('through = "relu"', 'through = { flow = { flow = { flow = "relu" } } }'),
    "a flow that calls": ('through = "relu"', 'through = { flow = [{ through = "canary:run" }] }'),
    "a private word": ('through = "relu"', '_build = "relu"'),
    "a method as a word": ('through = "relu"', 'build = "relu"'),
    "a dunder as a word": ('through = "relu"', '__class__ = "relu"'),
    "a dunder as a tag": ('through = "relu"', 'through = "relu"\ntag = "__class__"'),
    "a method as a tag": ('through = "relu"', 'through = "relu"\ntag = "forward"'),
    "code as a tag": ('through = "relu"', 'through = "relu"\ntag = "x=0;import canary"'),
    "a line as a tag": ('through = "relu"', 'through = "relu"\ntag = "x\\nimport canary"'),
    "a confusable tag": ('through = "relu"', 'through = "relu"\ntag = "\u02b0"\n'),
    "code as a label": ('label = "small"', 'label = "x\\"\\nimport canary\\n\\""'),
    "code as using": ('through = "relu"', 'through = "relu"\nusing = "x); import canary; (x"'),
    "using by private name": ('through = "relu"', 'through = "relu"\nusing = { __class__ = "x" }'),
    "endless loop": ('through = "relu"', 'loop_body = "relu"\nfor_n = -5'),
    "half a loop": ('through = "relu"', 'loop_body = "relu"\nfor_n = 0.5'),
    "a system file": ('path = "model.safetensors"', 'path = "/etc/passwd"'),
    "a device": ('path = "model.safetensors"', 'path = "/dev/full"'),
    "a NUL in a path": ('path = "model.safetensors"', 'path = "a\\u0000.safetensors"'),
    "a folder of the system": ('path = "model.safetensors"', 'path = "/proc/1/x.safetensors"'),
    "an endless path": ('path = "model.safetensors"', f'path = "{"a" * 5000}.safetensors"'),
    "a path that is none": ('path = "model.safetensors"', "path = 3"),
    "the experiment itself": ('sinks = ["terminal"]', 'sinks = [{ use = "csv", path = "exp.toml" }]'),
    "a sink that is code": ('sinks = ["terminal"]', 'sinks = [{ use = "canary:run" }]'),
    "a sink that is no name": ('sinks = ["terminal"]', 'sinks = [["terminal"]]'),
    "a sink to nowhere": ('sinks = ["terminal"]', 'sinks = [{ use = "csv", path = "/proc/1/x.csv" }]'),
    "a device that is code": ('device = "cpu"', 'device = "cpu; import canary"'),
    "a device far away": ('device = "cpu"', 'device = "cuda:99999999999999999999"'),
    "no device": ('device = "cpu"', 'device = "meta"'),
    "a date": ("epochs = 3", "epochs = 1979-05-27"),
    "a text": ("epochs = 3", 'epochs = "3"'),
    "yes": ("epochs = 3", "epochs = true"),
    "many threads": ("epochs = 3", "epochs = 3\nthreads = 1000000000"),
    "an action that is code": (
        "[monitor]",
        "[[rules]]\nwhen = { trend = 'loss', stalled = 1 }\ndo = 'canary:run'\n[monitor]",
    ),
    "a trend that is code": ("[monitor]", "[[rules]]\nwhen = { eval = 'import canary' }\ndo = 'stop'\n[monitor]"),
    "a schedule that is code": ("[train]", "[schedule]\nuse = 'canary.run'\n[train]"),
    "an escape sequence": ("[train]", '[train]\n"\\u001b]0;owned\\u0007" = 1'),
    "a lone surrogate": ('label = "small"', 'label = "\\ud800"'),
    "bare control characters": ('label = "small"', 'label = "\x00\x01"'),
}


def cases(data: str = "iris") -> Iterator[tuple[str, str]]:
    """What a case is called, and its text."""
    good = GOOD.replace("{data}", data)
    for before in ('"cross_entropy"', '"adam"', f'"{data}"', '"relu"', '["terminal"]'):
        for name in NAMES if before == '"cross_entropy"' else NAMES[::4]:
            text = f'["{name}"]' if before.startswith("[") else f'"{name}"'
            yield f"{before} becomes {name[:30]}", replaced(good, before, text)
    for key in KEYS:
        yield f"beside the loss {key}", replaced(good, '"cross_entropy"', f'"cross_entropy"\n"{key}" = "canary:run"')
        yield f"beside a word {key}", replaced(good, '"relu"', f'"relu"\n"{key}" = "canary:run"')
    for before in ("lr = 0.02", "batch_size = 16", "epochs = 3"):
        for number in NUMBERS:
            if (before, number) not in FINE:
                yield (
                    f"{before} becomes {number[:30]}",
                    replaced(good, before, f"{before.partition(' ')[0]} = {number}"),
                )
    for number in ("nan", "inf", "-1", "1.5"):
        yield f"holdout {number}", replaced(good, "batch_size = 16", f"holdout = {number}")
        yield f"clip_norm {number}", replaced(good, "epochs = 3", f"epochs = 3\nclip_norm = -{number.strip('-')}")
    for shape in SHAPES:
        yield f"args {shape}", replaced(good, "[4, 8]", shape)
    for name, (before, after) in RAW.items():
        yield name, replaced(good, before, after)


_ENDLESS = ("inf", "1e400", "9223372036854775807", "9223372036854775808", "1" * 4000)
FINE = {("batch_size = 16", _ENDLESS[2]), ("epochs = 3", _ENDLESS[2]), *(("lr = 0.02", n) for n in ("0", *_ENDLESS))}
"""Odd, and harmless: a rate of 0 learns nothing, too large a one ends the run at its first loss that is no number, a
batch holds all there is, Ctrl-C ends many epochs."""


def replaced(good: str, before: str, after: str) -> str:
    assert before in good, before
    return good.replace(before, after, 1)
