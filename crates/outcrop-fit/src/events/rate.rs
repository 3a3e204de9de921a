use outcrop_core::EventKind;

/// Rates closer than this share of the largest are equal.
const EQUAL: f64 = 1e-9;
/// A change by this share of the larger rate may be a jump ...
const JUMP: f64 = 0.2;
/// ... where it is so many times as fast as on either side.
const SUDDEN: f64 = 5.0;

/// The learning rate of a run, as it was logged.
///
/// ```
/// use outcrop_core::EventKind;
/// use outcrop_fit::RateHistory;
///
/// // warm-up, stable, decay
/// let steps: Vec<f64> = (0..=100).map(|i| 10.0 * f64::from(i)).collect();
/// let rate = |t: f64| 1e-3 * (t / 100.0).min(1.0).min((1000.0 - t) / 200.0);
/// let rates: Vec<f64> = steps.iter().map(|&t| rate(t)).collect();
/// let history = RateHistory::new(&steps, &rates);
/// let found: Vec<(EventKind, f64)> = history.changes().iter().map(|c| (c.kind, c.step)).collect();
/// assert_eq!(found, [(EventKind::WarmUpEnd, 100.0), (EventKind::DecayStart, 800.0)]);
/// assert_eq!(history.decays(), [[800.0, 1000.0]]);
/// assert!(history.is_decaying(900.0) && !history.is_decaying(500.0));
/// assert_eq!(history.at(50.0), Some(0.5e-3));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateHistory {
    steps: Vec<f64>,
    rates: Vec<f64>,
}

/// A change of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateChange {
    /// The step, as [`EventKind`] says.
    pub step: f64,
    /// [`EventKind::WarmUpEnd`], [`EventKind::DecayStart`], [`EventKind::DecayEnd`] or [`EventKind::RateJump`].
    pub kind: EventKind,
    /// The rate, or of a jump the new rate over the old one.
    pub value: f64,
}

/// What the rate does between two points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Rises,
    Stays,
    Falls,
    /// All at once.
    Jumps,
}

impl RateHistory {
    /// From rates at ascending steps. Points without a finite rate of at least 0 are left out.
    pub fn new(steps: &[f64], rates: &[f64]) -> Self {
        let known = steps.iter().zip(rates);
        let known =
            known.filter(|(step, rate)| step.is_finite() && rate.is_finite() && **rate >= 0.0);
        let (steps, rates) = known.map(|(step, rate)| (*step, *rate)).unzip();
        Self { steps, rates }
    }

    /// The known steps and their rates.
    pub(crate) fn points(&self) -> (&[f64], &[f64]) {
        (&self.steps, &self.rates)
    }

    /// The rate at a step, on the line between its neighbours; none outside of the run.
    pub fn at(&self, step: f64) -> Option<f64> {
        let behind = self.steps.partition_point(|s| *s < step);
        let (s, r) = (self.steps.get(behind)?, self.rates[behind]);
        if *s == step {
            return Some(r);
        }
        let before = behind.checked_sub(1)?;
        let share = (step - self.steps[before]) / (s - self.steps[before]);
        Some(self.rates[before] + share * (r - self.rates[before]))
    }

    /// Where the rate falls, from the last step before to the last of the fall; jumps are none.
    pub fn decays(&self) -> Vec<[f64; 2]> {
        let courses = self.courses();
        let mut found: Vec<[f64; 2]> = Vec::new();
        for (at, course) in courses.iter().enumerate() {
            let falls = *course == Course::Falls;
            match found.last_mut() {
                Some(last) if falls && at > 0 && courses[at - 1] == Course::Falls => {
                    last[1] = self.steps[at + 1];
                }
                Some(_) | None if falls => found.push([self.steps[at], self.steps[at + 1]]),
                Some(_) | None => (),
            }
        }
        found
    }

    /// Whether the rate falls at this step: behind the beginning of a decay, up to its end.
    pub fn is_decaying(&self, step: f64) -> bool {
        self.decays()
            .iter()
            .any(|[from, to]| *from < step && step <= *to)
    }

    /// The changes, in order.
    pub fn changes(&self) -> Vec<RateChange> {
        let courses = self.courses();
        let mut found = Vec::new();
        let mut warm = false;
        let change = |at: usize, kind| RateChange {
            step: self.steps[at],
            kind,
            value: self.rates[at],
        };
        for (at, course) in courses.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| courses[before]);
            if before == Some(Course::Rises) && *course != Course::Rises && !warm {
                found.push(change(at, EventKind::WarmUpEnd));
                warm = true;
            }
            if before == Some(Course::Falls) && *course != Course::Falls {
                found.push(change(at, EventKind::DecayEnd));
            }
            if *course == Course::Falls && before != Some(Course::Falls) {
                found.push(change(at, EventKind::DecayStart));
            }
            if *course == Course::Jumps {
                found.push(RateChange {
                    step: self.steps[at + 1],
                    kind: EventKind::RateJump,
                    value: self.rates[at + 1] / self.rates[at],
                });
            }
        }
        found
    }

    /// What the rate does between each two points.
    fn courses(&self) -> Vec<Course> {
        let largest = self.rates.iter().copied().fold(0.0, f64::max);
        let pairs = self.steps.windows(2).zip(self.rates.windows(2));
        let changes: Vec<(f64, f64)> = pairs
            .map(|(steps, rates)| {
                (
                    rates[1] - rates[0],
                    (rates[1] - rates[0]) / (steps[1] - steps[0]),
                )
            })
            .collect();
        let course = |at: usize| {
            let (change, speed) = changes[at];
            let beside = [at.checked_sub(1), Some(at + 1)];
            let beside = beside.into_iter().flatten().filter_map(|i| changes.get(i));
            let sudden =
                beside.map(|(_, other)| other.abs()).fold(0.0, f64::max) * SUDDEN < speed.abs();
            let size = JUMP * self.rates[at].max(self.rates[at + 1]);
            match change {
                // from 0 everything would be a jump
                c if c.abs() <= EQUAL * largest => Course::Stays,
                c if sudden && c.abs() > size && self.rates[at] > 0.0 => Course::Jumps,
                c if c > 0.0 => Course::Rises,
                _ => Course::Falls,
            }
        };
        (0..changes.len()).map(course).collect()
    }
}
