"""The callbacks of transformers and Lightning, with their own trainers."""

import pytest

import outcrop


def data(torch):
    ids = torch.randint(0, 50, (16, 10), generator=torch.Generator().manual_seed(2))
    return [{"input_ids": one, "labels": one} for one in ids]


def test_transformers(torch, gpt2, ids, tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from outcrop.transformers_callback import WatchCallback

    def trainer(steps, resume=None):
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path / "checkpoints"), max_steps=steps, per_device_train_batch_size=4, save_steps=3,
            report_to=[], disable_tqdm=True, use_cpu=True, gradient_accumulation_steps=2,
        )
        watch = WatchCallback(every=2, sequences=ids, out=tmp_path / "m")
        trainer = transformers.Trainer(gpt2, arguments, train_dataset=data(torch), callbacks=[watch])
        trainer.train(resume_from_checkpoint=resume)

    trainer(4)
    assert sorted(set(outcrop.read(tmp_path / "m")["step"])) == [0, 2, 4]
    trainer(6, str(tmp_path / "checkpoints" / "checkpoint-3"))
    table = outcrop.read(tmp_path / "m")
    assert sorted(set(table["step"])) == [0, 2, 4, 6] and table.rows == 4 * 3 * 2
    rates = outcrop.read(tmp_path / "m", "loss")["learning_rate"]
    assert (rates[1:] >= 0).all()


def test_lightning(torch, gpt2, ids, tmp_path):
    lightning = pytest.importorskip("lightning.pytorch")
    from outcrop.lightning_callback import WatchCallback

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = gpt2

        def training_step(self, batch, index):
            return self.model(**batch).loss

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=1e-3)

    watch = WatchCallback(module="model", every="0,last", sequences=ids, out=tmp_path / "m")
    trainer = lightning.Trainer(
        max_steps=4, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[watch], accumulate_grad_batches=2, precision="bf16-mixed",
        default_root_dir=tmp_path,
    )
    trainer.fit(Module(), torch.utils.data.DataLoader(data(torch), batch_size=2))
    loss = outcrop.read(tmp_path / "m", "loss")
    assert list(loss["step"]) == [0, 4] and loss["loss"][1] > 0
    assert outcrop.read(tmp_path / "m").rows == 2 * 3 * 2
