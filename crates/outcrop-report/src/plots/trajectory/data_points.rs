use std::collections::HashSet;

use outcrop_core::{Fit, Trajectory};

use crate::data::points;

/// The measured points of a trajectory, by how they are drawn.
pub(super) struct Points {
    pub(super) plain: Vec<(f64, f64)>,
    /// Those whose step a fit calls an outlier.
    pub(super) outliers: Vec<(f64, f64)>,
    /// Two standard errors to each side.
    pub(super) bars: Vec<(f64, f64, f64)>,
    /// How many are not finite, and so not drawn.
    pub(super) lost: usize,
}

impl Points {
    pub(super) fn new(trajectory: &Trajectory, fits: &[&Fit]) -> Self {
        let steps = outlier_steps(fits);
        let all = points(trajectory);
        let bars = match trajectory.sem.len() == all.len() {
            true => {
                let errors = all.iter().zip(&trajectory.sem);
                let bars = errors.map(|((x, y), s)| (*x, y - 2.0 * s.abs(), y + 2.0 * s.abs()));
                bars.filter(|b| b.1.is_finite() && b.2.is_finite() && b.1 < b.2)
                    .collect()
            }
            false => Vec::new(),
        };
        let finite: Vec<_> = all.iter().copied().filter(|p| p.1.is_finite()).collect();
        let lost = all.len() - finite.len();
        let (outliers, plain) = finite
            .into_iter()
            .partition(|p| steps.contains(&p.0.to_bits()));
        Self {
            plain,
            outliers,
            bars,
            lost,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.plain.iter().chain(&self.outliers)
    }
}

/// The steps that a status names as `outlier at step S`.
fn outlier_steps(fits: &[&Fit]) -> HashSet<u64> {
    let named = fits
        .iter()
        .flat_map(|f| f.status.split("outlier at step ").skip(1));
    let number = |rest: &str| {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || "eE.+-".contains(c)));
        let digits = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
        digits.parse::<f64>().ok().map(f64::to_bits)
    };
    named.filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_are_the_steps_that_a_status_names() {
        let fit = |status: &str| Fit {
            status: status.into(),
            ..Fit::default()
        };
        let fits = [
            fit("flat; outlier at step 512; outlier at step 2e3."),
            fit("leverage above 0.9 at step 8"),
            fit("outlier at step nowhere"),
        ];
        let steps = outlier_steps(&fits.iter().collect::<Vec<_>>());
        let expected = [512.0_f64, 2000.0].map(f64::to_bits);
        assert_eq!(steps, HashSet::from(expected));
    }
}
