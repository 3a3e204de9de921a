//! Targets by the names that tables give them.

use outcrop_core::nearest;

use crate::{Error, Result, Target};

impl Target {
    /// The target of this name; `-` and `_` may replace the space.
    ///
    /// ```
    /// use outcrop_predict::Target;
    ///
    /// assert_eq!(Target::from_name("ln f_max")?, Target::LnFMax);
    /// assert_eq!(Target::from_name("ln-f-max")?, Target::LnFMax);
    /// let error = Target::from_name("f_max").unwrap_err().to_string();
    /// assert!(error.contains("did you mean `ln f_max`"), "{error}");
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest name.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL
            .into_iter()
            .find(|t| plain(t.name()) == plain(name));
        found.ok_or_else(|| unknown("target", name, &Self::ALL.map(Self::name)))
    }
}

fn plain(name: &str) -> String {
    name.replace(['-', '_'], " ")
}

/// An error that names what is close: what contains the name, or has the fewest letters changed.
pub(crate) fn unknown(kind: &'static str, name: &str, known: &[&str]) -> Error {
    let containing = known
        .iter()
        .copied()
        .find(|k| !name.is_empty() && k.contains(name));
    Error::UnknownName {
        kind,
        name: name.into(),
        nearest: containing
            .or_else(|| nearest(name, known.iter().copied()))
            .map(str::to_owned),
        known: known.join(", "),
    }
}
