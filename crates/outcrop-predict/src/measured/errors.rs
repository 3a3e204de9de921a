use serde::{Deserialize, Serialize};

use super::stretch::Stretch;
use crate::bands::{Deviation, quantile};

/// Errors are saved in so many parts of one, rounded up.
pub(super) const PARTS: f64 = 1e4;
/// The band of a stretch grows out of that at its beginning, and is its own from where 1 + step is larger by this factor.
const BLEND: f64 = 2.0;

/// abs(ln predicted - ln measured) of one (model, layer), predicted without its architecture, for each stretch that it was measured
/// along.
#[derive(Serialize, Deserialize)]
pub(super) struct RowErrors {
    pub(super) architecture: usize,
    /// The standard error that its leverage gives, saved as errors are: how far off curves are grows with the distance from the middle
    /// of training.
    pub(super) units: Vec<f64>,
    /// Errors in these units before they were rounded, one a step.
    pub(super) sizes: Vec<Vec<f64>>,
}

/// For each stretch and step how many standard errors a band reaches to either side.
pub(super) type Quantiles = Vec<Vec<f64>>;

/// Those of a band of `level`, without the errors of one architecture if one is named; as far as enough others were measured.
pub(super) fn quantiles(
    errors: &[RowErrors],
    stretches: &[Stretch],
    level: f64,
    without: Option<usize>,
) -> Quantiles {
    let of = |stretch: usize, step: usize| {
        let others = errors.iter().filter(|e| Some(e.architecture) != without);
        let deviation = |row: &RowErrors| {
            Some(Deviation {
                architecture: row.architecture,
                size: *row.sizes.get(stretch)?.get(step)?,
            })
        };
        quantile(&others.filter_map(deviation).collect::<Vec<_>>(), level)
    };
    let stretches = stretches.iter().enumerate();
    let steps = stretches.map(|(index, stretch)| {
        let steps = 0..stretch.steps.len();
        steps.map(|step| of(index, step)).collect()
    });
    steps.map_while(|found: Option<Vec<f64>>| found).collect()
}

/// Half the width of the band of a layer with these `units`, one a stretch, at each step. Near the beginning of a later stretch it
/// is a geometric mean with that at the end of the stretch before, so that there is no step between them.
pub(super) fn half_widths(
    stretches: &[Stretch],
    quantiles: &[Vec<f64>],
    units: &[f64],
) -> Vec<Vec<f64>> {
    let mut before: Option<f64> = None;
    let stretches = stretches.iter().zip(quantiles).zip(units);
    let of = |((stretch, quantiles), unit): ((&Stretch, &Vec<f64>), &f64)| {
        let width = |(step, quantile): (&f64, &f64)| {
            let own = unit * quantile;
            let passed = (step.ln_1p() - stretch.begin.ln_1p()) / BLEND.ln();
            match before {
                Some(before) if passed < 1.0 => before.powf(1.0 - passed) * own.powf(passed),
                _ => own,
            }
        };
        let widths: Vec<f64> = stretch.steps.iter().zip(quantiles).map(width).collect();
        before = widths.last().copied();
        widths
    };
    stretches.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::leverage::Leverage;
    use crate::measured::shapes::Shapes;

    /// 1 + step from 100 to 400: the geometric mean at 2^(1/2), the band of the stretch alone from 2 on.
    #[test]
    fn a_band_grows_out_of_the_one_before() {
        let features = vec![1.0; crate::Feature::all().count()];
        let stretch = |begin: f64, steps: &[f64]| Stretch {
            begin,
            steps: steps.to_vec(),
            shapes: Shapes::of(&[&[1.0, 2.0], &[1.0, 2.0]], &[1.0; 2]).unwrap(),
            scores: Vec::new(),
            leverage: Leverage::of(&[&features], &[0]).unwrap(),
        };
        let half = 100.0 * 2f64.sqrt() - 1.0;
        let stretches = [
            stretch(0.0, &[0.0, 99.0]),
            stretch(99.0, &[half, 199.0, 399.0]),
        ];
        let quantiles = vec![vec![3.0, 1.0], vec![8.0, 8.0, 5.0]];
        let widths = half_widths(&stretches, &quantiles, &[2.0, 1.0]);
        assert_eq!(widths[0], [6.0, 2.0]);
        for (width, expected) in widths[1].iter().zip([4.0, 8.0, 5.0]) {
            assert!((width - expected).abs() < 1e-12, "{widths:?}");
        }
    }
}
