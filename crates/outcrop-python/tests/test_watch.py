"""`watch` on real models: what is measured, and that the training does not notice."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import outcrop

torch = pytest.importorskip("torch")
nn = torch.nn


def train(model, steps, watch=None, first=0):
    """Some updates on random tokens; returns the losses."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for step in range(first, steps):
        batch = torch.randint(0, 50, (4, 10), generator=torch.Generator().manual_seed(step))
        loss = model(batch, labels=batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if watch is not None:
            watch.step(loss=loss)
    return losses


class Block(nn.Module):
    """A block as of nanoGPT: a tensor in, a tensor out."""

    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x):
        return x + self.linear(x)


class Nano(nn.Module):
    """A model as of nanoGPT: (logits, loss), where without targets the logits are of the last position alone."""

    def __init__(self, width=8, layers=3):
        super().__init__()
        blocks = nn.ModuleList(Block(width) for _ in range(layers))
        self.transformer = nn.ModuleDict({"wte": nn.Embedding(50, width), "h": blocks})
        self.head = nn.Linear(width, 50)

    def forward(self, idx, targets=None):
        x = self.transformer["wte"](idx)
        for block in self.transformer["h"]:
            x = block(x)
        if targets is None:
            return self.head(x[:, -1:]), None
        logits = self.head(x)
        return logits, torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def states(model, blocks, ids):
    """What the blocks return, by hooks of PyTorch."""
    found = []
    first = lambda output: output[0] if isinstance(output, tuple) else output
    handles = [block.register_forward_hook(lambda *all: found.append(first(all[-1]))) for block in blocks]
    model.eval()
    with torch.no_grad():
        output = model(ids)
    model.train()
    for handle in handles:
        handle.remove()
    return output, found


def check(table, step, found):
    """The rows of a step against sorting in NumPy."""
    for layer, state in enumerate(found, 1):
        for sequence, own in enumerate(state.float().numpy()):
            row = table.where(step=step, layer=layer, sequence=sequence)
            magnitudes = np.sort(np.abs(own).ravel())
            cells = [row[f"top{i}"][0] for i in (1, 2, 3)] + [row["median"][0]]
            assert np.allclose(cells, [*magnitudes[::-1][:3], magnitudes[(magnitudes.size - 1) // 2]], rtol=1e-6)


def test_a_hugging_face_model(gpt2, ids, tmp_path):
    gpt2.train()
    out = tmp_path / "mine"
    with outcrop.watch(gpt2, every="0,1,4", steps=4, sequences=ids, out=out, batch=2, tokens_per_step=40) as watch:
        output, first = states(gpt2, gpt2.transformer.h, ids)
        losses = train(gpt2, 4, watch)
    output, last = states(gpt2, gpt2.transformer.h, ids)
    table = outcrop.read(out)
    assert table.rows == 3 * 3 * 2 and set(table["model"]) == {"mine"}
    check(table, 0, first)
    check(table, 4, last)
    loss = outcrop.read(out, "loss")
    logits = output.logits[:, :-1].flatten(0, 1)
    assert loss["held_out_loss"][-1] == pytest.approx(
        torch.nn.functional.cross_entropy(logits, ids[:, 1:].flatten()).item(), rel=1e-5
    )
    assert np.isnan(loss["loss"][0]) and list(loss["loss"][1:]) == [losses[0], losses[3]]
    assert list(loss["tokens"]) == [0, 40, 160]
    assert outcrop.read(out, "architectures")["layers"][0] == 2
    state = json.loads((out / "state.json").read_text())
    assert state["finished"] and state["step"] == 4
    assert not (out / ".lock").exists()


def test_the_training_is_the_same_bits(ids, tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2)
    ends = []
    for watched in (False, True):
        torch.manual_seed(3)
        model = transformers.GPT2LMHeadModel(config).train()
        model.transformer.h[1].mlp.eval()  # a module that the user froze stays in its mode
        watch = outcrop.watch(model, every=1, sequences=ids, out=tmp_path / "m") if watched else None
        train(model, 5, watch)
        assert model.training and not model.transformer.h[1].mlp.training
        assert all(not module._forward_hooks for module in model.modules())
        ends.append([parameter.clone() for parameter in model.parameters()] + [torch.rand(3)])
    assert all(torch.equal(*pair) for pair in zip(*ends))


def test_an_optimizer_counts_by_itself(ids, tmp_path):
    model = Nano()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch = outcrop.watch(model, every=2, sequences=ids, out=tmp_path / "m", optimizer=optimizer)
    for _ in range(5):
        model(ids, ids)[1].backward()
        optimizer.step()
    assert watch.steps == [0, 2, 4] and watch.now == 5
    watch.close()
    optimizer.step()
    assert watch.now == 5
    assert np.isnan(outcrop.read(tmp_path / "m", "loss")["held_out_loss"]).all()
    assert set(outcrop.read(tmp_path / "m")["layer"]) == {1, 2, 3}


def test_a_run_is_resumed_without_writing_a_step_twice(gpt2, ids, tmp_path):
    options = {"every": 2, "sequences": ids, "out": tmp_path / "m"}
    watch = outcrop.watch(gpt2, **options)
    train(gpt2, 4, watch)
    with pytest.raises(OSError, match="watches a model"):
        outcrop.watch(gpt2, **options)
    watch.close(finished=False)
    before = (tmp_path / "m" / "measurements.csv").read_bytes()
    with (tmp_path / "m" / "measurements.csv").open("ab") as file:
        file.write(b"m,6,0,1,torn")  # as a process that was killed leaves it
    with outcrop.watch(gpt2, start=2, **options) as watch:
        assert watch.steps == [0, 2, 4]
        train(gpt2, 6, watch, first=2)
    after = (tmp_path / "m" / "measurements.csv").read_bytes()
    assert after.startswith(before)
    table = outcrop.read(tmp_path / "m")
    keys = list(zip(table["step"], table["sequence"], table["layer"]))
    assert len(keys) == len(set(keys)) == 4 * 3 * 2
    for other in ({"sequences": ids + 1}, {"name": "other"}, {"blocks": list(gpt2.transformer.h)[:1]}):
        with pytest.raises(ValueError, match="another folder"):
            outcrop.watch(gpt2, **{**options, **other})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        outcrop.watch(gpt2, **{**options, "out": tmp_path / "full"})


def test_a_step_that_fails_leaves_no_rows(ids, tmp_path):
    model = Nano()
    watch = outcrop.watch(model, every=1, sequences=ids, out=tmp_path / "m")
    before = (tmp_path / "m" / "measurements.csv").read_bytes()
    block = model.transformer["h"][2]
    block.forward, forward = lambda x: 1 / 0, block.forward
    with pytest.raises(ZeroDivisionError):
        watch.step()
    block.forward = forward
    assert (tmp_path / "m" / "measurements.csv").read_bytes() == before
    assert model.training and watch.step() and watch.steps == [0, 2]
    watch.close()


@pytest.mark.parametrize("inside", [False, True])
def test_compiled_models(ids, tmp_path, inside):
    model = Nano()
    counts = []

    def backend(graph, inputs):
        counts.append(1)
        return graph.forward

    if inside:
        for block in model.transformer["h"]:
            block.compile(backend=backend)
        compiled = model
    else:
        compiled = torch.compile(model, backend=backend)
    compiled(ids, ids)
    before = len(counts)
    assert before > 0
    with outcrop.watch(compiled, every=1, sequences=ids, out=tmp_path / "m") as watch:
        compiled(ids, ids)
        watch.step()
        compiled(ids, ids)
    assert len(counts) == before
    _, found = states(model, model.transformer["h"], ids) if not inside else (None, None)
    table = outcrop.read(tmp_path / "m")
    assert table.rows == 2 * 3 * 3
    if found:
        check(table, 1, found)


def test_mixed_precision(ids, tmp_path):
    model = Nano()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        watch = outcrop.watch(model, every=1, sequences=ids, out=tmp_path / "a")
        model(ids, ids)[1].backward()
        grads = [parameter.grad for parameter in model.parameters()]
        assert all(grad is not None for grad in grads)  # no cast without a gradient was left in the cache
        _, found = states(model, model.transformer["h"], ids)
    watch.close()
    check(outcrop.read(tmp_path / "a"), 0, found)
    outcrop.watch(model, every=1, sequences=ids, out=tmp_path / "b", autocast=torch.bfloat16).close()
    same = [outcrop.read(tmp_path / name)["top1"] for name in "ab"]
    assert np.array_equal(*same)
    outcrop.watch(model.bfloat16(), every=1, sequences=ids, out=tmp_path / "c").close()
    _, found = states(model, model.transformer["h"], ids)
    check(outcrop.read(tmp_path / "c"), 0, found)


def test_which_modules_are_the_blocks(gpt2, ids, tmp_path):
    options = {"every": 1, "sequences": ids}
    both = torch.nn.ModuleDict({"a": Nano(), "b": Nano()})
    with pytest.raises(ValueError, match="a.transformer.h, b.transformer.h"):
        outcrop.watch(both, out=tmp_path / "1", **options)
    with pytest.raises(ValueError, match="no such module; it has transformer.h"):
        outcrop.watch(gpt2, out=tmp_path / "2", blocks="layers", **options)
    with pytest.raises(ValueError, match="returns"):
        outcrop.watch(gpt2, out=tmp_path / "3", blocks=[gpt2], **options)
    with pytest.raises(ValueError, match="token ids"):
        outcrop.watch(gpt2, out=tmp_path / "4", every=1, sequences=ids.float())
    with pytest.raises(ValueError, match="every=0"):
        outcrop.watch(gpt2, out=tmp_path / "5", every=0, sequences=ids)
    with pytest.raises(TypeError, match="torch.nn.Module"):
        outcrop.watch(3, out=tmp_path / "6", **options)


def test_transformer_lens(ids, tmp_path):
    """Against its own cache; the class of models is another from version 4 on."""
    lens = pytest.importorskip("transformer_lens", exc_type=ImportError)
    shape = {"n_layers": 2, "d_model": 16, "n_ctx": 16, "d_head": 8, "n_heads": 2, "d_vocab": 50}
    shape |= {"act_fn": "gelu", "normalization_type": "LN"}
    try:
        model = lens.HookedTransformer(lens.HookedTransformerConfig(**shape))
    except (AttributeError, ImportError):
        model = lens.TransformerBridge.boot_native(lens.TransformerBridgeConfig(**shape))
    outcrop.watch(model, every=1, sequences=ids, out=tmp_path / "lens").close()
    _, cache = model.run_with_cache(ids)
    check(outcrop.read(tmp_path / "lens"), 0, [cache[f"blocks.{i}.hook_resid_post"].detach() for i in (0, 1)])


@pytest.mark.parametrize("name", ["Llama", "GPTNeoX", "Mixtral", "Gemma2"])
def test_families_of_hugging_face(ids, tmp_path, name):
    transformers = pytest.importorskip("transformers")
    config = getattr(transformers, f"{name}Config")(
        vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=16, head_dim=8,
    )
    model = getattr(transformers, f"{name}ForCausalLM")(config)
    outcrop.watch(model, every=1, sequences=ids, out=tmp_path / name).close()
    model.eval()
    with torch.no_grad():
        hidden = model(ids, output_hidden_states=True).hidden_states
    check(outcrop.read(tmp_path / name), 0, hidden[1:2])  # the last one is behind the final norm


DDP = """
import sys, torch, outcrop
from torch.nn.parallel import DistributedDataParallel
sys.path.insert(0, sys.argv[3])
from test_watch import Nano
rank = int(sys.argv[1])
torch.distributed.init_process_group("gloo", rank=rank, world_size=2, init_method=f"file://{sys.argv[2]}/store")
ids = torch.arange(30).reshape(3, 10)
torch.manual_seed(0)
model = DistributedDataParallel(Nano())
watch = outcrop.watch(model, every=1, sequences=ids, out=f"{sys.argv[2]}/run")
model(ids, ids)[1].backward()
measured = watch.step()
assert measured == (rank == 0), measured
watch.close()
torch.distributed.destroy_process_group()
"""


def test_only_the_first_of_several_processes_measures(tmp_path):
    folder = str(Path(__file__).parent)
    start = lambda rank: subprocess.Popen([sys.executable, "-c", DDP, str(rank), str(tmp_path), folder])
    processes = [start(0), start(1)]
    assert [process.wait(120) for process in processes] == [0, 0]
    assert outcrop.read(tmp_path / "run").rows == 2 * 3 * 3


def test_the_command_reads_the_folder(gpt2, ids, tmp_path, command):
    with outcrop.watch(gpt2, every=1, sequences=ids, out=tmp_path / "m") as watch:
        train(gpt2, 9, watch)
    for call in (["fit", "--out", str(tmp_path / "m" / "fits.csv")], ["report"]):
        subprocess.run([command, call[0], str(tmp_path / "m"), *call[1:]], check=True, cwd=tmp_path)
    assert (tmp_path / "m" / "report" / "report.html").exists()
    theirs, ours = outcrop.read(tmp_path / "m", "fits"), outcrop.fit_run(tmp_path / "m")
    assert len(ours) == 2
    for fit in ours:
        row = theirs.where(layer=fit.layer, hypothesis=fit.best)
        for name in ("sse", "aicc", "f_last", "f_last_lo", "f_last_hi"):
            assert fit._row(None)[name][0] == pytest.approx(row[name][0], rel=1e-12, nan_ok=True)


def test_the_command_measures_the_same_numbers_of_the_saved_model(gpt2, ids, tmp_path, command):
    with outcrop.watch(gpt2, every=1, sequences=ids, out=tmp_path / "m"):
        pass
    gpt2.save_pretrained(tmp_path / "saved")
    np.save(tmp_path / "ids.npy", ids.numpy().astype(np.int64))
    call = [command, "measure", str(tmp_path / "saved"), "--out", str(tmp_path / "theirs"), "--tokens", str(tmp_path / "ids.npy")]
    subprocess.run([*call, "--windows", "3", "--length", "10"], check=True, cwd=tmp_path)
    ours, theirs = outcrop.read(tmp_path / "m"), outcrop.read(tmp_path / "theirs")
    for row in range(ours.rows):
        keys = {name: ours[name][row] for name in ("step", "sequence", "layer")}
        other = theirs.where(**keys)
        for name in ("top1", "top2", "top3", "median"):
            assert ours[name][row] == pytest.approx(other[name][0], rel=1e-4), (keys, name)
        for name in ("top1_position", "top1_channel", "count"):
            assert ours[name][row] == other[name][0], (keys, name)
