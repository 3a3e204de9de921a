use super::isotonic::{self, Direction};
use super::ramp::{Ramp, Ramps};
use super::signal::Signal;
use crate::Result;
use crate::random::Source;

/// The share of the change at which a transition starts; it ends at 1 less this.
pub const ONSET_LEVEL: f64 = 0.1;
/// Levels of which [`onset`] finds the crossings.
const LEVELS: [f64; 3] = [ONSET_LEVEL, 0.5, 1.0 - ONSET_LEVEL];
/// How many trajectories are drawn for an interval, and its probability.
const DRAWS: usize = 400;
const LEVEL: f64 = 0.95;
/// By how much residuals are enlarged, since a fit is closer to its data than the truth is. With it the intervals of
/// simulated trajectories cover (`tests/transitions/crossings.rs`).
const ENLARGED: f64 = 1.2;

/// Where a trajectory crosses a level: between two checkpoints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// The last checkpoint before, in steps.
    pub after: f64,
    /// The first checkpoint at or above the level (below, for a fall).
    pub by: f64,
    /// Lower end of the 95 % interval, a checkpoint at or before `after`.
    pub lo: f64,
    /// Upper end of it, a checkpoint at or behind `by`.
    pub hi: f64,
}

/// The width of a transition, log10(t_90) - log10(t_10), in decades of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    /// The least that agrees with the checkpoints between which the crossings lie; 0 where they may coincide.
    pub least: f64,
    /// The most; none where the transition may start at step 0.
    pub most: Option<f64>,
    /// Lower end of the 95 % interval, at most `least`.
    pub lo: f64,
    /// Upper end of it; none where the transition may start at step 0.
    pub hi: Option<f64>,
    /// What the grid of checkpoints cannot resolve: the larger log10(by / after) of the two crossings; none at step 0.
    pub floor: Option<f64>,
}

/// The transition of a trajectory from its level at the beginning to its level at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onset {
    /// The level before: the mean of the earlier half of the checkpoints before the transition.
    pub from: f64,
    /// The level behind: that of the later half of those behind it.
    pub to: f64,
    /// 10 % of the change.
    pub onset: Crossing,
    /// 50 % of it.
    pub half: Crossing,
    /// 90 % of it.
    pub ninety: Crossing,
    /// From 10 % to 90 %.
    pub width: Width,
}

/// When the trajectory `name` changes its level.
///
/// A ramp (level, straight in log10 of the step, level; least squares) says where the levels before and behind are.
/// Crossings of 10 %, 50 % and 90 % of the change are those of the best monotone fit, so that the transition may have any
/// shape. Intervals are from 400 trajectories: the ramp plus the residuals times correlated normal factors (the dependent
/// wild bootstrap, Shao 2010), so that noise may be larger behind the transition, and alike at neighbouring checkpoints.
/// They always contain the pair of checkpoints. Whether there is a transition at all is another question:
/// [`TransitionNull`](super::TransitionNull). A trajectory that rises and falls again has two; cut it at its peak.
///
/// ```
/// let steps: Vec<f64> = (0..14).map(|i| f64::from(1u32 << i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| if *t < 500.0 { 1.0 } else { 8.0 }).collect();
/// let found = outcrop_fit::onset("value drain", &steps, &values)?;
/// assert_eq!((found.onset.after, found.onset.by), (256.0, 512.0));
/// assert_eq!((found.width.least, found.width.floor), (0.0, Some(2f64.log10())));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Lengths`], [`crate::Error::TooFewPoints`] below [`MIN_CHECKPOINTS`](super::MIN_CHECKPOINTS),
/// [`crate::Error::Step`], [`crate::Error::NotFinite`], [`crate::Error::Constant`].
pub fn onset(name: &str, steps: &[f64], values: &[f64]) -> Result<Onset> {
    let signal = Signal::check(name, steps, values)?;
    let ramps = Ramps::new(&axis(signal.steps));
    let (found, ramp) = Places::of(&ramps, signal.values);
    let mut drawn: [Vec<usize>; 3] = Default::default();
    let mut widths = Vec::with_capacity(DRAWS);
    let mut source = Source::new(0);
    for _ in 0..DRAWS {
        let values = redraw(signal.values, &ramp.fitted, &mut source);
        let (places, _) = Places::of(&ramps, &values);
        for (drawn, by) in drawn.iter_mut().zip(places.by) {
            drawn.push(by);
        }
        widths.push(places.width(signal.steps));
    }
    let crossing = |at: usize| Crossing::new(signal.steps, found.by[at], &drawn[at]);
    Ok(Onset {
        from: found.from,
        to: found.to,
        onset: crossing(0),
        half: crossing(1),
        ninety: crossing(2),
        width: Width::new(found.width(signal.steps), found.floor(signal.steps), widths),
    })
}

/// log10 of the steps; step 0 lies one gap before the first other one.
fn axis(steps: &[f64]) -> Vec<f64> {
    let mut axis: Vec<f64> = steps.iter().map(|step| step.log10()).collect();
    if steps[0] == 0.0 {
        axis[0] = 2.0 * axis[1] - axis[2];
    }
    axis
}

/// The ramp plus the residuals times an AR(1) of variance 1 whose memory is the cube root of the length.
fn redraw(values: &[f64], fitted: &[f64], source: &mut Source) -> Vec<f64> {
    let memory = (values.len() as f64).cbrt();
    let mut factors = vec![0.0; values.len()];
    source.autoregressive((-1.0 / memory).exp(), &mut factors);
    let of = values.iter().zip(fitted).zip(factors);
    of.map(|((value, fit), factor)| fit + ENLARGED * (value - fit) * factor)
        .collect()
}

/// The first checkpoint at or behind each level.
struct Places {
    from: f64,
    to: f64,
    by: [usize; 3],
}

impl Places {
    fn of(ramps: &Ramps, values: &[f64]) -> (Self, Ramp) {
        let (ramp, n) = (ramps.closest(values), values.len());
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let from = mean(&values[..(ramp.start + 1).div_ceil(2)]);
        let to = mean(&values[n - (n - ramp.end).div_ceil(2)..]);
        let direction = if to >= from {
            Direction::Up
        } else {
            Direction::Down
        };
        let fitted = isotonic::towards(values, direction).fitted;
        let by = LEVELS.map(|level| {
            let reached = |f: &f64| (f - from) / (to - from) >= level;
            // a fit that is level everywhere reaches none
            fitted.iter().position(reached).unwrap_or(n - 1).max(1)
        });
        (Self { from, to, by }, ramp)
    }

    /// Least and largest width, in decades.
    fn width(&self, steps: &[f64]) -> (f64, f64) {
        let [first, _, last] = self.by;
        let decades = |from: usize, to: usize| (steps[to] / steps[from]).log10();
        (decades(first, last - 1).max(0.0), decades(first - 1, last))
    }

    fn floor(&self, steps: &[f64]) -> f64 {
        let gap = |by: usize| (steps[by] / steps[by - 1]).log10();
        gap(self.by[0]).max(gap(self.by[2]))
    }
}

impl Crossing {
    fn new(steps: &[f64], by: usize, drawn: &[usize]) -> Self {
        let lo = tail(drawn.iter().map(|by| steps[*by - 1]), (1.0 - LEVEL) / 2.0);
        let hi = tail(drawn.iter().map(|by| steps[*by]), (1.0 + LEVEL) / 2.0);
        let (after, by) = (steps[by - 1], steps[by]);
        Self {
            after,
            by,
            lo: lo.min(after),
            hi: hi.max(by),
        }
    }

    /// What the grid of checkpoints cannot resolve, log10(by / after); none at step 0.
    pub fn floor(&self) -> Option<f64> {
        (self.after > 0.0).then(|| (self.by / self.after).log10())
    }

    /// The middle of the pair on a logarithmic axis, steps; the later one where the earlier is 0.
    pub fn middle(&self) -> f64 {
        match self.after > 0.0 {
            true => (self.after * self.by).sqrt(),
            false => self.by,
        }
    }
}

impl Width {
    fn new((least, most): (f64, f64), floor: f64, drawn: Vec<(f64, f64)>) -> Self {
        let lo = tail(drawn.iter().map(|(least, _)| *least), (1.0 - LEVEL) / 2.0);
        let hi = tail(drawn.iter().map(|(_, most)| *most), (1.0 + LEVEL) / 2.0).max(most);
        let finite = |x: f64| x.is_finite().then_some(x);
        Self {
            least,
            most: finite(most),
            lo: lo.min(least),
            hi: finite(hi),
            floor: finite(floor),
        }
    }
}

/// The number of which a share `p` of all is smaller.
fn tail(values: impl Iterator<Item = f64>, p: f64) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * p).round() as usize]
}

impl Onset {
    /// Whether it rises.
    pub fn rises(&self) -> bool {
        self.to > self.from
    }
}
