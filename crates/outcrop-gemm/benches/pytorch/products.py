"""Seconds of one product by MKL, as PyTorch calls it, beside what ../peers prints:

    python3 products.py SECONDS THREADS ROUND KIND:M:K:N...

KIND is `product`, C = A B, or `gradient`, C += X' B with X of K x M by rows; each is checked against sums in f64.
ROUND is not looked at. A call costs some 0.7 us besides its product.
"""
import sys
from time import perf_counter

import torch

SECONDS, THREADS = float(sys.argv[1]), int(sys.argv[2])
PRODUCTS = sys.argv[4:]
torch.set_num_threads(THREADS)
torch.manual_seed(1)


def times(call, seconds):
    seconds_of_calls, start = [], perf_counter()
    while perf_counter() - start < seconds:
        before = perf_counter()
        call()
        seconds_of_calls.append(perf_counter() - before)
    return sorted(seconds_of_calls)


for number, product in enumerate(PRODUCTS):
    kind, *size = product.split(":")
    m, k, n = map(int, size)
    b, c = torch.rand(k, n) * 2 - 1, torch.zeros(m, n)
    if kind == "gradient":
        a = (torch.rand(k, m) * 2 - 1).t()
        call = lambda: c.addmm_(a, b)
    else:
        a = torch.rand(m, k) * 2 - 1
        call = lambda: torch.mm(a, b, out=c)
    call()
    worst = (c.double() - a.double() @ b.double()).abs().max().item()
    assert worst <= k**1.5 * torch.finfo(torch.float32).eps, (product, worst)
    # as long as each of the five other sides has
    seconds = times(call, SECONDS / len(PRODUCTS) / 5)
    print(f"{number}-mkl {seconds[0]:e} {seconds[len(seconds) // 2]:e}")
