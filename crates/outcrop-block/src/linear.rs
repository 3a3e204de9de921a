//! Linear biases of scores (Press et al. 2022).

use outcrop_arch::{Alibi, AlibiOrder};
use outcrop_vector::{alibi_slopes, alibi_slopes_mpt, bfloat16};

use crate::heads::Heads;

/// What is added to the scores of one head.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bias {
    /// Minus this times the distance of the key.
    Distance(f32),
    /// This times the position of the key, both and their product rounded to bfloat16, times a factor.
    Rounded(f32, f32),
}

impl Heads {
    /// By head, what scores get; empty where that is nothing.
    pub(crate) fn biases(&self) -> Vec<Bias> {
        let Some(Alibi {
            order,
            max,
            scaled,
            bf16,
        }) = self.alibi
        else {
            return Vec::new();
        };
        let slopes = match order {
            AlibiOrder::Press => alibi_slopes(self.heads, max),
            AlibiOrder::Mpt => alibi_slopes_mpt(self.heads, max),
        };
        let factor = if scaled { self.scale } else { 1.0 };
        let bias = |slope: f32| match bf16 {
            true => Bias::Rounded(bfloat16(slope), factor),
            false => Bias::Distance(slope * factor),
        };
        slopes.into_iter().map(bias).collect()
    }
}

impl Bias {
    /// Adds to a row of scores what belongs to the query and key of each column.
    pub(crate) fn add(
        self,
        scores: &mut [f32],
        query: impl Fn(usize) -> usize,
        key: impl Fn(usize) -> usize,
    ) {
        let scores = scores.iter_mut().enumerate();
        match self {
            Self::Distance(slope) => scores.for_each(|(column, score)| {
                // those of later keys are hidden anyway
                *score -= slope * query(column).saturating_sub(key(column)) as f32;
            }),
            Self::Rounded(slope, factor) => scores.for_each(|(column, score)| {
                *score += bfloat16(slope * bfloat16(key(column) as f32)) * factor;
            }),
        }
    }
}
