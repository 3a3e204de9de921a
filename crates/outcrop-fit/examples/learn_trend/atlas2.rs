//! The runs of `data/atlas2`, split by architecture into a half to learn from and a half to test on.

use std::path::Path;

use outcrop_core::{Trajectory, table};
use outcrop_fit::{FitOptions, RateHistory};

/// Warm-up over `warmup` updates, then a cosine to a tenth: the rate of every update, as all runs of ours are trained.
pub(crate) fn cosine(steps: u64, warmup: u64, peak: f64) -> RateHistory {
    let rate = |i: u64| match i <= warmup {
        true => i as f64 / warmup as f64,
        false => {
            let x = (i - warmup) as f64 / (steps - warmup) as f64;
            0.1 + 0.45 * (1.0 + (std::f64::consts::PI * x).cos())
        }
    };
    let rates: Vec<f64> = (1..=steps).map(|i| peak * rate(i)).collect();
    let steps: Vec<f64> = (1..=steps).map(|i| i as f64).collect();
    RateHistory::new(&steps, &rates)
}

/// The two halves of the layers' trajectories, and options that know their schedules. Every second architecture is in the
/// first half, with all its seeds.
pub(crate) fn halves() -> ([Vec<Trajectory>; 2], FitOptions) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/atlas2");
    let all = table::trajectories(&folder.join("trajectories.csv.gz")).expect("a table");
    let recipes = std::fs::read_to_string(folder.join("recipes.csv")).expect("a table");
    let mut options = FitOptions::default();
    let mut architectures = Vec::new();
    let columns: Vec<&str> = recipes.lines().next().unwrap_or("").split(',').collect();
    for row in recipes.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let cell = |name| cells[columns.iter().position(|c| *c == name).expect("a column")];
        let number = |name| cell(name).parse::<f64>().expect("a number");
        let (steps, warmup) = (number("steps") as u64, number("warmup") as u64);
        let history = cosine(steps, warmup, number("learning_rate"));
        options = options.with_schedule(cell("model"), &history);
        architectures.push(architecture(cell("model")).to_owned());
    }
    architectures.sort();
    architectures.dedup();
    let is_first = |run: &Trajectory| {
        let place = architectures.binary_search_by(|a| a.as_str().cmp(architecture(&run.model)));
        place.expect("a recipe") % 2 == 0
    };
    let (first, second): (Vec<_>, Vec<_>) = all.rows.into_iter().partition(is_first);
    ([first, second], options)
}

/// The name without the seed.
fn architecture(model: &str) -> &str {
    model.rsplit_once("-s").map_or(model, |(name, _)| name)
}
