//! Measured ratios of the rows of a table.

use outcrop_core::Trajectory;

use super::Table;
use crate::{Error, Result};

impl Table {
    /// The same with what was measured of its rows; of layers that have no row nothing is taken. Curves
    /// are predicted from it, and their bands hold such ratios.
    ///
    /// ```
    /// # use outcrop_arch::ArchSpec;
    /// # use outcrop_core::{Fit, NamedArch, Trajectory};
    /// # use outcrop_predict::Table;
    /// # let archs = ["a", "b", "c"].map(|m| NamedArch { model: m.into(), arch: ArchSpec::new(1, 64, 4) });
    /// # let fits = ["a", "b", "c"].map(|m| Fit {
    /// #     model: m.into(), layer: 1, hypothesis: "emergence".into(), quantities: [("f_last", 9.0)].into(), ..Fit::default()
    /// # });
    /// let trajectory = |steps: &[u64]| Trajectory {
    ///     model: "a".into(),
    ///     layer: 1,
    ///     stage: None, steps: steps.into(),
    ///     ratios: vec![5.0; steps.len()],
    ///     sem: Vec::new(),
    /// };
    /// let table = Table::new(&archs, &fits)?.with_trajectories(&[trajectory(&[0, 10, 100])])?;
    /// let error = table.with_trajectories(&[trajectory(&[0, 10, 10])]).unwrap_err().to_string();
    /// assert!(error.contains("step 10 does not follow step 10"), "{error}");
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Trajectory`] where steps do not ascend, a ratio is not a number above 0, or a layer has two
    /// trajectories that differ.
    pub fn with_trajectories(mut self, trajectories: &[Trajectory]) -> Result<Self> {
        for trajectory in trajectories {
            let model = self.models.iter().position(|m| m.model == trajectory.model);
            let of_layer =
                |r: &&mut super::Row| Some(r.model) == model && r.layer == trajectory.layer;
            let Some(row) = self.rows.iter_mut().find(of_layer) else {
                continue;
            };
            let refuse = |reason: String| Error::Trajectory {
                model: trajectory.model.clone(),
                layer: trajectory.layer,
                reason,
            };
            let points = points(trajectory).map_err(refuse)?;
            if !row.points.is_empty() && row.points != points {
                return Err(refuse("it is listed twice, and the two differ".into()));
            }
            row.points = points;
        }
        Ok(self)
    }

    /// Number of rows with measured ratios.
    pub fn measured(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| !row.points.is_empty())
            .count()
    }
}

fn points(trajectory: &Trajectory) -> std::result::Result<Vec<[f64; 2]>, String> {
    let mut points: Vec<[f64; 2]> = Vec::with_capacity(trajectory.steps.len());
    for (step, ratio) in trajectory.steps.iter().zip(&trajectory.ratios) {
        let at = *step as f64;
        if let Some(last) = points.last().filter(|last| last[0] >= at) {
            return Err(format!("step {step} does not follow step {}", last[0]));
        }
        if !(ratio.is_finite() && *ratio > 0.0) {
            return Err(format!(
                "the ratio of step {step} is {ratio}, not a number above 0"
            ));
        }
        points.push([at, ratio.ln()]);
    }
    Ok(points)
}
