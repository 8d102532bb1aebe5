"""`CapturedStep`: a step recorded once for each signature and replayed, and proved to be the step."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, final

import torch
from attrs import define, field
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from flodl_core.capture.batch import Batch, tensors_of
from flodl_core.capture.effects import HostCopy, beyond_noise
from flodl_core.capture.recorder import Recorder
from flodl_core.capture.refusal import Refusal, explained, on_trial
from flodl_core.capture.report import CaptureRow
from flodl_core.capture.slots import AbstractSlots, AttributeSlots, Bindings
from flodl_core.capture.trial import NewPlaces, Surroundings, Trial, own_copy

_KNOWN = 1024  # signatures remembered, most of them only counted
_CHECKED = frozenset({1, *(10**power - 1 for power in range(1, 12))})  # replays so far before one that is compared


def _warn(reason: str) -> None:
    """As a warning: Python shows each text once."""
    warnings.warn(f"a step runs eagerly: {reason}", UserWarning, stacklevel=5)


@final
@define(eq=False)
class _Recording:
    """A recorded step with the tensors it reads and leaves."""

    play: Callable[[], None]
    inputs: tuple[Tensor, ...]
    reads: list[Bindings]
    leaves: list[Bindings]
    result: Any
    alive: list[Tensor]


@final
@define(eq=False)
class _Entry:
    """What is known of one signature."""

    inputs: str
    eager: int = 0
    replays: int = 0
    recording: _Recording | None = None
    reason: str | None = None
    again: float = inf
    """Eager runs after which a refused signature is tried anew."""
    spread: dict[str, float] = field(factory=dict)
    difference: float | None = None


@final
class CapturedStep:
    """A function that changes tensors in place, recorded per signature and replayed.

    The first call of a signature runs eagerly. The second is tried twice and taken back, recorded,
    replayed and compared; so is the replay after it, and the 10th, 100th, 1000th and so on. A replay
    further from the eager step than eager steps are from each other is taken back, and the signature
    runs eagerly from then on, saying why, once. What stood in the way and may pass, such as memory
    that is short, keeps a recording that was proved before, and has others tried again: after twice
    as many eager runs each time.

    Args:
        function: The step. All that it changes are the tensors of `state` and what `leaves` hold;
            what it returns is detached.
        state: Every tensor that it may change in place, by a name for messages.
        recorder: What records.
        key: What besides the arguments decides what the step does.
        reads: Places whose tensors it reads; copied in before a replay when they are others.
        leaves: Places that it binds; filled after a replay.
        proved: Of these, those that a replay is compared by. All by default.
        modules: Path to module: whose plain attributes are watched for host work.
        slots: Names of their attributes that `reads` and `leaves` speak of.
        name: For reports.
        limit: Recordings kept at once. The least recently used goes first, and each that went makes
            the next wait one call longer, so that ever new shapes do not end in ever new recordings.
        tell: Hears why a signature runs eagerly, at each call that does; may raise instead. By default
            each reason becomes one warning.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        state: Callable[[], Mapping[str, Tensor]],
        recorder: Recorder,
        key: Callable[[], Hashable] = tuple,
        reads: Sequence[AbstractSlots] = (),
        leaves: Sequence[AbstractSlots] = (),
        proved: Sequence[AbstractSlots] | None = None,
        modules: Callable[[], Mapping[str, nn.Module]] = dict,
        slots: frozenset[str] = frozenset(),
        name: str = "step",
        limit: int = 16,
        tell: Callable[[str], None] = _warn,
    ) -> None:
        self._function, self._recorder, self._key = function, recorder, key
        attributes = AttributeSlots()
        self._reads, self._leaves = [*reads, attributes], [*leaves, attributes]
        self._surroundings = Surroundings(
            state=state,
            reads=tuple(self._reads),
            leaves=tuple(self._leaves),
            proved=(*(leaves if proved is None else proved), attributes),
            attributes=attributes,
            modules=modules,
            slots=slots,
        )
        self._name, self._limit, self._tell = name, limit, tell
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._evicted = 0
        self._last: _Recording | None = None
        self._refused: CaptureRow | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The step: replayed where there is a recording, else eager.

        Raises:
            TrainingError: A recording is required and cannot be made.
        """
        try:
            batch = Batch.read(args, kwargs, self._recorder.device)
            read = self._read()
        except Refusal as refusal:
            return self._without_signature(refusal, args, kwargs)
        entry = self._entry(batch, read)
        if entry.recording is None:
            del read  # it may hold the graph of an earlier step
            return self._eagerly(entry, batch, args, kwargs)
        if entry.replays in _CHECKED:
            return self._proving(entry, batch, args, kwargs)
        return self._replay(entry, entry.recording, batch, read)

    def forget(self) -> None:
        """Drop every recording: addresses that they know are no longer true. The next call records anew."""
        for entry in self._entries.values():
            entry.recording = None
        self._last = None

    def rows(self) -> tuple[CaptureRow, ...]:
        """What is known of each signature, the last used last."""
        rows = [
            CaptureRow(
                step=self._name,
                inputs=entry.inputs,
                captured=entry.recording is not None,
                replays=entry.replays,
                eager=entry.eager,
                difference=entry.difference,
                spread=max(entry.spread.values(), default=None),
                reason=entry.reason,
            )
            for entry in self._entries.values()
        ]
        return (*rows, self._refused) if self._refused else tuple(rows)

    def _entry(self, batch: Batch, read: list[Bindings]) -> _Entry:
        places = tuple([(place, t.shape, t.dtype) for bindings in read for place, t in bindings.items()])
        key = (batch.signature, places, self._key())
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(batch.text())
            if len(self._entries) > _KNOWN:
                self._entries.popitem(last=False)
        else:
            self._entries.move_to_end(key)
        return entry

    def _without_signature(self, refusal: Refusal, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        before = self._refused.eager if self._refused else 0
        self._refused = CaptureRow(
            step=self._name, inputs="?", captured=False, replays=0, eager=before + 1, reason=str(refusal)
        )
        self._tell(str(refusal))
        return self._function(*args, **kwargs)

    def _read(self) -> list[Bindings]:
        return [slots.read() for slots in self._reads]

    def _eagerly(self, entry: _Entry, batch: Batch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if entry.reason is not None and entry.eager < entry.again:
            self._tell(entry.reason)
        elif entry.eager > self._evicted:
            return self._proving(entry, batch, args, kwargs)
        return self._run(entry, args, kwargs)

    def _run(self, entry: _Entry, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = self._function(*args, **kwargs)
        entry.eager += 1  # a batch that fails does not count
        return result

    def _proving(self, entry: _Entry, batch: Batch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Replay what was compared with an eager step, recording it first if need be; or run eagerly, saying why."""
        self._recorder.tidy()  # what eager steps left in the allocator's cache is in the way of trials
        proved = entry.recording
        try:
            result = self._proof(entry, batch)
            entry.reason = None
            return result
        except NewPlaces:  # from now on another signature, which is eager once and then tried
            entry.recording = None
        except Refusal as refusal:
            if proved is not None and refusal.passing:
                return self._replay(entry, proved, batch, self._read())
            self._refuse(entry, refusal)
        finally:
            self._recorder.tidy()  # the trial is gone by now, with all that it held
        return self._run(entry, args, kwargs)

    def _refuse(self, entry: _Entry, refusal: Refusal) -> None:
        entry.recording, entry.reason, self._last = None, str(refusal), None
        entry.again = entry.eager if refusal.passing else inf
        self._tell(entry.reason)  # if it raises, whoever mends the cause may try again at once
        entry.again *= 2

    def _proof(self, entry: _Entry, batch: Batch) -> Any:
        """Take two eager steps back, replay, compare.

        Raises:
            Refusal: It cannot be recorded, or the replay is another step. Everything is as before.
        """
        trial = Trial(self._function, batch, self._recorder, self._surroundings)
        trial.lent = entry.recording and entry.recording.leaves
        try:
            first = HostCopy(trial.run())
            if entry.recording is None:
                entry.spread = trial.spread(first)
                trial.restore()
                entry.recording = self._record(batch, trial.left)
                trial.lent = entry.recording.leaves
                self._make_room(entry)
            return self._compared(entry, entry.recording, batch, trial, first)
        except BaseException as error:
            trial.restore()
            if isinstance(error, Exception) and not isinstance(error, NewPlaces):
                raise explained(error) from error
            raise

    def _compared(self, entry: _Entry, recording: _Recording, batch: Batch, trial: Trial, first: HostCopy) -> Any:
        """The result of a replay that is the step.

        Raises:
            Refusal: It is not; by the name of what differs most.
        """
        replays = entry.replays
        found, beyond = {}, {}
        for _ in range(3):
            trial.restore()
            result = self._replay(entry, recording, batch, self._read())
            entry.replays = replays  # until it counts
            found = trial.distances(first, result)
            beyond = beyond_noise(found, entry.spread)
            if not beyond:
                entry.replays += 1
                entry.difference = max(*found.values(), entry.difference or 0.0, 0.0)
                return result
            again = trial.spread(first)  # kernels may differ from themselves by more than two runs show
            entry.spread = {name: max(gap, entry.spread.get(name, 0.0)) for name, gap in again.items()}
        worst = max(beyond, key=lambda name: beyond[name])
        raise Refusal(f"a replay is not the step: {worst} is off by {found[worst]:.1e} of what the step does to it")

    def _record(self, batch: Batch, left: list[Bindings]) -> _Recording:
        inputs = tuple(map(own_copy, batch.tensors))
        args, kwargs = batch.with_tensors(inputs)
        reads = [{place: s.own(place, tensor) for place, tensor in s.read().items()} for s in self._reads]
        outside = [self._outside(s, bindings, reads) for s, bindings in zip(self._leaves, left, strict=True)]
        for slots, bindings in zip(self._reads, reads, strict=True):
            slots.write(bindings)
        alive = _plain_tensors(self._surroundings.modules().values())

        def step() -> Any:
            result = self._function(*args, **kwargs)
            for slots, bindings in zip(self._leaves, outside, strict=True):
                _carry_out(slots, bindings)
            return result

        with on_trial():
            result, play = self._recorder.record(step)
        if any(leaf.device != self._recorder.device for leaf in tensors_of(result)):
            raise Refusal("the step returns a tensor on the host")
        return _Recording(play, inputs, reads, [slots.held() for slots in self._leaves], result, alive)

    def _outside(self, slots: AbstractSlots, left: Bindings, reads: list[Bindings]) -> Bindings:
        """Tensors for what must outlast other replays: those it is read from where they fit, so that it stays there."""
        if not slots.persist:
            return {}
        read = reads[self._reads.index(slots)] if slots in self._reads else {}
        fitting = {p: t for p, t in read.items() if p in left and (t.shape, t.dtype) == (left[p].shape, left[p].dtype)}
        return {place: fitting[place] if place in fitting else slots.own(place, t) for place, t in left.items()}

    def _replay(self, entry: _Entry, recording: _Recording, batch: Batch, read: list[Bindings]) -> Any:
        moved = list(zip(recording.inputs, batch.tensors, strict=True))
        for own, bindings in zip(recording.reads, read, strict=True):
            moved += [(own[place], source) for place, source in bindings.items() if own[place] is not source]
        if moved:
            with torch.no_grad():
                torch._foreach_copy_([to.detach() for to, _ in moved], [source.detach() for _, source in moved])
        recording.play()
        same = self._last is recording
        for slots, bindings in zip(self._leaves, recording.leaves, strict=True):
            if not (same and slots.holds(bindings)):
                slots.write(bindings)
        self._last = recording
        entry.replays += 1
        return _cloned(recording.result)

    def _make_room(self, entry: _Entry) -> None:
        held = [other for other in self._entries.values() if other.recording is not None and other is not entry]
        if len(held) >= self._limit:
            held[0].recording, held[0].eager = None, 0
            self._evicted += 1


def _plain_tensors(modules: Iterable[nn.Module]) -> list[Tensor]:
    """Tensors that modules hold as plain attributes: a recording may read them where they are now."""
    return [value for module in modules for value in module.__dict__.values() if isinstance(value, Tensor)]


def _carry_out(slots: AbstractSlots, outside: Bindings) -> None:
    """Copy what a step left in the memory of its recording to where it lasts."""
    if outside:
        held = slots.held()
        moved = [(outside[place], tensor) for place, tensor in held.items() if outside[place] is not tensor]
        if moved:
            torch._foreach_copy_([to for to, _ in moved], [tensor for _, tensor in moved])
        slots.write({place: outside[place] for place in held})


def _cloned(result: Any) -> Any:
    """The same with tensors of its own: the next replay fills the recording's."""
    if isinstance(result, Tensor):
        return result.clone()
    return pytree.tree_map_only(Tensor, torch.clone, result)
