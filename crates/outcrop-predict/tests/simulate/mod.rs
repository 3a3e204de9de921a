//! Tables whose truth is known, on architectures of Pythia.

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, NamedArch};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// What ln f_last is made of.
pub(crate) struct Truth {
    /// Effect of one standard deviation of ln d.
    pub(crate) architecture: f64,
    /// Standard deviation of what sets models apart and is not in their architecture.
    pub(crate) model: f64,
    /// Effect of relative depth.
    pub(crate) depth: f64,
}

/// The nine architectures of the paper's table, 188 layers.
pub(crate) fn archs() -> Vec<NamedArch> {
    let sizes = [
        "14m", "70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b",
    ];
    sizes.map(pythia).into()
}

pub(crate) fn pythia(size: &str) -> NamedArch {
    NamedArch {
        model: size.into(),
        arch: ArchSpec::pythia(size).unwrap(),
    }
}

/// Fits of every layer of the nine.
pub(crate) fn fits(truth: &Truth, seed: u64) -> Vec<Fit> {
    fits_of(&archs(), truth, seed)
}

/// Fits of every layer of `archs`: row noise 0.15 in the logarithm of each quantity.
pub(crate) fn fits_of(archs: &[NamedArch], truth: &Truth, seed: u64) -> Vec<Fit> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut fits = Vec::new();
    for named in archs {
        let offset = truth.model * normal(&mut rng);
        let width = ((named.arch.d_model as f64).ln() - 7.0) / 1.1;
        for layer in 1..=named.arch.layers {
            let depth = layer as f64 / named.arch.layers as f64;
            let profile = truth.depth * (0.3 - 4.0 * (depth - 0.5).powi(2));
            let ln = 5.0 + truth.architecture * width + offset + profile;
            let mut noisy = |value: f64| (value + 0.15 * normal(&mut rng)).exp();
            fits.push(Fit {
                model: named.model.clone(),
                layer: layer as u32,
                hypothesis: "emergence".into(),
                quantities: [
                    ("K", noisy(ln - 0.5)),
                    ("f_first", noisy(1.6)),
                    ("f_last", noisy(ln)),
                    ("f_max", noisy(ln + 0.2)),
                    ("t_half", noisy(7.0 + depth)),
                ]
                .into(),
                ..Fit::default()
            });
        }
    }
    fits
}

/// Box and Muller's transform.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let mut uniform = || ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let (radius, angle) = (
        (-2.0 * uniform().ln()).sqrt(),
        std::f64::consts::TAU * uniform(),
    );
    radius * angle.cos()
}
