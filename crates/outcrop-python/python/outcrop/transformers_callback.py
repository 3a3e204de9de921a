"""Watching a model in a Trainer of transformers, which must be installed."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from ._watch import Watch, watch


class WatchCallback(TrainerCallback):
    """Watches the model of a `transformers.Trainer`: `Trainer(..., callbacks=[WatchCallback(every=25, sequences=ids,
    out="runs/mine")])`.

    Parameters are those of `outcrop.watch` but `model`, `start` and `optimizer`; `steps` is the number of steps that the
    Trainer makes, and `autocast` its mixed precision (bf16, fp16). Training that resumes from a checkpoint resumes the
    folder."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self.watch: Watch | None = None
        """None before and after training."""

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        import torch

        mixed = torch.bfloat16 if args.bf16 else torch.float16 if args.fp16 else None
        options = {"steps": state.max_steps, "autocast": mixed, **self._options}
        self.watch = watch(model, start=state.global_step, **options)

    def on_step_end(self, args: Any, state: Any, control: Any, lr_scheduler: Any = None, **_: Any) -> None:
        if self.watch is not None:
            rate = _rate(lr_scheduler)
            self.watch.step(state.global_step, learning_rate=rate)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.watch is not None:
            self.watch.close(finished=state.global_step >= state.max_steps)
            self.watch = None


def _rate(scheduler: Any) -> float | None:
    rates = scheduler.get_last_lr() if scheduler is not None else []
    return float(rates[0]) if rates else None
