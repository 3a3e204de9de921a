#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-29): DINOv2 takes `image_size: [height, width]` and has a table of as many positions as
# such an image has patches. It uses the table as it is for square images alone. An image of the configured size that is not square
# gets the table read as a square of positions, stretched to the image: patch (r, c) does not get row r * columns + c.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import torch
from transformers import Dinov2Config, Dinov2Model

@torch.no_grad()
def given(size):
    torch.manual_seed(0)
    config = Dinov2Config(hidden_size=32, num_hidden_layers=1, num_attention_heads=4, image_size=size, patch_size=14)
    model = Dinov2Model(config).eval()
    pixels, positions = torch.randn(1, 3, *size), model.embeddings.position_embeddings
    cls = model.embeddings.cls_token + positions[:, :1]
    patches = model.embeddings.patch_embeddings(pixels) + positions[:, 1:]
    as_table = torch.cat((cls, patches), dim=1)
    return (model.embeddings(pixels) - as_table).abs().max().item()

square, wide = given((56, 56)), given((28, 112))
print(f"difference from adding the table row by row: 56 x 56 pixels {square:.1e}, 28 x 112 pixels {wide:.1e}")
assert square < 1e-6 and wide > 1e-2
P
echo "as described"
