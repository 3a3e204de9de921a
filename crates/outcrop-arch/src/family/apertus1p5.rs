use super::Family;
use super::Setting::Fixed;
use super::apertus::{APERTUS, SETTINGS};
use super::llama::GROUPED;
use super::settings::SHAPE;

/// Apertus 1.5, the part that reads text: Apertus, whose unembedding may lack rows.
pub static APERTUS1P5_TEXT: Family = Family {
    name: "Apertus 1.5",
    model_type: "apertus1p5_text",
    classes: &["Apertus1p5TextForCausalLM", "Apertus1p5TextModel"],
    base: Some(&APERTUS),
    settings: Some(&[
        SHAPE,
        GROUPED,
        SETTINGS,
        &[Fixed("output_vocab_size", "null")],
    ]),
    ..Family::NONE
};
