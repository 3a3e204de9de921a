"""Watching a PyTorch model while it trains."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from . import _blocks, _forward, _outcrop
from ._array import scalars


class Watch:
    """Measures a model at scheduled steps of its training, on sequences that stay the same.

    At a due step the model computes the sequences once more, in evaluation mode and without gradients, and what every block
    returns is measured: the largest three magnitudes with their places and the lower median, as `outcrop train` measures.
    Random numbers, modes, gradients and compiled code of the training stay as they are.

        watch = outcrop.watch(model, every=25, sequences=ids, out="runs/mine", optimizer=optimizer)
        ...                                  # the training loop, unchanged
        watch.close()

    Without `optimizer` call `watch.step(loss=loss)` after each update.

    Parameters
    ----------
    model
        A torch.nn.Module with a list of blocks that return the residual stream; DistributedDataParallel and torch.compile
        are looked through. Only the first process measures.
    every
        A number of steps; or a schedule such as "0,pow2:512,every:1000" (docs/training.md), or "pythia" with `steps`; or the
        steps themselves.
    sequences
        Token ids [sequences, positions] (a tensor, an array, or lists), held out from training.
    out
        The run folder. If it holds the same run, this one resumes it: steps that are there are not measured again.
    name
        The model's name in tables; by default that of the folder.
    steps
        The last step of the training, for schedules that name `last`.
    start
        Updates already made, when training resumes from a checkpoint.
    blocks
        The list of blocks, or its name, such as "transformer.h"; by default it is found.
    optimizer
        Its updates are counted and measured at.
    autocast
        The dtype of mixed precision in measuring, False for none; by default what is set where `step` is called.
    batch
        Sequences in one forward pass.
    tokens_per_step
        Tokens that an update trains on, for loss.csv.
    forward
        A function of the model and token ids that computes all blocks; by default the model is called with the ids.

    Raises
    ------
    ValueError
        If it is not clear which modules are the blocks, `out` holds something else, or `every` is no schedule.
    TypeError
        For a model whose weights are spread over processes (FSDP, DeepSpeed).
    OSError
        If the folder cannot be written, or another process writes it.
    """

    def __init__(
        self,
        model: Any,
        *,
        every: int | str | Iterable[int],
        sequences: Any,
        out: str | PathLike[str],
        name: str | None = None,
        steps: int | None = None,
        start: int = 0,
        blocks: Any = None,
        optimizer: Any = None,
        autocast: Any = None,
        batch: int = 8,
        tokens_per_step: int = 0,
        forward: Any = None,
    ) -> None:
        self.out = Path(fspath(out))
        """The run folder."""
        self.now = start
        """Updates made so far."""
        self._is_due = _due(every, steps)
        self._model = _blocks.unwrap(model)
        self._list, self._layers = _blocks.find(self._model, blocks)
        self._sequences = _ids(sequences)
        self._autocast, self._batch, self._tokens = autocast, max(1, batch), tokens_per_step
        self._forward = forward or _forward.call
        self._folder: Any = None
        self._hook: Any = None
        if _is_first():
            self._open(name or self.out.name)
        if optimizer is not None:
            self._hook = optimizer.register_step_post_hook(lambda *_: self.step())
        self._measured: set[int] = set(self._folder.steps) if self._folder else set()
        self._measure_if_due(None, None)

    def _open(self, name: str) -> None:
        import torch

        ids = self._sequences.numpy()
        sequences = hashlib.sha256(f"{ids.shape}".encode() + ids.tobytes()).hexdigest()
        key = hashlib.sha256(f"{name}\n{sequences}\n{self._list}\n{len(self._layers)}".encode()).hexdigest()
        holder = f"process {os.getpid()}, which watches a model since {time.strftime('%Y-%m-%d %H:%M:%S')}"
        self._folder = _outcrop.RunFolder(self.out, name, key, holder)
        config: Any = getattr(self._model, "config", None)
        config = config.to_json_string(use_diff=False) if hasattr(config, "to_json_string") else None
        self._folder.describe(f"pytorch {torch.__version__}", sequences, config)

    @property
    def steps(self) -> list[int]:
        """The steps that are in the table, ascending; of other processes than the first none."""
        return sorted(self._measured)

    def step(self, step: int | None = None, *, loss: Any = None, learning_rate: float | None = None) -> bool:
        """Says that an update was made, and measures if its step is due and not in the table.

        Parameters
        ----------
        step
            Number of updates made so far; by default one more than before. After a resume, steps that are in the table are
            not measured again.
        loss
            Of the last training batch, in nats per token, for loss.csv; a number or a tensor, which is read at due steps
            only.
        learning_rate
            Of the last update.

        Returns whether it measured. Raises ValueError as `watch`, OSError if the folder cannot be written; then no row of
        this step is in the tables."""
        self.now = self.now + 1 if step is None else int(step)
        return self._measure_if_due(loss, learning_rate)

    def _measure_if_due(self, loss: Any, learning_rate: float | None) -> bool:
        step = self.now
        if self._folder is None or step in self._measured or not self._is_due(step):
            return False
        try:
            held_out = self._pass()
            number = None if loss is None else float(loss.detach() if hasattr(loss, "detach") else loss)
            self._folder.append(step, self._tokens * step, number, held_out, learning_rate)
        finally:
            self._folder.discard()
        self._measured.add(step)
        return True

    def _pass(self) -> float | None:
        """Measures every block on every sequence; returns the loss on them where the model gives logits."""
        parameter = next(self._model.parameters())
        total, predicted = 0.0, 0
        with _forward.undisturbed(self._model, parameter.device, self._autocast):
            for first in range(0, len(self._sequences), self._batch):
                batch = self._sequences[first : first + self._batch].to(parameter.device)
                output = self._hooked(batch, first)
                of_batch = _forward.loss(output, batch)
                total += float("nan") if of_batch is None else of_batch
                predicted += batch.shape[0] * (batch.shape[1] - 1)
        mean = total / predicted if predicted else float("nan")
        return mean if mean == mean else None

    def _hooked(self, batch: Any, first: int) -> Any:
        """The output for some sequences; what their blocks return is measured."""
        seen: set[int] = set()

        def hook(layer: int) -> Any:
            def measure(_module: Any, _arguments: Any, output: Any) -> None:
                name = f"{self._list}.{layer - 1}"
                if layer in seen:
                    raise ValueError(f"block {name} is called several times in a forward pass; give blocks= other modules")
                seen.add(layer)
                state = _blocks.hidden_state(output, name)
                state = state.float() if state.element_size() == 8 else state
                self._folder.measure(layer, first, *scalars(state.detach().cpu()))

            return measure

        handles = [block.register_forward_hook(hook(layer)) for layer, block in enumerate(self._layers, 1)]
        try:
            output = self._forward(self._model, batch)
        finally:
            for handle in handles:
                handle.remove()
        if len(seen) < len(self._layers):
            raise ValueError(f"only {len(seen)} of {len(self._layers)} blocks of {self._list} were called; give blocks=")
        return output

    def close(self, finished: bool = True) -> None:
        """Releases the folder, for example for another process; `finished` says whether the training reached its end."""
        if self._hook is not None:
            self._hook.remove()
            self._hook = None
        if self._folder is not None:
            self._folder.close(finished)
            self._folder = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        self.close(finished=kind is None)


# made as if by a function: `outcrop.watch(model, ...)`
watch = Watch


def _due(every: Any, last: int | None) -> Any:
    """A function that says whether a step is due."""
    if isinstance(every, str):
        return frozenset(_outcrop.schedule(every, last)).__contains__
    if isinstance(every, int):
        if every < 1:
            raise ValueError(f"every={every}: a number of steps from 1 is needed")
        return lambda step: step % every == 0
    return frozenset(int(step) for step in every).__contains__


def _ids(sequences: Any) -> Any:
    """Token ids [sequences, positions] on the CPU."""
    import torch

    ids = torch.as_tensor(sequences).detach().cpu()
    if ids.dim() != 2 or ids.numel() == 0 or ids.is_floating_point():
        raise ValueError(f"sequences of shape {list(ids.shape)} and {ids.dtype}: token ids [sequences, positions] are needed")
    return ids.long().contiguous().clone()


def _is_first() -> bool:
    """Whether this is the first process of a distributed training, or the only one."""
    import torch

    distributed = torch.distributed
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0
