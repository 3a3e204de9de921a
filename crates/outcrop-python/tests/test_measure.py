"""`measure` against NumPy, on arrays of NumPy, PyTorch and JAX."""

import numpy as np
import pytest

import outcrop
from outcrop._array import scalars


def hidden(shape=(12, 33), seed=0):
    state = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    state.reshape(-1)[7] = -90.0
    return state


def check(measured, state):
    """By NumPy in float64."""
    wide = state.astype(np.float64)
    magnitudes = np.sort(np.abs(wide).ravel())
    assert [top.magnitude for top in measured.top] == list(magnitudes[::-1][:3])
    for top in measured.top:
        assert abs(wide[top.position, top.channel]) == top.magnitude
    median = magnitudes[(magnitudes.size - 1) // 2]
    assert measured.median == median
    assert measured.ratio == magnitudes[-1] / median
    assert (measured.count, measured.non_finite, measured.massive) == (wide.size, 0, 0)
    assert measured.rms == pytest.approx(np.sqrt(np.mean(wide**2)), rel=1e-12)
    centred = wide - wide.mean()
    assert measured.kurtosis == pytest.approx(np.mean(centred**4) / np.mean(centred**2) ** 2, rel=1e-10)
    squares = np.mean(wide**2, axis=0)
    assert measured.channel_kurtosis == pytest.approx(np.mean(squares**2) / np.mean(squares) ** 2, rel=1e-10)


def test_numpy():
    state = hidden()
    check(outcrop.measure(state), state)
    check(outcrop.measure(state.astype(np.float64)), state)
    half = state.astype(np.float16)
    check(outcrop.measure(half), half)
    check(outcrop.measure(state.T), np.ascontiguousarray(state.T))


def test_several_sequences_are_measured_one_by_one():
    state = hidden((4, 6, 8))
    found = outcrop.measure(state, k=5)
    assert len(found) == 4 and len(found[0].top) == 5
    for one, own in zip(found, state):
        assert one.top[0] == outcrop.measure(own).top[0]


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_torch_without_a_copy(torch, name):
    tensor = torch.from_numpy(hidden()).to(getattr(torch, name)).requires_grad_()
    values, found = scalars(tensor)
    assert found == name
    assert values.__array_interface__["data"][0] == tensor.data_ptr()
    check(outcrop.measure(tensor), tensor.detach().double().numpy())


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_jax_without_a_copy(name):
    jnp = pytest.importorskip("jax.numpy")
    array = jnp.asarray(hidden(), dtype=name)
    values, found = scalars(array)
    assert found == name
    assert values.__array_interface__["data"][0] == array.unsafe_buffer_pointer()
    check(outcrop.measure(array), np.asarray(array).astype(np.float64))


def test_torch_median_is_the_same(torch):
    tensor = torch.randn(7, 6)
    assert outcrop.measure(tensor).median == tensor.abs().median().item()


def test_what_is_not_finite_is_counted():
    state = hidden()
    state[0, 0], state[3, 1] = np.nan, np.inf
    measured = outcrop.measure(state)
    rest = np.abs(state[np.isfinite(state)])
    assert (measured.non_finite, measured.top[0].magnitude) == (2, rest.max())
    assert measured.rms is None and "norm_first" in measured.missing


def test_observables_by_closed_forms():
    state = np.array([[30.0, 40.0], [3.0, 4.0], [0.0, 5.0]], dtype=np.float32)
    found = outcrop.measure(state).observables
    assert found["norm_first"] == 50.0
    assert found["norm_first_over_mean"] == 10.0
    only = outcrop.measure(state, observables="token_norms")
    assert set(only.observables) < set(found)
    assert outcrop.measure(state, observables="").observables == {}
    about = {one.name: one for one in outcrop.observables()}
    assert set(only.observables) <= set(about["token_norms"].numbers)


@pytest.mark.parametrize(
    ("array", "error", "said"),
    [
        (np.zeros((2, 2), dtype=np.int32), TypeError, "int32"),
        (np.zeros(3, dtype=np.float32), ValueError, "1 dimensions"),
        (np.zeros((0, 3), dtype=np.float32), ValueError, "no scalars"),
    ],
)
def test_what_is_no_hidden_state_is_refused(array, error, said):
    with pytest.raises(error, match=said):
        outcrop.measure(array)


def test_options_are_checked():
    with pytest.raises(ValueError, match="k = 0"):
        outcrop.measure(hidden(), k=0)
    with pytest.raises(ValueError, match='did you mean "tails"'):
        outcrop.measure(hidden(), observables="tials")
    with pytest.raises(ValueError, match="hidden state alone"):
        outcrop.measure(hidden(), observables="attention_entropy")
