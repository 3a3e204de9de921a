use burn::tensor::{Device, Int, Tensor, activation};
use outcrop_arch::Attention;
use outcrop_vector::alibi_slopes;

/// What is added to the score of a key that is not seen.
const HIDDEN: f64 = -1e9;

/// How attention is computed: the [`outcrop_arch::Step`] of that name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attend {
    pub(super) d_head: usize,
    pub(super) weights: Attention,
    pub(super) window: Option<usize>,
    pub(super) alibi: bool,
}

/// What the queries [batch, positions, heads, d_head] read of keys and values [batch, positions, kv_heads, d_head]:
/// softmax(q k' / sqrt(d_head) + bias) v over the keys that each sees.
pub(super) fn attend(how: Attend, [q, k, v]: [Tensor<4>; 3]) -> Tensor<4> {
    let [_, positions, heads, _] = q.dims();
    let bias = bias(how, [positions, heads], &q.device());
    let scale = 1.0 / (how.d_head as f64).sqrt();
    let [k, v] = [k, v].map(|x| shared(x.swap_dims(1, 2), heads));
    let scores = (q.swap_dims(1, 2) * scale).matmul(k.swap_dims(2, 3)) + bias;
    let weights = match how.weights {
        Attention::Softmax => activation::softmax(scores, 3),
    };
    weights.matmul(v).swap_dims(1, 2)
}

/// Each key-value head of `x` [batch, kv_heads, positions, d_head] as often as there are heads to it.
fn shared(x: Tensor<4>, heads: usize) -> Tensor<4> {
    let [batch, kv_heads, positions, d_head] = x.dims();
    if kv_heads == heads {
        return x;
    }
    let group = heads / kv_heads;
    let x = x.reshape([batch, kv_heads, 1, positions, d_head]);
    let x = x.expand([batch, kv_heads, group, positions, d_head]);
    x.reshape([batch, heads, positions, d_head])
}

/// What is added to the scores, [1, heads or 1, queries, keys]: a large negative number where a query does not see a
/// key, and with ALiBi minus the slope of the head times their distance.
fn bias(how: Attend, [positions, heads]: [usize; 2], device: &Device) -> Tensor<4> {
    let device = device.clone().inner();
    let places = Tensor::<1, Int>::arange(0..positions as i64, &device).float();
    let queries = places.clone().reshape([1, 1, positions, 1]);
    let distance = queries - places.reshape([1, 1, 1, positions]);
    let mut hidden = distance.clone().lower_elem(0.0);
    if let Some(width) = how.window {
        hidden = hidden.bool_or(distance.clone().greater_equal_elem(width as f64));
    }
    let hidden = hidden.float() * HIDDEN;
    if !how.alibi {
        return hidden;
    }
    let slopes = Tensor::<1>::from_floats(alibi_slopes(heads).as_slice(), &device);
    hidden - distance * slopes.reshape([1, heads, 1, 1])
}
