use std::ops::Range;

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

/// Scores that are in memory at once where there are no gradients, unless those of one query are more: 512 MiB.
const SCORES: usize = 1 << 27;

/// What the queries [batch, positions, heads, d_head] read of keys and values [batch, positions, kv_heads, d_head]: the
/// weights of the scores cap(scale q k') + bias, and of the extra one, times v, over the keys that each sees. Without
/// gradients the queries are taken some at a time, with the keys up to the last of them.
pub(super) fn attend(how: Attend, qkv: [Tensor<4>; 3], extra: Option<&Extra>) -> Tensor<4> {
    let most = match qkv[0].device().is_autodiff() {
        true => usize::MAX,
        false => SCORES,
    };
    attend_up_to(most, how, qkv, extra)
}

/// The same with no more than so many scores at once, but for those of one query.
fn attend_up_to(
    most: usize,
    how: Attend,
    [q, k, v]: [Tensor<4>; 3],
    extra: Option<&Extra>,
) -> Tensor<4> {
    let [batch, positions, heads, _] = q.dims();
    let [k, v] = [k, v].map(|x| shared(x.swap_dims(1, 2), heads));
    let q = q.swap_dims(1, 2) * how.scale;
    let together = (most / (batch * heads * positions).max(1)).max(1);
    // GPUs choose kernels by powers of two
    let together = 1 << together.ilog2();
    if together >= positions {
        return attend_some(how, 0, [q, k, v], extra).swap_dims(1, 2);
    }
    let some = |first: usize| {
        let count = together.min(positions - first);
        let seen = |x: &Tensor<4>| x.clone().narrow(2, 0, first + count);
        let q = q.clone().narrow(2, first, count);
        attend_some(how, first, [q, seen(&k), seen(&v)], extra)
    };
    let parts = (0..positions).step_by(together).map(some);
    Tensor::cat(parts.collect(), 2).swap_dims(1, 2)
}

/// What the scaled queries from position `first` on, [batch, heads, queries, d_head], read of keys and values [batch, heads,
/// keys, d_head].
fn attend_some(
    how: Attend,
    first: usize,
    [q, k, v]: [Tensor<4>; 3],
    extra: Option<&Extra>,
) -> Tensor<4> {
    let [_, heads, queries, d_head] = q.dims();
    let keys = k.dims()[2];
    let bias = bias(how, heads, [first, queries, keys], &q.device());
    let scores = q.clone().matmul(k.swap_dims(2, 3));
    let scores = capped(scores, how.softcap) + bias;
    let Some(extra) = extra else {
        return weigh(how.weighting, scores).matmul(v);
    };
    let own = extra.scores(q, how.softcap);
    let weights = weigh(how.weighting, Tensor::cat(vec![scores, own], 3));
    let read = weights.clone().narrow(3, 0, keys).matmul(v);
    match extra.value([heads, d_head]) {
        Some(value) => read + weights.narrow(3, keys, 1) * value,
        None => read,
    }
}

/// What is added to the scores, [1, heads or 1, queries, keys], of queries from position `first` on: a large negative number
/// where a query does not see a key, and with ALiBi minus the slope of the head times their distance, or the slope times
/// the place of the key where both are rounded: the softmax is the same.
fn bias(
    how: Attend,
    heads: usize,
    [first, queries, keys]: [usize; 3],
    device: &Device,
) -> Tensor<4> {
    let device = device.clone().inner();
    let places = |range: Range<usize>| {
        Tensor::<1, Int>::arange(range.start as i64..range.end as i64, &device).float()
    };
    let at = places(first..first + queries).reshape([1, 1, queries, 1]);
    let distance = at - places(0..keys).reshape([1, 1, 1, keys]);
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
        let row = |slope: &f32| (0..keys).map(|key| of(slope, key)).collect::<Vec<_>>();
        let biases: Vec<f32> = slopes.iter().flat_map(row).collect();
        let biases = Tensor::<1>::from_floats(biases.as_slice(), &device);
        return hidden + biases.reshape([1, heads, 1, keys]) * factor;
    }
    slopes.iter_mut().for_each(|x| *x *= factor as f32);
    let slopes = Tensor::<1>::from_floats(slopes.as_slice(), &device);
    hidden - distance * slopes.reshape([1, heads, 1, 1])
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    /// Numbers between -2 and 2.
    fn numbers(shape: [usize; 4], seed: usize) -> Tensor<4> {
        let number = |i: usize| ((i * 7919 + seed * 104_729) % 1009) as f32 / 252.25 - 2.0;
        let values: Vec<f32> = (0..shape.iter().product()).map(number).collect();
        Tensor::<1>::from_floats(values.as_slice(), &Device::flex()).reshape(shape)
    }

    #[test]
    fn queries_in_parts_read_what_all_together_read() {
        let (order, max) = (AlibiOrder::Press, 8.0);
        let alibi = |bf16, scaled| Alibi {
            order,
            max,
            bf16,
            scaled,
        };
        let plain = Attend {
            weighting: AttentionWeighting::Softmax,
            window: None,
            alibi: None,
            scale: 0.4,
            softcap: None,
        };
        let weightings = [
            AttentionWeighting::Softmax,
            AttentionWeighting::ClippedSoftmax {
                eta: 1.1,
                gamma: -0.1,
            },
            AttentionWeighting::Softpick,
            AttentionWeighting::Sigmoid,
        ];
        let by_weighting = weightings.map(|weighting| Attend { weighting, ..plain });
        let windows = [1, 4].map(|width| Attend {
            window: Some(width),
            ..plain
        });
        let biased = [alibi(false, false), alibi(true, true)];
        let biased = biased.map(|alibi| Attend {
            alibi: Some(alibi),
            softcap: Some(3.0),
            ..plain
        });
        for how in by_weighting.into_iter().chain(windows).chain(biased) {
            let rows = [1, 2, 3].map(|seed| {
                let heads = if seed == 1 { 4 } else { 2 };
                numbers([2, 11, heads, 6], seed)
            });
            let logits = numbers([1, 1, 1, 4], 5).reshape([4]);
            for extra in [None, Some(Extra::Zero), Some(Extra::Logits(logits))] {
                let of = |most| {
                    let read = attend_up_to(most, how, rows.clone(), extra.as_ref());
                    read.try_into_vec_as::<f32>().unwrap()
                };
                // parts of one query, and of three
                for most in [1, 2 * 4 * 11 * 3] {
                    for (part, whole) in of(most).iter().zip(of(SCORES)) {
                        assert!((part - whole).abs() < 1e-6, "{how:?}: {part} {whole}");
                    }
                }
            }
        }
    }
}
