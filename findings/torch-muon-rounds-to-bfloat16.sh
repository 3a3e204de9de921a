#!/bin/sh
# torch 2.15.0 (seen 2026-11-29): torch.optim.Muon takes float64 parameters and rounds its Newton-Schulz steps to bfloat16, whatever the
# type of the parameter. Every number of the update is one that bfloat16 holds, and it differs from the documented formula by
# 2 % of its largest number, where float32 would differ by 1e-6. It is no reference for another Muon beyond two digits.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0
cd "$folder" && venv/bin/python - <<'P'
import torch

torch.manual_seed(0)
gradient = torch.randn(24, 40, dtype=torch.float64)

def step(lr):
    """What one update of torch.optim.Muon takes from a float64 matrix of zeros."""
    weight = torch.nn.Parameter(torch.zeros_like(gradient))
    optimizer = torch.optim.Muon([weight], lr=lr, weight_decay=0.0, momentum=0.95, nesterov=True)
    weight.grad = gradient.clone()
    optimizer.step()
    return -weight.detach() / lr

def formula(dtype):
    """Five Newton-Schulz steps of the documented coefficients; the momentum only scales the first gradient."""
    x = gradient.to(dtype)
    x = x / x.norm()
    for _ in range(5):
        a = x @ x.T
        b = -4.775 * a + 2.0315 * a @ a
        x = 3.4445 * x + b @ x
    return x.double() * max(1.0, gradient.shape[0] / gradient.shape[1]) ** 0.5

taken, exact = step(1.0), formula(torch.float64)
size = exact.abs().max()
error = ((taken - exact).abs().max() / size).item()
single = ((formula(torch.float32) - exact).abs().max() / size).item()
rounded = (taken == taken.bfloat16().double()).double().mean().item()
print(f"torch.optim.Muon on a float64 matrix: largest error {error:.1e} of the largest number (in float32 {single:.1e}); share of "
      f"numbers that bfloat16 holds exactly {rounded:.2f}")
assert single < 1e-5 and error > 1e-3 and rounded == 1
P
echo "as described"
