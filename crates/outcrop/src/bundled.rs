use outcrop_predict::Predictor;

use crate::Result;

/// What `outcrop predict --retrain data/atlas data/atlas2 data/atlas3 --save crates/outcrop/data/predictor.txt` wrote.
const PREDICTOR: &str = include_str!("../data/predictor.txt");

/// The predictor that is part of the command, learned from the two atlases.
///
/// # Errors
/// [`crate::Error::Predict`]; a test reads it.
pub fn bundled_predictor() -> Result<Predictor> {
    Ok(Predictor::from_text(PREDICTOR)?)
}
