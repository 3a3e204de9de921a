use super::dinov2::{self, OWN, REGISTERS};
use super::patches::SETTINGS;
use super::{Config, Family, Layout, Setting};
use crate::{ArchSpec, Result};

/// DINOv2 with registers: learned vectors between the class token and the patches (Darcet et al. 2024, arXiv 2309.16588).
pub static DINOV2_WITH_REGISTERS: Family = Family {
    name: "DINOv2 with registers",
    model_type: "dinov2_with_registers",
    classes: &[
        "Dinov2WithRegistersModel",
        "Dinov2WithRegistersForImageClassification",
        "Dinov2WithRegistersBackbone",
    ],
    settings: Some(&[SETTINGS, OWN, &[Setting::Read(REGISTERS)]]),
    read: Some(read_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

static LAYOUT: Layout = Layout {
    body: "dinov2_with_registers.",
    ..dinov2::LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let registers = config.optional_count(REGISTERS)?.unwrap_or(4);
    dinov2::block(config, 16, registers)
}
