"""Where a graph's time goes."""

from __future__ import annotations

from typing import Any

from flodl_graph.abilities.state import AbstractStateful
from flodl_graph.run.profile import profile
from flodl_graph.run.profiled import Profile


class AbstractProfiled(AbstractStateful):
    """A graph that times its own nodes."""

    def profile(self, *inputs: Any, repeat: int = 10, **named: Any) -> Profile:
        """Time every node, forward and backward, averaged over calls after a few that warm up.

        On a GPU the times are the device's own. The graph is called in the mode that it is in;
        parameters, gradients, buffers, random generators and carried state stay as they were.

        Args:
            inputs: What `forward` takes.
            repeat: Calls to average over.
            named: Further inputs, by name.

        Raises:
            TrainingError: `repeat` is below 1.
        """
        with self._untouched():
            return profile(self, list(self._family()), (inputs, named), repeat)
