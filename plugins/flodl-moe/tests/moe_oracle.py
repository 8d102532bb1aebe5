"""The mixture, dense and slow: every expert on every token, weighed by a table that is mostly zeros."""

from __future__ import annotations

import torch


def table(logits, top_k):
    """Weight of each expert for each token. Shapes: [T, E] -> [T, E]."""
    rows = []
    for row in logits:
        chosen = sorted(range(len(row)), key=lambda e: -row[e].item())[:top_k]
        probability = row.softmax(0)
        total = probability[chosen].sum() if top_k > 1 else 1.0
        rows.append(torch.stack([probability[e] / total if e in chosen else 0 * row[e] for e in range(len(row))]))
    return torch.stack(rows)


def dense(mixture, x, logits=None):
    """The stream. Shapes: [..., D] -> [..., *rest]."""
    tokens = x.reshape(-1, x.shape[-1])
    logits = tokens @ mixture.router.linear.weight.T if logits is None else logits
    weights = table(logits, mixture.top_k)
    total = sum(
        weights[:, e].reshape(-1, *(1 for _ in expert(tokens).shape[1:])) * expert(tokens)
        for e, expert in enumerate(mixture.experts)
    )
    return total.reshape(*x.shape[:-1], *total.shape[1:])


def with_places(mixture, x, places):
    """The same where each expert takes so many tokens: first choices first, then in order. Also who found a place."""
    logits = x @ mixture.router.linear.weight.T
    weights, index = table(logits, mixture.top_k), logits.topk(mixture.top_k).indices
    taken, total = [0] * len(mixture.experts), [0.0] * len(x)
    arrived = torch.zeros_like(index, dtype=torch.bool)
    for k in range(mixture.top_k):
        for t in range(len(x)):
            e = int(index[t, k])
            if taken[e] < places:
                taken[e] += 1
                arrived[t, k] = True
                total[t] = total[t] + weights[t, e] * mixture.experts[e](x[t])
    return torch.stack([row if isinstance(row, torch.Tensor) else torch.zeros_like(x[0]) for row in total]), arrived
