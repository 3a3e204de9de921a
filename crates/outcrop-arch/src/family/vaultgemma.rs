use super::gemma::OWN;
use super::llama::GROUPED;
use super::settings::SHAPE;
use super::{Config, Family, gemma2, rope, window};
use crate::{ArchSpec, NormPlacement, Result};

/// VaultGemma: Gemma 2 without norms of what sublayers write.
pub static VAULTGEMMA: Family = Family {
    name: "VaultGemma",
    model_type: "vaultgemma",
    classes: &["VaultGemmaForCausalLM", "VaultGemmaModel"],
    settings: Some(&[SHAPE, GROUPED, gemma2::SETTINGS]),
    read: Some(read_config),
    write: Some(gemma2::write_config),
    layout: Some(&gemma2::LAYOUT),
    ..Family::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = gemma2::common(config, [Some(50.0), Some(30.0)])?;
    let arch = ArchSpec {
        norm_placement: NormPlacement::Pre,
        window: window::odd_layers(config, arch.layers)?,
        ..arch
    };
    rope::read(config, &OWN.rope(), arch)
}
