"""The cells that are still to be measured: a model's sides in turn, round by round, each in a process of its own.

All processes of a model wait side by side, and one at a time works: what changes on the machine in
the meantime meets every side alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import final

from attrs import evolve, frozen

from flodl_bench.cell import Cell
from flodl_bench.names import CONVOLUTIONAL
from flodl_bench.order import Order
from flodl_bench.process import CellFailed, Deadline, Process
from flodl_bench.results import Results
from flodl_bench.setting import Setting
from flodl_bench.sides import Side

_WORKER = "flodl_bench.worker"


@final
@frozen(kw_only=True)
class Plan:
    """What is wanted.

    Args:
        models: Names.
        sides: Those that can run here.
        device: `"cpu"` or `"cuda"`.
        setting: How.
        rounds: How many of each cell.
        kernels: Whether the kernels of captured sides are counted, too.
        together: How many processes wait side by side; None: as many as a model has sides.
        deadline: When it ends.
    """

    models: Sequence[str]
    sides: Sequence[Side]
    device: str
    setting: Setting
    rounds: int
    kernels: bool
    together: int | None
    deadline: Deadline

    def order(self, model: str, side: str) -> str:
        """What a process is told."""
        setting = self.setting
        order = Order(
            model=model,
            side=side,
            device=self.device,
            shrink=setting.shrink,
            batches=setting.batches_per_epoch,
            epochs=setting.measured_epochs,
            read_loss=setting.read_loss,
            inference=setting.inference,
        )
        return order.written()

    def untimed(self, model: str, results: Results) -> list[Cell]:
        """Cells of a model that lack rounds."""
        cells = [results.cell(model, side.name) for side in self.sides]
        return [cell for cell in cells if cell.rounds < self.rounds]

    def uncounted(self, model: str, results: Results) -> list[Cell]:
        """Cells of a model whose kernels are wanted and not counted yet."""
        cells = [results.cell(model, side.name) for side in self.sides if side.capture and self.kernels]
        return [cell for cell in cells if cell.kernels is None]

    def cells(self, results: Results) -> list[Cell]:
        """All that there is of what is wanted, in the order of the table."""
        known = [results.cell(model, side.name) for model in self.models for side in self.sides]
        return [cell for cell in known if cell.rounds or cell.error]

    def missing(self, results: Results) -> int:
        """How many times and counts of kernels are still to come."""
        return sum(len(self.untimed(model, results)) + len(self.uncounted(model, results)) for model in self.models)


Tell = Callable[[str, "Cell | None"], None]
"""Told what is going on, or which cell is done."""


def measure(plan: Plan, results: Results, tell: Tell) -> None:
    """Fill in what is missing, model by model; each round is kept as soon as it is measured.

    Raises:
        OutOfTime: The deadline came first.
    """
    for model in plan.models:
        for cells in _groups(plan.untimed(model, results), plan.together):
            with ExitStack() as stack:
                _Group(plan, results, tell, stack).time(cells)
        timed = [cell for cell in plan.uncounted(model, results) if cell.rounds]
        for cells in _groups(timed, plan.together):
            with ExitStack() as stack:
                _Group(plan, results, tell, stack).count(cells)


def _groups(cells: Sequence[Cell], together: int | None) -> Iterator[Sequence[Cell]]:
    size = together or len(cells) or 1
    for first in range(0, len(cells), size):
        yield cells[first : first + size]


@final
class _Group:
    """Cells whose processes live at the same time."""

    def __init__(self, plan: Plan, results: Results, tell: Tell, stack: ExitStack) -> None:
        self._plan, self._results, self._tell, self._stack = plan, results, tell, stack
        self._running: dict[str, tuple[Cell, Process]] = {}

    def time(self, cells: Sequence[Cell]) -> None:
        """Their missing rounds, in turn; every other round the other way round."""
        self._start(cells)
        self._each("warm")
        for turn in range(max(self._plan.rounds - cell.rounds for cell in cells)):
            self._each("round", backwards=turn % 2 == 1)

    def count(self, cells: Sequence[Cell]) -> None:
        """Their kernels; in processes of their own, since one that was profiled is slower ever after."""
        self._start(cells)
        self._each("warm")
        self._each("kernels")

    def _start(self, cells: Sequence[Cell]) -> None:
        names = ", ".join(cell.side for cell in cells)
        self._tell(f"{cells[0].name}: starting {names}", None)
        one_by_one = cells[0].name in CONVOLUTIONAL
        for cell in cells:
            process = self._stack.enter_context(Process(_WORKER, self._plan.order(cell.name, cell.side)))
            self._running[cell.side] = (cell, process)
            if one_by_one:
                self._work(cell.side)
        if not one_by_one:
            for side in list(self._running):
                self._work(side)

    def _each(self, word: str, *, backwards: bool = False) -> None:
        for side in list(self._running)[:: -1 if backwards else 1]:
            cell, _ = self._running[side]
            if word == "round" and cell.rounds >= self._plan.rounds:
                continue
            self._tell(f"{cell.name}: {side}: {_DOING[word]}", None)
            self._work(side, word)

    def _work(self, side: str, word: str | None = None) -> None:
        """Say a word, and take in the answer; a side that fails is out, and the others go on."""
        cell, process = self._running[side]
        if word is not None:
            process.say(word)
        try:
            answer = process.answer(self._plan.deadline)
        except CellFailed as error:
            process.end()
            del self._running[side]
            self._keep(evolve(cell, error=str(error)), done=True)
            return
        if "times" in answer:
            cell = cell.with_round(answer["times"], answer)
            self._keep(cell, done=cell.rounds >= self._plan.rounds)
        elif "kernels" in answer:
            self._keep(evolve(cell, error=None, **answer), done=True)

    def _keep(self, cell: Cell, *, done: bool) -> None:
        self._results.put(cell)
        if cell.side in self._running:
            self._running[cell.side] = (cell, self._running[cell.side][1])
        if done:
            self._tell("", cell)


_DOING = {"warm": "warming up", "round": "measuring", "kernels": "counting kernels"}
