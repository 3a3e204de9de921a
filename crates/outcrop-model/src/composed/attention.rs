use burn::tensor::{Device, Int, Tensor, activation};
use outcrop_arch::{Alibi, AlibiOrder, AttentionWeighting};
use outcrop_vector::{alibi_slopes, alibi_slopes_mpt, bfloat16};

use super::capped;

/// What is added to the score of a key that is not seen.
const HIDDEN: f64 = -1e9;

/// How attention is computed: the [`outcrop_arch::Step`] of that name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attend {
    pub(super) weighting: AttentionWeighting,
    pub(super) window: Option<usize>,
    pub(super) alibi: Option<Alibi>,
    pub(super) scale: f64,
    pub(super) softcap: Option<f64>,
}

/// One more score of each query beside those of its keys.
pub(super) enum Extra {
    /// 0.
    Zero,
    /// One a head, [heads].
    Logits(Tensor<1>),
}

/// What the queries [batch, positions, heads, d_head] read of keys and values [batch, positions, kv_heads, d_head]:
/// softmax(cap(scale q k') + bias) v over the keys that each sees, with the extra score, whose value is 0, in the sum.
pub(super) fn attend(how: Attend, [q, k, v]: [Tensor<4>; 3], extra: Option<Extra>) -> Tensor<4> {
    let [_, positions, heads, _] = q.dims();
    let bias = bias(how, [positions, heads], &q.device());
    let [k, v] = [k, v].map(|x| shared(x.swap_dims(1, 2), heads));
    let scores = (q.swap_dims(1, 2) * how.scale).matmul(k.swap_dims(2, 3));
    let scores = capped(scores, how.softcap) + bias;
    let weigh = |scores| match how.weighting {
        AttentionWeighting::Softmax => activation::softmax(scores, 3),
    };
    let weights = match extra {
        None => weigh(scores),
        Some(extra) => weigh(beside(scores, extra)).narrow(3, 0, positions),
    };
    weights.matmul(v).swap_dims(1, 2)
}

/// The scores [batch, heads, queries, keys] with the extra ones in one more column.
fn beside(scores: Tensor<4>, extra: Extra) -> Tensor<4> {
    let [batch, heads, positions, _] = scores.dims();
    let shape = [batch, heads, positions, 1];
    let own = match extra {
        Extra::Zero => Tensor::zeros(shape, &scores.device()),
        Extra::Logits(logits) => logits.reshape([1, heads, 1, 1]).expand(shape),
    };
    Tensor::cat(vec![scores, own], 3)
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
/// key, and with ALiBi minus the slope of the head times their distance, or the slope times the place of the key where
/// both are rounded: the softmax is the same.
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
    let Some(alibi) = how.alibi else {
        return hidden;
    };
    let mut slopes = match alibi.order {
        AlibiOrder::Press => alibi_slopes(heads, alibi.max),
        AlibiOrder::Mpt => alibi_slopes_mpt(heads, alibi.max),
    };
    let factor = if alibi.scaled { how.scale } else { 1.0 };
    if alibi.bf16 {
        let of = |slope: &f32, key: usize| bfloat16(bfloat16(*slope) * bfloat16(key as f32));
        let row = |slope: &f32| (0..positions).map(|key| of(slope, key)).collect::<Vec<_>>();
        let biases: Vec<f32> = slopes.iter().flat_map(row).collect();
        let biases = Tensor::<1>::from_floats(biases.as_slice(), &device);
        return hidden + biases.reshape([1, heads, 1, positions]) * factor;
    }
    slopes.iter_mut().for_each(|x| *x *= factor as f32);
    let slopes = Tensor::<1>::from_floats(slopes.as_slice(), &device);
    hidden - distance * slopes.reshape([1, heads, 1, 1])
}
