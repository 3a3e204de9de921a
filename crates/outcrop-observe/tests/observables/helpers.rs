//! What the tests of single observables need.

use outcrop_observe::{Found, OBSERVABLES, Observable, Sample, View};

/// The observable with a column of this name, and where the column is.
fn with_column(column: &str) -> (&'static Observable, usize) {
    let at = |one: &Observable| one.columns.iter().position(|c| c.name == column);
    OBSERVABLES
        .into_iter()
        .find_map(|one| Some((one, at(one)?)))
        .unwrap()
}

/// One number of a sample.
pub(crate) fn number(column: &str, sample: &Sample<'_>) -> Found {
    let (one, at) = with_column(column);
    one.observe(sample)[at]
}

/// One number of a tensor alone.
pub(crate) fn of(column: &str, values: &[f32], columns: usize) -> Found {
    number(column, &Sample::new(View::new(values, columns).unwrap()))
}

/// Asserts that a number is there and near `expected`, as a share of the larger of it and 1.
#[track_caller]
pub(crate) fn near(found: Found, expected: f64, tolerance: f64) {
    let found = found.unwrap();
    let off = (found - expected).abs() / expected.abs().max(1.0);
    assert!(off <= tolerance, "{found}, expected {expected}");
}

/// Standard normal scalars by the method of Box and Muller, the same for the same seed.
pub(crate) fn normal(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let mut one = || {
        let (u, v) = (uniform(), uniform());
        ((-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()) as f32
    };
    (0..20).for_each(|_| assert!(one().is_finite()));
    (0..count).map(|_| one()).collect()
}
