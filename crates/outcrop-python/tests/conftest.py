"""Small models and what tests share."""

import os
import shutil

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch


@pytest.fixture
def ids(torch):
    """Three sequences of ten tokens."""
    return torch.randint(0, 50, (3, 10), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def gpt2(torch):
    """A GPT-2 of two layers, with dropout."""
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    return transformers.GPT2LMHeadModel(config)


@pytest.fixture
def command():
    """The command `outcrop`: OUTCROP_COMMAND, or that of the PATH."""
    command = os.environ.get("OUTCROP_COMMAND") or shutil.which("outcrop")
    if not command:
        pytest.skip("the command is not there; OUTCROP_COMMAND names it")
    return command
