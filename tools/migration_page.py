"""Write docs/reference/migration.md: what a thing is called in PyTorch, in the Rust floDl and in flodl.

Usage: python tools/migration_page.py
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from flodl_cli.elsewhere import FLODL, flodl_names, torch_name
from flodl_core import Component, components
from projects import ROOT

PAGE = ROOT / "docs" / "reference" / "migration.md"
HEAD = """# Coming from PyTorch or floDl

What a thing is called in PyTorch, in the Rust framework floDl, and here. A name of PyTorch `in this type` is PyTorch's
own class or function, which flodl finds by name and does not copy; one *in italics* is what flodl's factory stands for:
PyTorch's class with more choices, or a class of flodl's own with the same meaning. PyTorch's and floDl's spellings are
understood, too: `ref("GELU")` and `ref("gelu")` mean the same.

This page is made from the registry by `python tools/migration_page.py`.

Calls that differ:

| PyTorch | floDl | flodl |
|---|---|---|
| `nn.Sequential(a, b)` | `FlowBuilder::from(a).through(b)` | `FlowBuilder(a).through(b)` |
| `x + f(x)` in `forward` | `.also(f)` | `.also(f)` |
| `loss.backward(); opt.step()` | the same | `TrainStep(model, loss="mse", optimizer="adam")(x, y)` |
| `scheduler.step()` | `opt.set_lr(s.lr(step))` | `TrainStep(..., schedule=warmup(500).then(cosine(9_500)))` |
| `p.requires_grad_(False)` | `graph.freeze("encoder")` | `graph.freeze("encoder")` |
| groups as a list of dicts | `Adam::with_groups().group(..)` | `groups={"encoder": 1e-4, "*.bias": {...}}` |
| `torch.autocast`, `GradScaler` | `AutocastGuard`, `GradScaler` | `precision="bf16"`, `precision="fp16"` |
| `opt.load_state_dict` | `opt.load_state_file(path)` | `load_flodl_state(path, opt)` reads floDl's files |
| `F.softmax(x, dim=-1)` | `x.softmax(-1)` | `.through("op:softmax", dim=-1)` in a flow |
"""
KINDS = {
    "module": "Modules",
    "loss": "Losses",
    "optimizer": "Optimizers",
    "scheduler": "Schedules",
    "initializer": "Initializers",
    "merge_op": "Merge ops",
    "op": "Ops",
}
LEFT_OUT = """
## What floDl has and flodl has not

| floDl | instead |
|---|---|
| `Rng` | `seed_everything`, and the generators of PyTorch, Python and numpy |
| `all_finite` | the ops `isfinite` and `all` |
| `unsqueeze_many` | the op `unsqueeze`, once for each dimension |
| `gru_seq_cached`, `lstm_seq_cached` | the ops `gru` and `lstm`: there is no cached pack of weights to grow stale |
| `PlateauScheduler` outside of the schedulers | `plateau` is a schedule like any other |
"""


def page() -> str:
    """The text of the page."""
    parts = [HEAD]
    for kind, heading in KINDS.items():
        parts.append(f"\n## {heading}\n\n| PyTorch | floDl | flodl |\n|---|---|---|\n")
        parts.append("".join(f"| {' | '.join(row)} |\n" for row in rows(kind)))
    return "".join([*parts, LEFT_OUT])


def rows(kind: str) -> Iterator[tuple[str, str, str]]:
    """A row per component that PyTorch or floDl has too, and one per component of flodl alone at the end."""
    ours = [component for component in components.list(kind) if component.origin.builtin]
    told = [(in_torch(c), ", ".join(f"`{word}`" for word in flodl_names(c)), f"`{c.name}`") for c in ours]
    known = [row for row in told if row[0] or row[1]]
    alone = [row[2] for row in told if not (row[0] or row[1])]
    yield from known
    if alone:
        yield "", "", ", ".join(alone)


def in_torch(component: Component) -> str:
    """PyTorch's own, by its target; or the class that one of its names is, for what flodl makes of it."""
    if own := torch_name(component):
        return f"`{own}`"
    homes = {
        "loss": (torch.nn,),
        "optimizer": (torch.optim,),
        "scheduler": (torch.optim.lr_scheduler,),
        "initializer": (torch.nn.init,),
        "module": (torch.nn,),
    }.get(component.kind, ())
    spelled = [*component.spec.aliases, component.spec.target.rpartition(":")[2]]
    found = [f"{home.__name__}.{word}" for home in homes for word in spelled if hasattr(home, word)]
    return f"*{found[0]}*" if found else ""


def unknown() -> list[str]:
    """floDl's names that no component answers to; there must be none."""
    found = {
        kind: {word for c in components.list(kind) if c.origin.builtin for word in flodl_names(c)} for kind in FLODL
    }
    return [f"{kind} {word}" for kind, words in FLODL.items() for word in words.split() if word not in found[kind]]


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")
