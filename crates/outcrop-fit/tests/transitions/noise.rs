//! Simulated noise, from a generator that the crate does not use.

use std::f64::consts::PI;

/// xorshift64 and the method of Box and Muller.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        let mut noise = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..20).for_each(|_| assert!(noise.uniform() < 1.0));
        noise
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (2.0 * PI * v).cos()
    }

    /// A stationary AR(1) of variance 1.
    pub(crate) fn autoregressive(&mut self, phi: f64, n: usize) -> Vec<f64> {
        let scale = (1.0 - phi * phi).sqrt();
        let mut state = self.normal();
        let mut next = |_| {
            let now = state;
            state = phi * state + scale * self.normal();
            now
        };
        (0..n).map(&mut next).collect()
    }
}

/// Steps 0 and 1, 2, 4, ..., then evenly spaced: as Pythia's.
pub(crate) fn steps(n: usize) -> Vec<f64> {
    let doubling = (0..10).map(|i| f64::from(1 << i));
    let even = (1..).map(|i| f64::from(i) * 1000.0);
    std::iter::once(0.0)
        .chain(doubling)
        .chain(even)
        .take(n)
        .collect()
}

/// A logistic curve in log10 of the step: from 0 to 1, half-way at `half`, 10 % to 90 % in `width` decades.
pub(crate) fn logistic(step: f64, half: f64, width: f64) -> f64 {
    if step == 0.0 {
        return 0.0;
    }
    let rate = 2.0 * 9f64.ln() / width;
    1.0 / (1.0 + (-rate * (step / half).log10()).exp())
}
