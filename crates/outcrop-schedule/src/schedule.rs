use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::limits::{MAX_STEPS, PYTHIA_LAST};
use crate::term::Term;
use crate::{Error, Result};

/// Distinct training steps in ascending order, at least one, and the expression they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    steps: Vec<u64>,
    terms: Vec<Term>,
}

impl Schedule {
    /// Reads an expression for a run whose last step is `run_length`; the crate's page has the
    /// grammar. Blanks around terms and numbers are allowed.
    ///
    /// # Errors
    /// Every variant of [`Error`], but [`Error::NoRun`].
    pub fn parse(text: &str, run_length: u64) -> Result<Self> {
        Self::read(text, Some(run_length))
    }

    /// The 154 steps at which the Pythia models were saved: 0, 1, 2, 4, ..., 512, 1000, 2000, ...,
    /// 143000 (Biderman et al. 2023, <https://arxiv.org/abs/2304.01373>).
    ///
    /// ```
    /// let pythia = outcrop_schedule::Schedule::pythia();
    /// assert_eq!((pythia.steps().len(), pythia.last()), (154, 143_000));
    /// ```
    pub fn pythia() -> Self {
        Self::of(Term::Pythia(PYTHIA_LAST))
    }

    /// Pythia's shape for a run of `last` steps: 0; the powers of two below last/143; and the
    /// multiples of last/143, rounded. With 143000 steps it is [`Schedule::pythia`], with 143 or
    /// fewer it is every step.
    ///
    /// ```
    /// use outcrop_schedule::Schedule;
    ///
    /// let scaled = Schedule::pythia_scaled(800)?;
    /// assert_eq!(scaled.steps()[..7], [0, 1, 2, 4, 6, 11, 17]);
    /// assert_eq!(scaled.last(), 800);
    /// # Ok::<(), outcrop_schedule::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a step beyond [`MAX_STEP`](crate::MAX_STEP).
    pub fn pythia_scaled(last: u64) -> Result<Self> {
        Self::read(&format!("pythia:{last}"), None)
    }

    fn of(term: Term) -> Self {
        Self {
            steps: term.steps().collect::<BTreeSet<_>>().into_iter().collect(),
            terms: vec![term],
        }
    }

    fn read(text: &str, run: Option<u64>) -> Result<Self> {
        let (mut steps, mut listed) = (BTreeSet::new(), BTreeSet::new());
        let mut terms = Vec::new();
        for text in text.split(',').map(str::trim) {
            let term = Term::parse(text, run)?;
            if let Term::Step(step) = term
                && !listed.insert(step)
            {
                let term = text.into();
                return Err(Error::Repeated { term, step });
            }
            // Looked at before memory is allocated for a term, and after for all of them together.
            check_count(text, term.count())?;
            steps.extend(term.steps());
            check_count(text, steps.len() as u64)?;
            terms.push(term);
        }
        Ok(Self {
            steps: steps.into_iter().collect(),
            terms,
        })
    }

    /// The steps, distinct and ascending; never empty.
    pub fn steps(&self) -> &[u64] {
        &self.steps
    }

    /// Whether `step` is one of them, in logarithmic time.
    pub fn contains(&self, step: u64) -> bool {
        self.steps.binary_search(&step).is_ok()
    }

    /// The largest step.
    pub fn last(&self) -> u64 {
        self.steps.last().copied().unwrap_or_default()
    }

    /// The smallest step above `step`, if there is one.
    pub fn next_after(&self, step: u64) -> Option<u64> {
        let after = self.steps.partition_point(|s| *s <= step);
        self.steps.get(after).copied()
    }
}

fn check_count(term: &str, count: u64) -> Result<()> {
    match count > MAX_STEPS {
        false => Ok(()),
        true => Err(Error::TooMany {
            term: term.into(),
            count,
            allowed: MAX_STEPS,
        }),
    }
}

/// An expression that holds by itself: where a term asks for the run's last step, it is refused.
impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::read(text, None)
    }
}

/// The expression, with `last` resolved: reading it gives the schedule again.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{term}")?;
        }
        Ok(())
    }
}
