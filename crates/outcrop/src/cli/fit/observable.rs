//! `outcrop fit --observable`.

use std::path::Path;

use outcrop_core::Error as CoreError;
use outcrop_fit::{FitOptions, TrajectoryFit, ValueScale, ValueShape, fit_observable};
use outcrop_observe::OBSERVABLES;
use rayon::prelude::*;

use crate::Result;
use crate::cli::trajectories::{Observed, read_observed};

#[derive(clap::Args)]
pub(super) struct Which {
    /// Fit this observable of a long table (observables.csv) instead of the ratio; with @* at every place, each called
    /// MODEL, PLACE.
    #[arg(long, value_name = "NAME[@PLACE]", conflicts_with_all = ["paper", "backtest", "plots"])]
    pub(super) observable: Option<String>,
    /// On which scale its curve is fitted [default: linear].
    #[arg(long, value_enum, requires = "observable")]
    scale: Option<Scale>,
    /// Its least and largest value, such as `0,1` or `-inf,inf` [default: as the observable is defined].
    #[arg(
        long,
        value_name = "LO,HI",
        value_delimiter = ',',
        allow_hyphen_values = true,
        requires = "observable"
    )]
    range: Vec<f64>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Scale {
    /// Values as they are.
    Linear,
    /// Their logarithms.
    Log,
    /// ln((x - LO) / (HI - x)): curves stay between the bounds.
    Logit,
}

impl Which {
    /// The trajectories of the observable in `path`, each with its fits.
    pub(super) fn fit(
        &self,
        path: &Path,
        name: &str,
        options: &FitOptions,
    ) -> Result<Vec<(Observed, TrajectoryFit)>> {
        let found = read_observed(path, &[name.to_owned()])?;
        let mut places: Vec<&str> = found.iter().map(|one| one.place.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        let (of_all, places) = (name.ends_with("@*"), places.join(", "));
        if !of_all && places.contains(", ") {
            let plain = name.split('@').next().unwrap_or(name);
            let allowed = format!(
                "{plain}@PLACE with one of the places {places}, or {plain}@* for all, each called MODEL, PLACE"
            );
            return Err(CoreError::range("--observable", name, allowed).into());
        }
        let shape = self.shape(name)?;
        let fit = |mut one: Observed| {
            if of_all {
                one.trajectory.model += &format!(", {}", one.place);
            }
            let fitted = fit_observable(&one.trajectory, &shape, options);
            (one, fitted)
        };
        Ok(found.into_par_iter().map(fit).collect())
    }

    fn shape(&self, name: &str) -> Result<ValueShape> {
        let name = name.split('@').next().unwrap_or(name);
        let columns = OBSERVABLES.iter().flat_map(|observable| observable.columns);
        let range = columns.clone().find(|column| column.name == name);
        let range = range.map_or([f64::NEG_INFINITY, f64::INFINITY], |column| column.range);
        let [lo, hi] = match self.range[..] {
            [] => range,
            [lo, hi] => [lo, hi],
            _ => {
                let given = format!("{:?}", self.range);
                return Err(CoreError::range("--range", given, "two numbers, LO,HI").into());
            }
        };
        let scale = match self.scale {
            None | Some(Scale::Linear) => ValueScale::Linear,
            Some(Scale::Log) => ValueScale::Log,
            Some(Scale::Logit) => ValueScale::Logit,
        };
        Ok(ValueShape::within(lo, hi)?.on(scale)?)
    }
}
