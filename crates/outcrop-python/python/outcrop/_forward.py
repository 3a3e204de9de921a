"""A forward pass for measuring, which leaves no trace in the training."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def undisturbed(model: Any, device: Any, autocast: Any) -> Iterator[None]:
    """Evaluation mode, without gradients, compiled code, or a change of random numbers.

    `autocast` is a dtype, False for none, or None for what is set already."""
    import torch

    modes = [(module, module.training) for module in model.modules()]
    kind = device.type
    dtype = torch.get_autocast_dtype(kind) if autocast in (None, False, True) else autocast
    enabled = torch.is_autocast_enabled(kind) if autocast is None else bool(autocast)
    devices = [] if kind == "cpu" else [device]
    with contextlib.ExitStack() as stack:
        # no_grad, not inference_mode: a cache that a module fills here would be of no use in training
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.random.fork_rng(devices, device_type="cuda" if kind == "cpu" else kind))
        # weights that are cast here, without gradients, are of no use to a training step around it
        stack.enter_context(torch.autocast(kind, dtype=dtype, enabled=enabled, cache_enabled=False))
        # hooks and the other mode would make what is compiled compile again
        stack.enter_context(torch.compiler.set_stance("force_eager"))
        model.eval()
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training


def call(model: Any, batch: Any) -> Any:
    """The output of the model for token ids [sequences, positions]; Hugging Face's models keep no keys and values."""
    accepted = inspect.signature(model.forward).parameters
    return model(batch, use_cache=False) if "use_cache" in accepted else model(batch)


def loss(output: Any, batch: Any) -> float | None:
    """Sum over all positions but the last of the cross-entropy of the next token, in nats; None where the output holds no
    logits of every position."""
    import torch

    logits = getattr(output, "logits", None)
    if logits is None:
        logits = output[0] if isinstance(output, (tuple, list)) and output else output
    if not isinstance(logits, torch.Tensor) or logits.dim() != 3 or logits.shape[:2] != batch.shape:
        return None
    if batch.dtype != torch.long or batch.shape[1] < 2 or int(batch.max()) >= logits.shape[2]:
        return None
    one = torch.nn.functional.cross_entropy
    sums = [one(of[:-1].float(), ids[1:], reduction="sum").item() for of, ids in zip(logits, batch)]
    return float(sum(sums))
