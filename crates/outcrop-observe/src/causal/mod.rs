//! What several observables need of attention weights, in one pass over those on and below the diagonal.

mod entropy;

use crate::sums::{LANES, is_negative, magnitude_bits, sum_of};
use crate::wide::vectorised;
use crate::{Missing, View};

/// By how much a weight, and the weights of a query in sum, may exceed 1: those in bfloat16 do.
const ROUNDING: f64 = 0.02;

/// What the attention weights of one head add up to, where a query sees the keys up to its own position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CausalSums<'a> {
    /// The weight that each key receives, summed over queries.
    pub keys: &'a [f64],
    /// The entropy of the weights of each query, -sum w ln w, in nats.
    pub entropies: &'a [f64],
    /// Of how many queries no weight is larger than that on key 0: at least 1, since query 0 sees nothing else.
    pub first: usize,
    /// Whether the weights of each query add up to at most 1.
    pub shares: bool,
}

impl CausalSums<'_> {
    /// Checks sums that were computed elsewhere.
    ///
    /// # Errors
    /// [`Missing::NotFinite`] where a sum is not finite, [`Missing::NotAttention`] where there are not as many keys as
    /// queries, or none.
    pub fn checked(self) -> Result<Self, Missing> {
        let finite = |sums: &[f64]| sums.iter().all(|x| x.is_finite());
        match self.keys.len() == self.entropies.len() && self.first > 0 {
            _ if !finite(self.keys) || !finite(self.entropies) => Err(Missing::NotFinite),
            true => Ok(self),
            false => Err(Missing::NotAttention),
        }
    }
}

/// The same of weights [queries, keys] that are there.
#[derive(Clone, Debug)]
pub(crate) struct Causal {
    keys: Vec<f64>,
    entropies: Vec<f64>,
    first: usize,
    shares: bool,
}

impl Causal {
    /// Of weights on and below the diagonal, each from 0 to 1. Those of a query may add up to less than 1, where a head can
    /// attend to nothing (arXiv 2309.17453), or to more, where they are sigmoids (arXiv 2410.10781).
    ///
    /// # Errors
    /// [`Missing::NotFinite`], [`Missing::NotAttention`].
    pub(crate) fn new(attention: View<'_>) -> Result<Self, Missing> {
        if !attention.is_finite_below() {
            return Err(Missing::NotFinite);
        }
        let mut all = Self {
            keys: vec![0.0; attention.columns()],
            entropies: Vec::with_capacity(attention.rows()),
            first: 0,
            shares: true,
        };
        let square = attention.rows() == attention.columns();
        match square && pass(attention, &mut all) {
            true => Ok(all),
            false => Err(Missing::NotAttention),
        }
    }

    pub(crate) fn sums(&self) -> CausalSums<'_> {
        CausalSums {
            keys: &self.keys,
            entropies: &self.entropies,
            first: self.first,
            shares: self.shares,
        }
    }
}

vectorised! {
    /// Whether all queries have weights that are some.
    fn pass<'a>(attention: View<'a>, all: &'a mut Causal) -> bool {
        for (query, row) in attention.iter().enumerate() {
            if !of_query(&row[..=query], all) {
                return false;
            }
        }
        true
    }
}

#[inline(always)]
fn of_query(row: &[f32], all: &mut Causal) -> bool {
    let mut sums = [0.0; LANES];
    for row in row.chunks(LANES) {
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum += f64::from(*weight);
        }
    }
    for (key, weight) in all.keys.iter_mut().zip(row) {
        *key += f64::from(*weight);
    }
    let (mut negative, mut most) = (0, 0);
    for weight in row {
        negative |= u32::from(is_negative(*weight));
        most = u32::max(most, magnitude_bits(*weight));
    }
    all.entropies.push(entropy::entropy(row));
    all.first += usize::from(magnitude_bits(row[0]) >= most);
    all.shares &= sum_of(&sums) <= 1.0 + ROUNDING;
    negative == 0 && f64::from(f32::from_bits(most)) <= 1.0 + ROUNDING
}
