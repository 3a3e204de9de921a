//! Which hypotheses are fitted.

use super::{DEFAULT_HYPOTHESES, HYPOTHESES, Hypothesis};
use crate::{Error, FitOptions, Result};

/// The hypothesis of that name.
///
/// # Errors
/// [`crate::Error::Hypothesis`] with the known names and the nearest.
///
/// ```
/// use outcrop_fit::hypothesis;
///
/// assert_eq!(hypothesis("logistic")?.about().estimated(), 5);
/// let error = hypothesis("logistics").err().map(|e| e.to_string()).unwrap_or_default();
/// assert!(error.contains("did you mean `logistic`?"));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn hypothesis(name: &str) -> Result<&'static dyn Hypothesis> {
    let found = HYPOTHESES.iter().find(|known| known.about().name == name);
    let names = || HYPOTHESES.iter().map(|known| known.about().name);
    found.copied().ok_or_else(|| Error::Hypothesis {
        name: name.into(),
        nearest: outcrop_core::nearest(name, names()).map(str::to_owned),
        known: names().collect::<Vec<_>>().join(", "),
    })
}

impl FitOptions {
    /// Sets which hypotheses [`crate::fit`] fits, by name; the order is that of [`crate::HYPOTHESES`].
    ///
    /// # Errors
    /// [`Error::Hypothesis`] for an unknown name, [`Error::Option`] for none at all.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// let options = FitOptions::default().with_hypotheses(&["logistic", "emergence"])?;
    /// assert_eq!(options.hypotheses(), ["emergence", "logistic"]);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_hypotheses(mut self, names: &[impl AsRef<str>]) -> Result<Self> {
        let known = names.iter().map(|name| hypothesis(name.as_ref()));
        let known = known.map(|known| Ok(known?.about().name));
        let known = known.collect::<Result<Vec<_>>>()?;
        if known.is_empty() {
            return Err(Error::Option {
                name: "hypotheses",
                value: 0.0,
                allowed: "at least one",
            });
        }
        self.hypotheses = Some(known);
        Ok(self)
    }

    /// Names of the hypotheses that are fitted.
    pub fn hypotheses(&self) -> Vec<&'static str> {
        let chosen = self.chosen().into_iter();
        chosen.map(|hypothesis| hypothesis.about().name).collect()
    }

    /// The hypotheses that are fitted, in the order of [`HYPOTHESES`].
    pub(crate) fn chosen(&self) -> Vec<&'static dyn Hypothesis> {
        let Some(names) = &self.hypotheses else {
            return DEFAULT_HYPOTHESES.to_vec();
        };
        let is_chosen = |hypothesis: &&&dyn Hypothesis| names.contains(&hypothesis.about().name);
        HYPOTHESES.iter().filter(is_chosen).copied().collect()
    }
}
