"""The reference measurement with PyTorch: top 3 and lower median of |h| after every block.

    python3 measure.py FOLDER TOKENS SEQUENCES BATCH THREADS [DEVICE [DTYPE [PASSES]]]

The body alone (no unembedding), SDPA attention, inference mode, hooks on the blocks' outputs. Prints a
line for every layer and sequence, `layer sequence top1 position channel top2 .. top3 .. median`, then
`seconds` of a pass with its statistics (without loading; the fastest of PASSES), `first` those of the first,
`peak` memory in KiB, on a GPU its own, and `gflops`, the speed of the largest matrix product of a block alone,
at its best. On a GPU f32 products are those of f32 numbers (no TF32).
"""
import resource
import sys
import time

import torch
from transformers import AutoModel


def statistics(hidden):
    """The measurement of Sun et al. on one sequence [tokens, d_model]."""
    magnitudes = hidden.abs().flatten()
    return magnitudes.topk(3), magnitudes.median()


def wait(device):
    """Until all is computed that was asked for."""
    if device != "cpu":
        torch.cuda.synchronize()


def limit(m, k, n, device, dtype):
    """Billions of operations a second in [m, k] x [k, n]."""
    x, w = (torch.randn(rows, k, device=device, dtype=dtype) for rows in (m, n))
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        torch.nn.functional.linear(x, w)
        wait(device)
        best = min(best, time.perf_counter() - start)
    return 2 * m * n * k / best / 1e9


@torch.inference_mode()
def main():
    folder = sys.argv[1]
    tokens, sequences, batch, threads = map(int, sys.argv[2:6])
    device, dtype, passes = (sys.argv[6:] + ["cpu", "float32", "1"][len(sys.argv) - 6:])[:3]
    dtype = getattr(torch, dtype)
    torch.set_num_threads(threads)
    model = AutoModel.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa").eval().to(device)
    ids = torch.arange(tokens * sequences).mul(2_654_435_761).bitwise_right_shift(7)
    ids = ids.remainder(model.config.vocab_size).view(sequences, tokens).to(device)
    found, first = [], 0

    def hook(layer):
        def see(module, inputs, output):
            hidden = output[0] if isinstance(output, tuple) else output
            for i, one in enumerate(hidden):
                found.append((layer, first + i, *statistics(one)))
        return see

    model(ids[:1, :64], use_cache=False)  # libraries start threads and choose kernels at the first call
    for layer, block in enumerate(model.layers):
        block.register_forward_hook(hook(layer + 1))
    seconds = []
    for _ in range(int(passes)):
        found.clear()
        start = time.perf_counter()
        for first in range(0, sequences, batch):
            model(ids[first:first + batch], use_cache=False)
        wait(device)
        seconds.append(time.perf_counter() - start)
    d = model.config.hidden_size
    for layer, sequence, (top, places), median in found:
        places = [f"{v:.9g} {i // d} {i % d}" for v, i in zip(top.tolist(), places.tolist())]
        print(layer, sequence, *places, f"{median.item():.9g}")
    print("seconds", min(seconds))
    print("first", seconds[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("peak", peak if device == "cpu" else torch.cuda.max_memory_allocated() / 1024)
    print("gflops", limit(2048, d, model.config.intermediate_size, device, dtype))


main()
