mod builder;
#[cfg(feature = "files")]
mod join;
mod options;
mod stages;

pub use builder::TrajectoryBuilder;
#[cfg(feature = "tables")]
pub(crate) use join::Seen;
pub use options::TrajectoryOptions;
pub use stages::Stages;

use crate::{Measurement, Stage};

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
    /// The stage in which the steps count; none for a run of one stage.
    pub stage: Option<Stage>,
    /// Training steps in the order of the table.
    pub steps: Vec<u64>,
    /// Top-1 magnitude over median at each step.
    pub ratios: Vec<f64>,
    /// Standard error of each ratio over the sequences; empty where unknown.
    pub sem: Vec<f64>,
}

impl Trajectory {
    pub(crate) fn new(model: &str, layer: u32, stage: Option<&Stage>) -> Self {
        Self {
            model: model.to_owned(),
            layer,
            stage: stage.cloned(),
            ..Self::default()
        }
    }

    /// Its first `n` points, or all where it has fewer.
    ///
    /// ```
    /// use outcrop_core::Trajectory;
    ///
    /// let trajectory = Trajectory { steps: vec![0, 1, 2], ratios: vec![5.0, 6.0, 8.0], ..Trajectory::default() };
    /// assert_eq!(trajectory.first(2).ratios, [5.0, 6.0]);
    /// ```
    pub fn first(&self, n: usize) -> Self {
        Self {
            model: self.model.clone(),
            layer: self.layer,
            stage: self.stage.clone(),
            steps: self.steps.iter().take(n).copied().collect(),
            ratios: self.ratios.iter().take(n).copied().collect(),
            sem: self.sem.iter().take(n).copied().collect(),
        }
    }

    /// Puts a point behind the others; no standard error stands as NaN until [`Self::close`].
    pub(crate) fn push(&mut self, step: u64, ratio: f64, sem: Option<f64>) {
        self.steps.push(step);
        self.ratios.push(ratio);
        self.sem.push(sem.unwrap_or(f64::NAN));
    }

    /// Standard errors of some points alone are of no use: all have one, or none has.
    pub(crate) fn close(&mut self) {
        if self.sem.iter().any(|s| s.is_nan()) {
            self.sem = Vec::new();
        }
    }

    /// The trajectories in `measurements`, as [`TrajectoryBuilder`] gives them.
    pub fn from_measurements(
        measurements: &[Measurement],
        options: impl Into<TrajectoryOptions>,
    ) -> Vec<Self> {
        let mut builder = TrajectoryBuilder::new(options);
        for measurement in measurements {
            builder.add(measurement);
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Detail, LayerStats, Place, Top};

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
            detail: Detail::default(),
            suspect: None,
            stage: None,
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
    fn a_suspect_step_is_left_out_unless_someone_insists() {
        let mut rows = [0, 1, 2].map(|step| measurement(step, 0, 6.0, 2.0));
        rows[1].suspect = Some("jump".into());
        let steps = |options: TrajectoryOptions| {
            Trajectory::from_measurements(&rows, options)[0]
                .steps
                .clone()
        };
        assert_eq!(steps(TrajectoryOptions::default()), [0, 2]);
        let all = TrajectoryOptions {
            include_suspect: true,
            ..TrajectoryOptions::default()
        };
        assert_eq!(steps(all), [0, 1, 2]);
        let mut builder = TrajectoryBuilder::new(Ratio::default());
        assert!(rows.iter().all(|row| builder.add(row)));
        assert!(!builder.add(&rows[0]));
        let suspects = builder.suspects();
        assert_eq!(suspects[&("m".to_owned(), 1)], "jump");
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
