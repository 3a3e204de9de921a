use crate::causal::Causal;
use crate::observable::{Column, Compute, Observable};
use crate::{CausalSums, Found, Missing, Site, View};

/// Which keys are sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkConvention {
    /// Those with alpha > 0.3, where alpha_k is the mean over the queries i >= k, which see the key (Gu et al., arXiv
    /// 2410.10781). Few queries see late keys, which therefore are sinks more often.
    Gu,
    /// Those with alpha >= 0.3, where alpha_k is the mean over **all** queries (arXiv 2606.02378).
    AllQueries,
}

impl SinkConvention {
    /// alpha of every key from the sums of its weights.
    fn alpha(self, sums: &[f64]) -> impl Iterator<Item = f64> + '_ {
        let n = sums.len();
        sums.iter().enumerate().map(move |(key, sum)| match self {
            Self::Gu => sum / (n - key) as f64,
            Self::AllQueries => sum / n as f64,
        })
    }

    fn is_sink(self, alpha: f64) -> bool {
        // a mean of weights in f32 is 0.3 where it is the f32 nearest to it
        let limit = f64::from(0.3f32);
        match self {
            Self::Gu => alpha > limit,
            Self::AllQueries => alpha >= limit,
        }
    }
}

/// The attention that keys receive.
pub(crate) const RECEIVED: Observable = Observable {
    name: "attention_received",
    family: "attention",
    columns: &[
        Column {
            name: "alpha_first",
            unit: "share",
            range: [0.0, 1.02],
            meaning: "mean weight on key 0; all queries see it, so both conventions agree",
        },
        Column {
            name: "first_is_sink_gu",
            unit: "share",
            range: [0.0, 1.0],
            meaning: "1 where `alpha_first` > 0.3, otherwise 0",
        },
        Column {
            name: "first_is_sink_all",
            unit: "share",
            range: [0.0, 1.0],
            meaning: "1 where `alpha_first` >= 0.3, otherwise 0",
        },
        Column {
            name: "alpha_other_gu",
            unit: "share",
            range: [0.0, 1.02],
            meaning: "the largest alpha of another key by the convention of Gu",
        },
        Column {
            name: "alpha_other_all",
            unit: "share",
            range: [0.0, 1.02],
            meaning: "the largest alpha of another key, mean over all queries",
        },
        Column {
            name: "sinks_gu",
            unit: "keys",
            range: [0.0, f64::INFINITY],
            meaning: "how many other keys have alpha > 0.3 by the convention of Gu",
        },
        Column {
            name: "sinks_all",
            unit: "keys",
            range: [0.0, f64::INFINITY],
            meaning: "how many other keys have alpha >= 0.3, mean over all queries",
        },
    ],
    sites: &[Site::AttentionWeights],
    needs: "",
    convention: "`_gu`: alpha_k is the mean over the queries i >= k, a sink has alpha > 0.3 (Gu et al.); `_all`: mean \
                 over all queries, at least 0.3. Few queries see late keys: by `_gu` a late key easily is a sink. Of the weights \
                 as they are, whatever they add up to",
    cost: "O(n^2) time, O(n) memory",
    source: "arXiv 2410.10781 (Gu), 2606.02378 (all queries)",
    compute: Compute::Attention(compute),
};

fn compute(sums: CausalSums<'_>) -> Vec<Found> {
    let (conventions, sums) = ([SinkConvention::Gu, SinkConvention::AllQueries], sums.keys);
    let first = sums[0] / sums.len() as f64;
    let mut found = vec![Ok(first)];
    let is_sink = |c: SinkConvention| Ok(f64::from(u8::from(c.is_sink(first))));
    found.extend(conventions.map(is_sink));
    found.extend(conventions.map(|c| largest_other(c, sums)));
    found.extend(conventions.map(|c| others(c, sums)));
    found
}

fn largest_other(convention: SinkConvention, sums: &[f64]) -> Found {
    let others = convention.alpha(sums).skip(1);
    others.reduce(f64::max).ok_or(Missing::OnePosition)
}

fn others(convention: SinkConvention, sums: &[f64]) -> Found {
    let others = convention.alpha(sums).skip(1);
    match sums.len() {
        1 => Err(Missing::OnePosition),
        _ => Ok(others.filter(|alpha| convention.is_sink(*alpha)).count() as f64),
    }
}

/// The keys of one head that are sinks, in ascending order, key 0 among them. `attention` is [queries, keys] after
/// softmax; the part above the diagonal is not looked at.
///
/// ```
/// use outcrop_observe::{SinkConvention, View, sink_keys};
///
/// let attention = [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.25, 0.5];
/// let view = View::new(&attention, 3)?;
/// assert_eq!(sink_keys(view, SinkConvention::Gu), Ok(vec![0, 1, 2]));
/// assert_eq!(sink_keys(view, SinkConvention::AllQueries), Ok(vec![0]));
/// # Ok::<(), outcrop_observe::Error>(())
/// ```
///
/// # Errors
/// [`Missing::NotAttention`], and [`Missing::NotFinite`] where a weight on or below the diagonal is not finite.
pub fn sink_keys(attention: View<'_>, convention: SinkConvention) -> Result<Vec<usize>, Missing> {
    Ok(sink_keys_of(Causal::new(attention)?.sums(), convention))
}

/// As [`sink_keys`], by what the weights add up to.
pub fn sink_keys_of(sums: CausalSums<'_>, convention: SinkConvention) -> Vec<usize> {
    let alpha = convention.alpha(sums.keys).enumerate();
    alpha
        .filter(|(_, alpha)| convention.is_sink(*alpha))
        .map(|(key, _)| key)
        .collect()
}
