use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use outcrop_core::Trajectory;

use crate::{FitOptions, TrajectoryFit, fit};

/// [`fit`] for each trajectory, on as many threads as the machine has cores. The results stand in
/// the order of `trajectories` and do not depend on the number of threads.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{FitOptions, fit, fit_all};
///
/// let trajectory = |layer| Trajectory {
///     model: "m".into(),
///     layer,
///     stage: None, steps: (0..12).map(|i| 50 * i).collect(),
///     ratios: (0..12).map(|i| 5.0 + f64::from(layer * i).sqrt()).collect(),
///     sem: Vec::new(),
/// };
/// let all = [trajectory(1), trajectory(2), trajectory(3)];
/// let fits = fit_all(&all, &FitOptions::default());
/// assert_eq!(fits[2], fit(&all[2], &FitOptions::default()));
/// ```
pub fn fit_all(trajectories: &[Trajectory], options: &FitOptions) -> Vec<TrajectoryFit> {
    let mut results = Vec::with_capacity(trajectories.len());
    map_ordered(
        trajectories.iter(),
        |trajectory| fit(trajectory, options),
        |found| {
            results.push(found);
            ControlFlow::Continue(())
        },
    );
    results
}

/// [`fit`] for any number of trajectories in flat memory: they are taken from an iterator and the
/// results handed on, in order, as soon as they are there. A result that breaks ends the work.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{FitOptions, fit_each};
///
/// let trajectories = (1..=50).map(|layer| Trajectory {
///     model: "m".into(),
///     layer,
///     stage: None, steps: (0..9).map(|i| 50 * i).collect(),
///     ratios: (0..9).map(|i| 5.0 + f64::from(layer * i).sqrt()).collect(),
///     sem: Vec::new(),
/// });
/// let mut layers = Vec::new();
/// let options = FitOptions::default().with_draws(0)?;
/// fit_each(trajectories, &options, |trajectory, _| {
///     layers.push(trajectory.layer);
///     if layers.len() < 20 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
/// });
/// assert_eq!(layers, (1..=20).collect::<Vec<u32>>());
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn fit_each<I>(
    trajectories: I,
    options: &FitOptions,
    mut handle: impl FnMut(Trajectory, TrajectoryFit) -> ControlFlow<()>,
) where
    I: Iterator<Item = Trajectory> + Send,
{
    map_ordered(
        trajectories,
        |trajectory| {
            let found = fit(&trajectory, options);
            (trajectory, found)
        },
        |(trajectory, found)| handle(trajectory, found),
    );
}

/// Results that may wait for an earlier one, for each thread.
const WINDOW: usize = 32;

struct Queue<I, R> {
    items: I,
    taken: usize,
    handled: usize,
    waiting: BTreeMap<usize, R>,
    stopped: bool,
    /// Workers that have not ended.
    working: usize,
}

/// Applies `work` to each item on all cores and `handle` to the results in their order, on this
/// thread. At most a window of results waits, so that memory does not grow with the items.
pub(crate) fn map_ordered<I, R: Send>(
    items: I,
    work: impl Fn(I::Item) -> R + Sync,
    mut handle: impl FnMut(R) -> ControlFlow<()>,
) where
    I: Iterator + Send,
{
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new(Queue {
        items,
        taken: 0,
        handled: 0,
        waiting: BTreeMap::new(),
        stopped: false,
        working: cores,
    });
    let changed = Condvar::new();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let ended = Ended(&queue, &changed);
                while let Some((index, item)) = next(&queue, &changed, WINDOW * cores) {
                    let result = work(item);
                    lock(&queue).waiting.insert(index, result);
                    changed.notify_all();
                }
                drop(ended);
            });
        }
        let mut state = lock(&queue);
        loop {
            let due = state.handled;
            if let Some(result) = state.waiting.remove(&due) {
                state.handled += 1;
                drop(state);
                changed.notify_all();
                let flow = handle(result);
                state = lock(&queue);
                if flow.is_break() {
                    state.stopped = true;
                    changed.notify_all();
                    break;
                }
            } else if state.working == 0 {
                break;
            } else {
                state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next item once the window has room, `None` at the end.
fn next<I: Iterator, R>(
    queue: &Mutex<Queue<I, R>>,
    changed: &Condvar,
    window: usize,
) -> Option<(usize, I::Item)> {
    let mut state = lock(queue);
    while !state.stopped && state.taken - state.handled >= window {
        state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    if state.stopped {
        return None;
    }
    let item = state.items.next()?;
    state.taken += 1;
    Some((state.taken - 1, item))
}

/// Counts a worker off when it ends, also in a panic.
struct Ended<'a, I, R>(&'a Mutex<Queue<I, R>>, &'a Condvar);

impl<I, R> Drop for Ended<'_, I, R> {
    fn drop(&mut self) {
        lock(self.0).working -= 1;
        self.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_the_window_bounds_what_waits() {
        let taken = std::sync::atomic::AtomicUsize::new(0);
        let items = (0..5_000).inspect(|_| {
            taken.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
        let mut seen = Vec::new();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        map_ordered(
            items,
            |i| {
                if i % 97 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                i
            },
            |i| {
                seen.push(i);
                let ahead = taken.load(std::sync::atomic::Ordering::Relaxed) - seen.len();
                assert!(ahead <= (WINDOW + 1) * cores);
                ControlFlow::Continue(())
            },
        );
        assert_eq!(seen, (0..5_000).collect::<Vec<_>>());
    }
}
