//! Architectures that transformers does not have: our own `config.json`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::HuggingFace;
use crate::{ArchSpec, Family, OUTCROP};
use crate::{Error, Result};

impl ArchSpec {
    /// The `config.json` of weights with this architecture: the one that transformers loads
    /// ([`ArchSpec::to_huggingface`]) if there is one, otherwise our own, which contains the architecture.
    /// [`HuggingFace::parse`] reads both.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, HuggingFace, Position};
    ///
    /// let arch = ArchSpec { position: Position::Learned, ..ArchSpec::new(2, 32, 2) };
    /// let config = arch.to_config()?;
    /// assert_eq!(config["model_type"], "outcrop");
    /// assert_eq!(HuggingFace::parse(&config.to_string(), "config.json")?.arch, arch);
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parse`] if a number is not finite.
    pub fn to_config(&self) -> Result<Value> {
        Ok(self.family_and_config()?.1)
    }

    /// [`ArchSpec::family`] and [`ArchSpec::to_config`], from one search of the families. The search is nearly all that
    /// either costs: about 0.2 ms.
    ///
    /// ```
    /// use outcrop_arch::ArchSpec;
    ///
    /// let arch = ArchSpec::new(2, 32, 2);
    /// let (family, config) = arch.family_and_config()?;
    /// assert_eq!((family, config), (arch.family(), arch.to_config()?));
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ArchSpec::to_config`].
    pub fn family_and_config(&self) -> Result<(&'static Family, Value)> {
        if let Some(written) = self.written() {
            return Ok(written);
        }
        let own = serde_json::to_value(self).map_err(|e| Error::parse("architecture", e))?;
        let config = json!({ "model_type": OUTCROP.model_type, "arch": own });
        Ok((&OUTCROP, config))
    }
}

/// The architecture of our own config; none for other configs.
pub(super) fn read(text: &str, context: &str) -> Option<Result<HuggingFace>> {
    let config: Value = serde_json::from_str(text).ok()?;
    if config.get("model_type")? != OUTCROP.model_type {
        return None;
    }
    let arch = config.get("arch").cloned().unwrap_or_default();
    let arch =
        ArchSpec::deserialize(arch).map_err(|e| Error::parse(context, format!("`arch`: {e}")));
    Some(arch.map(|arch| HuggingFace {
        arch,
        family: &OUTCROP,
    }))
}
