use burn::tensor::{Device, Int, Tensor};
use outcrop_arch::{Alibi, AlibiOrder, AttentionWeighting};
use outcrop_vector::{alibi_slopes, alibi_slopes_mpt, bfloat16};

use super::capped;
use super::weighting::{Extra, HIDDEN, shared, weigh};

/// How attention is computed: the [`outcrop_arch::Step`] of that name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attend {
    pub(super) weighting: AttentionWeighting,
    pub(super) window: Option<usize>,
    pub(super) alibi: Option<Alibi>,
    pub(super) scale: f64,
    pub(super) softcap: Option<f64>,
}

/// What the queries [batch, positions, heads, d_head] read of keys and values [batch, positions, kv_heads, d_head]: the
/// weights of the scores cap(scale q k') + bias, and of the extra one, times v, over the keys that each sees.
pub(super) fn attend(how: Attend, [q, k, v]: [Tensor<4>; 3], extra: Option<Extra>) -> Tensor<4> {
    let [_, positions, heads, d_head] = q.dims();
    let bias = bias(how, [positions, heads], &q.device());
    let [k, v] = [k, v].map(|x| shared(x.swap_dims(1, 2), heads));
    let q = q.swap_dims(1, 2) * how.scale;
    let scores = q.clone().matmul(k.swap_dims(2, 3));
    let scores = capped(scores, how.softcap) + bias;
    let Some(extra) = extra else {
        return weigh(how.weighting, scores).matmul(v).swap_dims(1, 2);
    };
    let own = extra.scores(q, how.softcap);
    let weights = weigh(how.weighting, Tensor::cat(vec![scores, own], 3));
    let read = weights.clone().narrow(3, 0, positions).matmul(v);
    let read = match extra.value([heads, d_head]) {
        Some(value) => read + weights.narrow(3, positions, 1) * value,
        None => read,
    };
    read.swap_dims(1, 2)
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
