"""What a run says when it is over: the model, the confusion, the held-out figures, the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor

from flodl_cli.training.loop import Outcome
from flodl_cli.training.run import Run
from flodl_cli.training.tally import Tally

_MOST_CLASSES = 30


def report(run: Run, outcome: Outcome) -> Iterator[str]:
    """The lines."""
    yield from run.model.summary().splitlines()
    yield ""
    if outcome.held_out is not None and run.classes:
        yield from confusion_lines(outcome.held_out.confusion(), class_names(run.names, run.classes))
        yield ""
    epochs = run.experiment.train.epochs
    done = f"{outcome.epochs} of {epochs}" if outcome.epochs < epochs else f"{epochs}"
    yield f"trained     {done} epochs in {outcome.seconds:.1f} s"
    if outcome.held_out is not None:
        yield f"held out    {held_out_line(outcome.held_out)}"
    width = max((len(output.name) for output in run.outputs), default=0)
    yield from (f"{output.name:<{max(width, 10)}}  {output.path}" for output in run.outputs)


def held_out_line(tally: Tally) -> str:
    """Loss and accuracy in words."""
    loss = f"loss {tally.loss():.4f}"
    if not tally.classes:
        return f"{loss} ({tally.rows} examples)"
    return f"{loss}, accuracy {tally.accuracy():.2%} ({tally.right()} of {tally.judged()})"


def class_names(names: Sequence[str], classes: int) -> list[str]:
    """What each class is called: by the data set, else by its number."""
    return [names[index] if index < len(names) else str(index) for index in range(classes)]


def confusion_lines(confusion: Tensor, names: Sequence[str]) -> Iterator[str]:
    """The matrix, aligned; of very many classes only what was confused most.

    Shapes: confusion i64 [C, C], rows true, columns predicted.
    """
    if len(names) > _MOST_CLASSES:
        yield from _worst(confusion, names)
        return
    rows = confusion.tolist()
    cells = [[str(count) if count else "." for count in row] for row in rows]
    first = max(len("true"), *map(len, names))
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(names)]
    yield f"{'true':<{first}}  predicted"
    yield _line("", names, first, widths)
    yield from (_line(name, row, first, widths) for name, row in zip(names, cells, strict=True))


def _line(head: str, cells: Sequence[str], first: int, widths: Sequence[int]) -> str:
    columns = "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{head:<{first}}  {columns}".rstrip()


def _worst(confusion: Tensor, names: Sequence[str], most: int = 10) -> Iterator[str]:
    wrong = confusion.clone().fill_diagonal_(0)
    counts, places = wrong.flatten().topk(most)
    yield "confused most"
    for count, place in zip(counts.tolist(), places.tolist(), strict=True):
        if count:
            yield f"  {names[place // len(names)]} taken for {names[place % len(names)]}: {count}"
