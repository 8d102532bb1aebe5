"""A tag on a labelled graph, in everything of a training step that goes by paths."""

from __future__ import annotations

import torch
from flodl import FlowBuilder, Graph, TrainStep, ref, scale_lr, thaw, trend, when


def built() -> Graph:
    """An encoder and a head, each with a label of its own and a tag where it stands."""
    torch.manual_seed(0)
    encoder = FlowBuilder("linear", 2, 4).through("batch_norm1d", 4).through("tanh").label("mlp")
    head = FlowBuilder("linear", 4, 1).label("head")
    model = FlowBuilder(encoder.build()).tag("encoder").through(head.build()).tag("classifier").build()
    model.freeze("encoder")
    return model


def test_groups_and_rules_go_by_tags_as_by_labels() -> None:
    """The same rates, the same rule, the same weights afterwards."""
    x, y = torch.randn(16, 2), torch.randn(16, 1)
    trained = []
    for encoder, classifier in (("encoder", "classifier"), ("mlp", "head")):
        model = built()
        actions = thaw(encoder), scale_lr(0.5, classifier)
        rule = when(trend("loss").latest() > 0.0).do(*actions, once=True)
        step = TrainStep(
            model, loss="mse", optimizer=ref("sgd", lr=0.1), groups={classifier: 1e-2, encoder: 1e-3}, rules=[rule]
        )
        for _ in range(3):
            model.record("loss", step(x, y))
            step.end_epoch()
        step(x, y)
        assert {1e-3, 5e-3} == {group["lr"] for group in step.optimizer.param_groups}
        assert not model.is_frozen(encoder)
        assert model.mlp.batch_norm1d_1.training
        trained.append(model.state_dict())
    for name, value in trained[0].items():
        assert torch.equal(value, trained[1][name]), name
