//! Many curves at one step.

use std::collections::HashMap;

use crate::hypotheses::EmergenceCurve;

/// Curves drawn from a grid. They share its coordinates, so that at a step each exponential and each logarithm is computed
/// once: a grid of 64 by 64 cells has at most 64 of either.
#[derive(Debug)]
pub(super) struct Drawn<'a> {
    /// Each curve, with the places of its decay and of its logarithm.
    curves: Vec<(&'a EmergenceCurve, usize, usize)>,
    /// A curve of each decay rate, and one of each offset.
    decays: Vec<&'a EmergenceCurve>,
    logarithms: Vec<&'a EmergenceCurve>,
}

impl<'a> Drawn<'a> {
    pub(super) fn new(curves: impl Iterator<Item = &'a EmergenceCurve>) -> Self {
        let (mut decays, mut logarithms) = (Vec::new(), Vec::new());
        let (mut rates, mut offsets) = (HashMap::new(), HashMap::new());
        let curves = curves.map(|curve| {
            let decay = place(&mut rates, &mut decays, curve.beta(), curve);
            let logarithm = place(&mut offsets, &mut logarithms, curve.tau0(), curve);
            (curve, decay, logarithm)
        });
        Self {
            curves: curves.collect(),
            decays,
            logarithms,
        }
    }

    /// The value of every curve at step `t`, in their order: those of [`crate::Curve::value`] to the bit.
    pub(super) fn values(&self, t: f64) -> Vec<f64> {
        let decays: Vec<[f64; 2]> = self.decays.iter().map(|c| c.decay(t)).collect();
        let logarithms: Vec<f64> = self.logarithms.iter().map(|c| c.logarithm(t)).collect();
        let value = |&(curve, decay, logarithm): &(&EmergenceCurve, usize, usize)| {
            curve.combine(decays[decay], logarithms[logarithm])
        };
        self.curves.iter().map(value).collect()
    }
}

/// The place of `coordinate` among those known.
fn place<'a>(
    known: &mut HashMap<u64, usize>,
    curves: &mut Vec<&'a EmergenceCurve>,
    coordinate: f64,
    curve: &'a EmergenceCurve,
) -> usize {
    *known.entry(coordinate.to_bits()).or_insert_with(|| {
        curves.push(curve);
        curves.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Curve;
    use crate::families::EmergenceFamily;

    #[test]
    fn values_are_those_of_the_curves_to_the_bit() {
        let family = EmergenceFamily::new(1_000.0, 10.0, 0.01);
        let curve = |i: u32| {
            let (w, z) = (f64::from(i % 3), -f64::from(i % 4));
            EmergenceCurve::new(&family, &[w, z], [f64::from(i), -1.5, 0.25])
        };
        let curves: Vec<EmergenceCurve> = (0..20).map(curve).collect();
        let drawn = Drawn::new(curves.iter());
        assert_eq!((drawn.decays.len(), drawn.logarithms.len()), (3, 4));
        for t in [0.0, 1.0, 730.0, 1_000.0] {
            let each: Vec<f64> = curves.iter().map(|c| c.value(t)).collect();
            assert_eq!(drawn.values(t), each);
        }
    }
}
