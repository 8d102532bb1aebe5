"""Everything that a run consists of, as it is at one moment: part by part, and every random generator."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, final

from attrs import evolve, frozen
from torch import Tensor, nn

from flodl_core.checkpoint.info import NOTHING, About
from flodl_core.checkpoint.inventory import Inventory, inventory, plain_name, snapshot
from flodl_core.checkpoint.state.plain import Json, Tensors, pack
from flodl_core.errors import CheckpointError
from flodl_core.tensor.seed import RandomState


@final
@frozen(eq=False)
class PartPicture:
    """One part.

    Args:
        data: JSON; of a module: what its weights do not say.
        tensors: Those that `data` names.
        weights: A module's parameters and buffers.
        about: What the module says of itself; a graph's words and structure.
    """

    data: Json
    tensors: Mapping[str, Tensor]
    weights: Inventory | None = None
    about: About = NOTHING

    def copied(self) -> PartPicture:
        """The same, sharing no memory with the part: what training does next does not reach it."""
        return evolve(
            self,
            data=copy.deepcopy(self.data),
            tensors={name: tensor.detach().to("cpu", copy=True) for name, tensor in self.tensors.items()},
            weights=None if self.weights is None else snapshot(self.weights),
        )


@final
@frozen(eq=False)
class Picture:
    """All parts at one moment.

    Args:
        steps: Optimizer steps done; None where no part counts them.
        epoch: Epochs finished; likewise.
    """

    parts: Mapping[str, PartPicture]
    steps: int | None
    epoch: int | None

    def copied(self) -> Picture:
        """The same, sharing no memory with any part."""
        return evolve(self, parts={name: part.copied() for name, part in self.parts.items()})


def picture_of(name: str, part: Any, run: bool = True) -> PartPicture:
    """One part now; its tensors are the live ones.

    Args:
        run: Of a module: with what it carries from call to call, unless the step that trains it says that.

    Raises:
        CheckpointError: It holds what no file can.
    """
    tensors: Tensors = {}
    try:
        if isinstance(part, nn.Module):
            offered = getattr(part, "about", None)
            about = offered() if callable(offered) else NOTHING
            return PartPicture(pack(_beside_weights(part, run), tensors), tensors, inventory(part), about)
        return PartPicture(pack(part.state_dict(), tensors), tensors)
    except CheckpointError as error:
        raise CheckpointError(f"part {name!r}: {error.what}", mend=error.mend) from error.__cause__


def picture_of_random() -> PartPicture:
    """Where every generator stands."""
    state, tensors = RandomState.capture(), {}  # type: tuple[RandomState, Tensors]
    fields = {name: getattr(state, name) for name in ("cpu", "cuda", "first_seed", "python", "numpy")}
    return PartPicture(pack(fields, tensors), tensors)


def _beside_weights(module: nn.Module, run: bool) -> dict[str, Any]:
    frozen_ones = [plain_name(name) for name, parameter in module.named_parameters() if not parameter.requires_grad]
    offered = getattr(module, "run_state", None)
    return {"frozen": frozen_ones, "run": offered() if run and callable(offered) else None}
