#!/bin/sh
# torch 2.15.0 (seen 2026-11-29): torch.save takes `pickle_protocol` 0 to 5 and writes a file for each. torch.load as it
# is called by default (weights_only=True) reads those of protocols 2 and 3 alone. With weights_only=False it reads 1 to
# 5; a file of protocol 0 is read by neither, since storages become text there, so what was saved is lost to torch.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 numpy==2.4.6
cd "$folder"
cat > protocols.py <<'P'
import io
import pickle
import warnings
import torch

warnings.simplefilter("ignore")
tensor = torch.arange(3.0)


def outcome(protocol, weights_only):
    file = io.BytesIO()
    torch.save({"w": tensor}, file, pickle_protocol=protocol)
    file.seek(0)
    try:
        assert torch.equal(torch.load(file, weights_only=weights_only)["w"], tensor)
        return "read"
    except (pickle.UnpicklingError, RuntimeError, AssertionError) as error:
        return type(error).__name__


for protocol in range(6):
    print(protocol, *(outcome(protocol, weights_only) for weights_only in (True, False)))
P
venv/bin/python protocols.py | tee seen
cat > expected <<'X'
0 UnpicklingError AssertionError
1 UnpicklingError read
2 read read
3 read read
4 UnpicklingError read
5 UnpicklingError read
X
cmp seen expected
echo "as described"
