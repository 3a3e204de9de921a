use std::collections::BTreeMap;

use crate::Measurement;

/// How the ratio of a checkpoint is averaged over its sequences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ratio {
    /// mean(max) / mean(median), Eq. 8 of the paper.
    #[default]
    MeanOverMean,
    /// mean(max / median), as Eqs. 6-7 of the paper can be read.
    MeanOfRatios,
}

/// The ratio of one layer over the training steps of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Name of the model.
    pub model: String,
    /// Layer, from 1.
    pub layer: u32,
    /// Training steps in the order of the table.
    pub steps: Vec<u64>,
    /// Top-1 magnitude over median at each step.
    pub ratios: Vec<f64>,
    /// Standard error of each ratio over the sequences; empty where unknown.
    pub sem: Vec<f64>,
}

impl Trajectory {
    /// The trajectories in `measurements`, ordered by model as they first appear, then by layer
    /// and step. A (step, layer) in which some sequence has no ratio (all scalars non-finite, or
    /// a median of 0) is left out.
    pub fn from_measurements(measurements: &[Measurement], ratio: Ratio) -> Vec<Self> {
        let mut models: Vec<&str> = Vec::new();
        let mut cells: BTreeMap<(usize, u32, u64), Vec<&Measurement>> = BTreeMap::new();
        for m in measurements {
            let index = models.iter().position(|name| *name == m.model);
            let index = index.unwrap_or_else(|| {
                models.push(&m.model);
                models.len() - 1
            });
            cells.entry((index, m.layer, m.step)).or_default().push(m);
        }
        let mut trajectories: BTreeMap<(usize, u32), Self> = BTreeMap::new();
        for ((model, layer, step), cell) in cells {
            let Some((value, sem)) = average(&cell, ratio) else {
                continue;
            };
            let t = trajectories.entry((model, layer)).or_insert_with(|| Self {
                model: models[model].to_owned(),
                layer,
                ..Self::default()
            });
            t.steps.push(step);
            t.ratios.push(value);
            t.sem.push(sem);
        }
        let mut trajectories: Vec<Self> = trajectories.into_values().collect();
        for t in &mut trajectories {
            if t.sem.iter().any(|s| !s.is_finite()) {
                t.sem.clear(); // one sequence has no standard error
            }
        }
        trajectories
    }
}

/// The ratio of one cell and its standard error (NaN for a single sequence). For the ratio of
/// means the error is that of the linearised quotient.
fn average(cell: &[&Measurement], ratio: Ratio) -> Option<(f64, f64)> {
    let pairs: Option<Vec<(f64, f64)>> = cell
        .iter()
        .map(|m| {
            let (top, median) = (m.stats.top[0]?.magnitude, m.stats.median?);
            (median > 0.0).then_some((f64::from(top), f64::from(median)))
        })
        .collect();
    let pairs = pairs?;
    let mean = |v: &mut dyn Iterator<Item = f64>| v.sum::<f64>() / pairs.len() as f64;
    let (value, deviations): (f64, Vec<f64>) = match ratio {
        Ratio::MeanOfRatios => {
            let value = mean(&mut pairs.iter().map(|(t, m)| t / m));
            (value, pairs.iter().map(|(t, m)| t / m - value).collect())
        }
        Ratio::MeanOverMean => {
            let median = mean(&mut pairs.iter().map(|p| p.1));
            let value = mean(&mut pairs.iter().map(|p| p.0)) / median;
            let linear = |(t, m): &(f64, f64)| (t - value * m) / median;
            (value, pairs.iter().map(linear).collect())
        }
    };
    let n = pairs.len() as f64;
    let variance = deviations.iter().map(|d| d * d).sum::<f64>() / (n - 1.0);
    Some((value, (variance / n).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LayerStats, Place, Top};

    fn measurement(step: u64, sequence: u32, top: f32, median: f32) -> Measurement {
        let place = Place {
            position: 0,
            channel: 0,
        };
        let top = Some(Top {
            magnitude: top,
            place,
        });
        Measurement {
            model: "m".into(),
            step,
            sequence,
            layer: 1,
            stats: LayerStats {
                top: [top; 3],
                median: Some(median),
                count: 4,
                non_finite: 0,
                first_non_finite: None,
            },
        }
    }

    #[test]
    fn both_definitions_of_the_ratio() {
        let rows = [measurement(8, 0, 10.0, 1.0), measurement(8, 1, 10.0, 4.0)];
        let of_means = &Trajectory::from_measurements(&rows, Ratio::MeanOverMean)[0];
        let of_ratios = &Trajectory::from_measurements(&rows, Ratio::MeanOfRatios)[0];
        assert_eq!(of_means.ratios, [4.0]);
        assert_eq!(of_ratios.ratios, [6.25]);
        // ratios 10 and 2.5: standard deviation 5.303, over sqrt(2)
        assert!((of_ratios.sem[0] - 3.75).abs() < 1e-12);
    }

    #[test]
    fn a_step_without_a_ratio_is_left_out() {
        let rows = [measurement(0, 0, 1.0, 0.0), measurement(1, 0, 6.0, 2.0)];
        let t = Trajectory::from_measurements(&rows, Ratio::MeanOverMean);
        assert_eq!(
            (t[0].steps.as_slice(), t[0].ratios.as_slice()),
            (&[1][..], &[3.0][..])
        );
        assert!(t[0].sem.is_empty());
    }
}
