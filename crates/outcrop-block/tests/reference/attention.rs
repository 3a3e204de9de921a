//! Attention of one step, row by row.

use std::ops::Range;

use outcrop_arch::{
    Alibi, AlibiOrder, AttentionWeighting, ExtraScore, Step, TensorKind, TensorRole,
};
use outcrop_vector::{alibi_slopes, alibi_slopes_mpt};

use super::{Weights, capped};

/// How scores are made.
pub(crate) struct How {
    window: usize,
    alibi: Option<Alibi>,
    slopes: Vec<f64>,
    scale: f64,
    cap: Option<f64>,
    weighting: AttentionWeighting,
    /// One more score beside those of the keys.
    extra: Option<ExtraScore>,
}

impl How {
    /// What the score of the key at a position gets, of the query at another.
    fn bias(&self, head: usize, query: usize, key: usize) -> f64 {
        let Some(Alibi { scaled, bf16, .. }) = self.alibi else {
            return 0.0;
        };
        let slope = self.slopes[head];
        let bias = match bf16 {
            true => bfloat16(bfloat16(slope) * bfloat16(key as f64)),
            false => -slope * (query - key) as f64,
        };
        if scaled { bias * self.scale } else { bias }
    }
}

/// With eight significant bits.
fn bfloat16(x: f64) -> f64 {
    if x == 0.0 {
        return x;
    }
    let unit = (x.abs().log2().floor() - 7.0).exp2();
    (x / unit).round_ties_even() * unit
}

/// What a key that is one position away loses, by head.
fn slopes(heads: usize, alibi: Alibi) -> Vec<f64> {
    let slopes = match alibi.order {
        AlibiOrder::Press => alibi_slopes(heads, alibi.max),
        AlibiOrder::Mpt => alibi_slopes_mpt(heads, alibi.max),
    };
    slopes.into_iter().map(f64::from).collect()
}

impl How {
    /// Of a step, with its heads, key-value heads and width of a head.
    pub(crate) fn new(step: &Step) -> (Self, [usize; 3]) {
        let Step::Attend {
            heads,
            kv_heads,
            d_head,
            weighting,
            window,
            alibi,
            scale,
            softcap,
            extra,
            bidirectional: _, // no row of the table sees later positions
        } = *step
        else {
            unreachable!("it is attention")
        };
        let usual = || 1.0 / (d_head as f64).sqrt();
        let how = Self {
            window: window.unwrap_or(usize::MAX),
            alibi,
            slopes: alibi.map_or(vec![0.0; heads], |alibi| slopes(heads, alibi)),
            scale: scale.map_or_else(usual, |scale| f64::from(scale as f32)),
            cap: softcap.map(|cap| f64::from(cap as f32)),
            weighting,
            extra,
        };
        (how, [heads, kv_heads, d_head])
    }

    /// The score of a query [d_head] with a key, without what depends on their positions.
    fn score(&self, query: &[f64], key: &[f64]) -> f64 {
        let dot: f64 = query.iter().zip(key).map(|(q, k)| q * k).sum();
        capped(dot * self.scale, self.cap)
    }

    fn extra_score(&self, weights: &Weights, [head, kv]: [usize; 2], query: &[f64]) -> Option<f64> {
        self.extra.map(|extra| match extra {
            ExtraScore::Zero => 0.0,
            ExtraScore::Logits => weights[&(TensorRole::SinkLogits, TensorKind::Bias)][head],
            ExtraScore::Key | ExtraScore::KeyValue => {
                let key = &weights[&(TensorRole::ExtraKey, TensorKind::Bias)];
                self.score(query, &key[kv * query.len()..][..query.len()])
            }
        })
    }

    /// The weights of scores, the last of which is the extra one where there is one.
    fn weigh(&self, scores: &[f64]) -> Vec<f64> {
        let sum = |f: &dyn Fn(f64) -> f64| scores.iter().map(|s| f(*s)).sum::<f64>();
        match self.weighting {
            AttentionWeighting::Softmax => {
                let sum = sum(&f64::exp);
                scores.iter().map(|s| s.exp() / sum).collect()
            }
            AttentionWeighting::ClippedSoftmax { eta, gamma } => {
                let [eta, gamma] = [eta, gamma].map(|x| f64::from(x as f32));
                let sum = sum(&f64::exp);
                let clipped = |s: &f64| ((eta - gamma) * s.exp() / sum + gamma).clamp(0.0, 1.0);
                scores.iter().map(clipped).collect()
            }
            AttentionWeighting::Softpick => {
                let sum = sum(&|s| s.exp_m1().abs()) + 1e-8;
                scores.iter().map(|s| s.exp_m1().max(0.0) / sum).collect()
            }
            AttentionWeighting::Sigmoid => {
                scores.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect()
            }
        }
    }
}

/// The weights of the query of one head at a position, over the positions that it sees, and of the extra score behind
/// them. `key` is the key of a position.
pub(crate) fn row<'a>(
    how: &How,
    weights: &Weights,
    (query, position): (&[f64], usize),
    heads: [usize; 2],
    key: impl Fn(usize) -> &'a [f64],
) -> (Range<usize>, Vec<f64>) {
    let seen = (position + 1).saturating_sub(how.window)..position + 1;
    let score = |p: usize| how.score(query, key(p)) + how.bias(heads[0], position, p);
    let scores = seen.clone().map(score);
    let extra = how.extra_score(weights, heads, query);
    let weights = how.weigh(&scores.chain(extra).collect::<Vec<_>>());
    (seen, weights)
}

/// What queries read of keys and values, all by row.
pub(super) fn attend(
    [q, k, v]: [&Vec<f64>; 3],
    step: &Step,
    weights: &Weights,
    tokens: usize,
) -> Vec<f64> {
    let (how, [heads, kv_heads, d]) = How::new(step);
    let mut read = vec![0.0; q.len()];
    for (place, (query, read)) in q.chunks(d).zip(read.chunks_mut(d)).enumerate() {
        let (token, head) = (place / heads, place % heads);
        let (start, position) = (token - token % tokens, token % tokens);
        let kv = head * kv_heads / heads;
        let at = |p: usize| ((start + p) * kv_heads + kv) * d;
        let key = |p: usize| &k[at(p)..][..d];
        let (seen, all) = row(&how, weights, (query, position), [head, kv], key);
        let own = weights.get(&(TensorRole::ExtraValue, TensorKind::Bias));
        let own = own.map(|own| &own[kv * d..][..d]);
        let values = seen.map(|p| &v[at(p)..][..d]).chain(own);
        for (value, weight) in values.zip(all) {
            let pairs = read.iter_mut().zip(value);
            pairs.for_each(|(read, v)| *read += weight * v);
        }
    }
    read
}
