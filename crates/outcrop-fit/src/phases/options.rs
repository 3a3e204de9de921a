use crate::{Error, Result};

/// Whether phases differ in more than their levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PhaseNoise {
    /// Each phase has a memory and a noise of its own.
    Own,
    /// The memory and the noise of an observable are the same in all phases, which then differ in their levels: half as
    /// many parameters, so that shorter phases are found.
    Shared,
    /// Both are tried, and BIC chooses.
    #[default]
    Either,
}

/// Options of [`fit_phases`](super::fit_phases), each checked when it is set.
///
/// | name | default | purpose | range |
/// |---|---|---|---|
/// | `most` | 4 | largest number of phases that is tried | 1 to 20 |
/// | `fewest` | 1 | smallest | 1 to `most` |
/// | `left_to_right` | no | phases follow one another and never return | |
/// | `autoregressive` | yes | whether a value depends on the one before; if not, a = 0 | |
/// | `noise` | `Either` | whether phases differ in more than their levels | |
/// | `starts` | 10 | from how many divisions the estimation starts: the best segments, equal ones, random ones | 1 to 1000 |
/// | `labels` | none | the phase, from 0, of some checkpoints, where it is known | below `fewest` |
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseOptions {
    pub(super) fewest: usize,
    pub(super) most: usize,
    pub(super) left_to_right: bool,
    pub(super) autoregressive: bool,
    pub(super) noise: PhaseNoise,
    pub(super) starts: usize,
    pub(super) labels: Vec<Option<usize>>,
}

impl Default for PhaseOptions {
    fn default() -> Self {
        Self {
            fewest: 1,
            most: 4,
            left_to_right: false,
            autoregressive: true,
            noise: PhaseNoise::Either,
            starts: 10,
            labels: Vec::new(),
        }
    }
}

impl PhaseOptions {
    /// Tries `fewest` to `most` phases.
    ///
    /// # Errors
    /// [`Error::Option`] unless 1 <= fewest <= most <= 20.
    ///
    /// ```
    /// use outcrop_fit::PhaseOptions;
    /// assert!(PhaseOptions::default().between(2, 3).is_ok());
    /// assert!(PhaseOptions::default().between(3, 2).is_err());
    /// ```
    pub fn between(self, fewest: usize, most: usize) -> Result<Self> {
        check("most", most, (1..=20).contains(&most), "1 to 20")?;
        check(
            "fewest",
            fewest,
            (1..=most).contains(&fewest),
            "1 to `most`",
        )?;
        Ok(Self {
            fewest,
            most,
            ..self
        })
    }

    /// Whether phases follow one another in order, each at most once.
    pub fn left_to_right(self, left_to_right: bool) -> Self {
        Self {
            left_to_right,
            ..self
        }
    }

    /// Whether a value depends on the one before.
    pub fn autoregressive(self, autoregressive: bool) -> Self {
        Self {
            autoregressive,
            ..self
        }
    }

    /// Whether phases differ in more than their levels.
    pub fn noise(self, noise: PhaseNoise) -> Self {
        Self { noise, ..self }
    }

    /// From how many divisions into phases the estimation starts.
    ///
    /// # Errors
    /// [`Error::Option`] outside 1 to 1000.
    pub fn starts(self, starts: usize) -> Result<Self> {
        check("starts", starts, (1..=1000).contains(&starts), "1 to 1000")?;
        Ok(Self { starts, ..self })
    }

    /// The phase, from 0, of each checkpoint where it is known. As many phases as these name are needed, so set
    /// [`between`](Self::between) first.
    ///
    /// # Errors
    /// [`Error::Option`] for a label that is not below `fewest`, and for labels that decrease where phases never return.
    pub fn labels(self, labels: Vec<Option<usize>>) -> Result<Self> {
        for label in labels.iter().flatten() {
            check("label", *label, *label < self.fewest, "below `fewest`")?;
        }
        let known: Vec<usize> = labels.iter().flatten().copied().collect();
        if let Some(pair) = known
            .windows(2)
            .find(|pair| self.left_to_right && pair[0] > pair[1])
        {
            check(
                "label",
                pair[1],
                false,
                "no less than the one before, as phases go left to right",
            )?;
        }
        Ok(Self { labels, ..self })
    }
}

fn check(name: &'static str, value: usize, is_allowed: bool, allowed: &'static str) -> Result<()> {
    match is_allowed {
        true => Ok(()),
        false => Err(Error::Option {
            name,
            value: value as f64,
            allowed,
        }),
    }
}
