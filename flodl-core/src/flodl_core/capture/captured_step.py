"""`CapturedStep`: a step recorded once for each signature and replayed, and proved to be the step."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, final

from torch import Tensor, nn

from flodl_core.capture.batch import Batch
from flodl_core.capture.effects import HostCopy, beyond_noise
from flodl_core.capture.entry import Entry
from flodl_core.capture.recorder import Recorder
from flodl_core.capture.recording import Recording
from flodl_core.capture.refusal import Refusal, explained
from flodl_core.capture.report import CaptureRow
from flodl_core.capture.slots import AbstractSlots, AttributeSlots, Bindings
from flodl_core.capture.trial import NewPlaces, Surroundings, Trial

_KNOWN = 1024  # signatures remembered, most of them only counted


def _warn(reason: str) -> None:
    """As a warning: Python shows each text once."""
    warnings.warn(f"a step runs eagerly: {reason}", UserWarning, stacklevel=5)


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
        attributes: Their attributes that the step was seen to bind; shared by steps over the same modules.
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
        attributes: AttributeSlots | None = None,
        name: str = "step",
        limit: int = 16,
        tell: Callable[[str], None] = _warn,
    ) -> None:
        self._function, self._recorder, self._key = function, recorder, key
        attributes = AttributeSlots() if attributes is None else attributes
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
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._evicted = 0
        self._last: Recording | None = None
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
        if entry.compares:
            return self._proving(entry, batch, args, kwargs)
        return self._replay(entry, entry.recording, batch, read)

    def forget(self) -> None:
        """Drop every recording: addresses that they know are no longer true. The next call records anew."""
        for entry in self._entries.values():
            entry.recording = None
        self._last = None

    def rows(self) -> tuple[CaptureRow, ...]:
        """What is known of each signature, the last used last."""
        rows = [entry.row(self._name) for entry in self._entries.values()]
        return (*rows, self._refused) if self._refused else tuple(rows)

    def _entry(self, batch: Batch, read: list[Bindings]) -> Entry:
        places = tuple([(place, t.shape, t.dtype) for bindings in read for place, t in bindings.items()])
        key = (batch.signature, places, self._key())
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(batch.text())
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

    def _eagerly(self, entry: Entry, batch: Batch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if entry.refused:
            self._tell(str(entry.reason))
        elif entry.eager > self._evicted:
            return self._proving(entry, batch, args, kwargs)
        return self._run(entry, args, kwargs)

    def _run(self, entry: Entry, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = self._function(*args, **kwargs)
        entry.eager += 1  # a batch that fails does not count
        return result

    def _proving(self, entry: Entry, batch: Batch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
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
            self._last = None
            entry.refuse(refusal)
            self._tell(str(refusal))  # if it raises, whoever mends the cause may try again at once
            entry.again *= 2
        finally:
            self._recorder.tidy()  # the trial is gone by now, with all that it held
        return self._run(entry, args, kwargs)

    def _proof(self, entry: Entry, batch: Batch) -> Any:
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
                entry.recording = Recording.make(self._function, batch, self._recorder, self._surroundings, trial.left)
                trial.lent = entry.recording.leaves
                self._make_room(entry)
            return self._compared(entry, entry.recording, batch, trial, first)
        except BaseException as error:
            trial.restore()
            if isinstance(error, Exception) and not isinstance(error, NewPlaces):
                raise explained(error) from error
            raise

    def _compared(self, entry: Entry, recording: Recording, batch: Batch, trial: Trial, first: HostCopy) -> Any:
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

    def _replay(self, entry: Entry, recording: Recording, batch: Batch, read: list[Bindings]) -> Any:
        result = recording.replay(batch, read)
        recording.bind(self._leaves, again=self._last is recording)
        self._last = recording
        entry.replays += 1
        return result

    def _make_room(self, entry: Entry) -> None:
        held = [other for other in self._entries.values() if other.recording is not None and other is not entry]
        if len(held) >= self._limit:
            held[0].recording, held[0].eager = None, 0
            self._evicted += 1
