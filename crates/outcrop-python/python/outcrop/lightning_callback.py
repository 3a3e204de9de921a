"""Watching a model in a Trainer of Lightning, which must be installed."""

from __future__ import annotations

from typing import Any

try:
    from lightning.pytorch import Callback
except ImportError:  # the package of the same library under its older name
    from pytorch_lightning import Callback

from ._watch import Watch, watch


class WatchCallback(Callback):
    """Watches the model of a Lightning Trainer: `Trainer(callbacks=[WatchCallback(module="model", every=25, sequences=ids,
    out="runs/mine")])`.

    `module` names the module of the LightningModule that has the blocks and takes token ids; by default the
    LightningModule itself. Other parameters are those of `outcrop.watch` but `model`, `start` and `optimizer`. Training
    that resumes from a checkpoint resumes the folder. It measures in the precision of the Trainer."""

    def __init__(self, module: str | None = None, **options: Any) -> None:
        self._module, self._options = module, options
        self.watch: Watch | None = None
        """None before and after training."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        model = pl_module.get_submodule(self._module) if self._module else pl_module
        last = trainer.estimated_stepping_batches
        options = {"steps": int(last) if 0 < last < float("inf") else None, **self._options}
        with trainer.precision_plugin.forward_context():
            self.watch = watch(model, start=trainer.global_step, **options)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.watch is None or trainer.global_step == self.watch.now:
            return
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        with trainer.precision_plugin.forward_context():
            self.watch.step(trainer.global_step, loss=loss)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self._close(finished=True)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        self._close(finished=False)

    def _close(self, finished: bool) -> None:
        if self.watch is not None:
            self.watch.close(finished)
            self.watch = None
