"""The blocks of a PyTorch module: where the residual stream is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


def unwrap(model: Any) -> Any:
    """The module inside DistributedDataParallel, DataParallel and torch.compile.

    Raises TypeError for a sharded model: no process holds its weights."""
    from torch import nn
    from torch.nn.parallel import DistributedDataParallel

    while True:
        names = {base.__name__ for base in type(model).__mro__}
        if names & {"FullyShardedDataParallel", "FSDPModule", "DeepSpeedEngine"}:
            raise TypeError(
                f"watching a {type(model).__name__}: its weights are spread over processes; measure its checkpoints instead "
                "(`outcrop measure`)"
            )
        if isinstance(model, (DistributedDataParallel, nn.DataParallel)):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod
        elif isinstance(model, nn.Module):
            return model
        else:
            raise TypeError(f"watching a {type(model).__name__}: a torch.nn.Module is needed")


def find(model: nn.Module, blocks: Any = None) -> tuple[str, list[nn.Module]]:
    """The blocks of a model in order, and the name of their list.

    `blocks` is the name of a list ("transformer.h"), the list itself, or None: the only outermost list of two or more
    modules of one class, or of one where there is no longer list. Raises ValueError where that is not clear."""
    from torch import nn

    if isinstance(blocks, str):
        try:
            found = model.get_submodule(blocks)
        except AttributeError:
            raise ValueError(f"blocks={blocks!r}: the model has no such module; it has {_listed(model)}") from None
        return blocks, list(found.children())
    if isinstance(blocks, Iterable):
        given = [unwrap(block) for block in blocks]
        names = {id(module): name for name, module in model.named_modules()}
        missing = [type(block).__name__ for block in given if id(block) not in names]
        if missing or not given:
            raise ValueError(f"blocks=: {missing or 'none'} of them are modules of the model")
        return ",".join(names[id(block)] for block in given), given
    lists = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.ModuleList) and len(module)]
    lists = [(name, module) for name, module in lists if len({type(unwrap(block)) for block in module}) == 1]
    outer = [one for one in lists if not any(one[0].startswith(name + ".") for name, _ in lists)]
    most = max((len(module) for _, module in outer), default=0)
    longest = [one for one in outer if len(one[1]) > 1] or [one for one in outer if len(one[1]) == most]
    if len(longest) != 1:
        raise ValueError(f"which modules are the blocks? give blocks= one of these: {_listed(model)}")
    name, module = longest[0]
    return name, list(module)


def _listed(model: nn.Module) -> str:
    from torch import nn

    lists = [name for name, module in model.named_modules() if isinstance(module, (nn.ModuleList, nn.Sequential))]
    return ", ".join(lists) or "no list of modules"


def hidden_state(output: Any, name: str) -> Any:
    """The residual stream [sequences, positions, channels] that a block returns, alone or first in a tuple.

    Raises ValueError for anything else."""
    import torch

    first = output[0] if isinstance(output, (tuple, list)) and output else output
    if not isinstance(first, torch.Tensor) or first.dim() != 3 or not first.is_floating_point():
        shape = list(first.shape) if isinstance(first, torch.Tensor) else type(first).__name__
        raise ValueError(
            f"block {name} returns {shape}; expected is a tensor [sequences, positions, channels], alone or first in a "
            "tuple; give blocks= other modules"
        )
    return first
