//! Random sequences, the same every time.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_distr::{ChiSquared, Distribution, StandardNormal};

/// A source of random numbers that always starts at the same place.
pub(crate) struct Source(ChaCha8Rng);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A standard normal number.
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// A number of a chi-squared distribution with `freedom` degrees above 0.
    pub(crate) fn chi_squared(&mut self, freedom: f64) -> f64 {
        ChiSquared::new(freedom).map_or(freedom, |chi| chi.sample(&mut self.0))
    }

    /// A number above 0, at most 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    /// Whether a coin shows heads.
    pub(crate) fn coin(&mut self) -> bool {
        self.0.next_u32() & 1 == 1
    }

    /// A stationary AR(1) sequence of variance 1; for `phi` = 1 a random walk.
    pub(crate) fn autoregressive(&mut self, phi: f64, to: &mut [f64]) {
        let scale = if phi < 1.0 {
            (1.0 - phi * phi).sqrt()
        } else {
            1.0
        };
        let mut state = self.normal();
        for value in to {
            *value = state;
            state = phi * state + scale * self.normal();
        }
    }

    /// A number below `count`, which is above 0, each equally likely up to 1 in 2^40.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.0.next_u64() % count as u64) as usize
    }

    /// Another order, each equally likely (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let other = self.below(last + 1);
            values.swap(last, other);
        }
    }

    /// `count` different numbers from 1 to below `end`, ascending; all of them where there are fewer.
    pub(crate) fn bounds(&mut self, count: usize, end: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (1..end).collect();
        self.shuffle(&mut all);
        all.truncate(count);
        all.sort_unstable();
        all
    }
}
