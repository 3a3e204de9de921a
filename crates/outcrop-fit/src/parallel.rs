use std::sync::atomic::{AtomicUsize, Ordering};

use outcrop_core::Trajectory;

use crate::{Options, TrajectoryFit, fit};

/// [`fit`] for each trajectory, on as many threads as the machine has cores. The results stand in
/// the order of `trajectories` and do not depend on the number of threads.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{Options, fit, fit_all};
///
/// let trajectory = |layer| Trajectory {
///     model: "m".into(),
///     layer,
///     steps: (0..12).map(|i| 50 * i).collect(),
///     ratios: (0..12).map(|i| 5.0 + f64::from(layer * i).sqrt()).collect(),
///     sem: Vec::new(),
/// };
/// let all = [trajectory(1), trajectory(2), trajectory(3)];
/// let fits = fit_all(&all, &Options::default());
/// assert_eq!(fits[2], fit(&all[2], &Options::default()));
/// ```
pub fn fit_all(trajectories: &[Trajectory], options: &Options) -> Vec<TrajectoryFit> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(trajectory) = trajectories.get(index) else {
                return found;
            };
            found.push((index, fit(trajectory, options)));
        }
    };
    let mut results = vec![TrajectoryFit::default(); trajectories.len()];
    std::thread::scope(|scope| {
        let helpers = 1..cores.min(trajectories.len());
        let handles: Vec<_> = helpers.map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for handle in handles {
            match handle.join() {
                Ok(more) => found.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        for (index, result) in found {
            results[index] = result;
        }
    });
    results
}
