//! Trained predictors as text: a line that says the format and the SHA-256 of the rest, then the
//! predictor as JSON, whose numbers are read back to the same bits.

use outcrop_core::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::{Error, Predictor, Result};

/// Oldest format that is read.
const OLDEST: u64 = 6;
/// The format that is written. Raise it with every change of what a predictor holds, and raise
/// [`OLDEST`] where files from before cannot be read any more.
const NEWEST: u64 = 6;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    outcrop_predictor: u64,
    #[serde(default)]
    sha256: String,
}

impl Predictor {
    /// The trained predictor as text, for [`Predictor::from_text`] of this version and later ones.
    ///
    /// ```
    /// # use outcrop_arch::ArchSpec;
    /// # use outcrop_core::{Fit, NamedArch};
    /// # use outcrop_predict::{PredictOptions, Predictor, Regressor, Table};
    /// # let archs = [64, 128, 256].map(|d| NamedArch { model: d.to_string(), arch: ArchSpec::new(1, d, 4) });
    /// # let fits = archs.each_ref().map(|a| Fit {
    /// #     model: a.model.clone(), layer: 1, hypothesis: "emergence".into(), quantities: [("f_last", a.arch.d_model as f64)].into(), ..Fit::default()
    /// # });
    /// # let table = Table::new(&archs, &fits)?;
    /// let predictor = Predictor::train(&table, Regressor::Ridge, &PredictOptions::default())?;
    /// let predictor = predictor.dated("2026-11-25")?;
    /// let again = Predictor::from_text(&predictor.to_text()?)?;
    /// assert_eq!(again.origin().data_sha256, table.sha256()?);
    /// assert_eq!(again.origin().date.as_deref(), Some("2026-11-25"));
    /// let arch = ArchSpec::new(2, 96, 4);
    /// assert_eq!(again.predict("new", &arch)?, predictor.predict("new", &arch)?);
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Damaged`] where a number in it cannot be written.
    pub fn to_text(&self) -> Result<String> {
        let body = serde_json::to_string(self).map_err(damaged)?;
        let header = Header {
            outcrop_predictor: NEWEST,
            sha256: sha256_hex(body.as_bytes()),
        };
        let header = serde_json::to_string(&header).map_err(damaged)?;
        Ok(format!("{header}\n{body}\n"))
    }

    /// The predictor that [`Predictor::to_text`] wrote; its predictions have the same bits.
    ///
    /// # Errors
    /// [`Error::Format`] where the format is older or newer than what this version reads,
    /// [`Error::Damaged`] where the text is cut short or changed.
    pub fn from_text(text: &str) -> Result<Self> {
        let (first, body) = text.split_once('\n').unwrap_or((text, ""));
        let header: Header = serde_json::from_str(first).map_err(damaged)?;
        if !(OLDEST..=NEWEST).contains(&header.outcrop_predictor) {
            return Err(Error::Format {
                found: header.outcrop_predictor,
                oldest: OLDEST,
                newest: NEWEST,
            });
        }
        let body = body.strip_suffix('\n').unwrap_or(body);
        if sha256_hex(body.as_bytes()) != header.sha256 {
            let reason = "its content does not have the SHA-256 that its first line says";
            return Err(damaged(reason));
        }
        serde_json::from_str(body).map_err(damaged)
    }
}

fn damaged(reason: impl ToString) -> Error {
    Error::Damaged {
        reason: reason.to_string(),
    }
}
