//! What models of images read alike.

use super::settings::name;
use super::{Config, Setting, read};
use crate::{Activation, ArchSpec, Bias, Patches, Position, Residual, Result};

const IMAGE: &str = "image_size";
const PATCH: &str = "patch_size";
const CHANNELS: &str = "num_channels";
const EPS: &str = "layer_norm_eps";
pub(super) const QKV_BIAS: &str = "qkv_bias";
/// How many random patches token ids can name.
const VOCAB: usize = 1 << 16;

/// Settings that all of them read.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::Read(name::LAYERS),
    Setting::Read(name::WIDTH),
    Setting::Read(name::HEADS),
    Setting::Read(name::ACTIVATION),
    Setting::Read(IMAGE),
    Setting::Read(PATCH),
    Setting::Read(CHANNELS),
    Setting::Read(EPS),
];

/// Parts that their files hold as a convolution or in a batch of one.
pub(super) const SPREAD: &[crate::TensorRole] = &[
    crate::TensorRole::PatchEmbedding,
    crate::TensorRole::ClassToken,
    crate::TensorRole::Registers,
    crate::TensorRole::PositionEmbedding,
];

/// What a family takes where a file does not say it.
pub(super) struct Defaults {
    pub(super) patch: usize,
    pub(super) eps: f64,
    pub(super) activation: Activation,
}

/// A block of LayerNorm and attention of all patches, of images of one size; the MLP is four times as wide as the stream.
pub(super) fn block(config: &Config<'_>, defaults: &Defaults, bias: Bias) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    let [height, width] = pair(config, IMAGE, 224)?;
    let [rows, columns] = pair(config, PATCH, defaults.patch)?;
    let channels = config.optional_count(CHANNELS)?.unwrap_or(3);
    let numbers = [channels, rows, columns].into_iter();
    Ok(ArchSpec {
        vocab: VOCAB,
        context: (height / rows).saturating_mul(width / columns),
        norm_eps: config.number(EPS)?.unwrap_or(defaults.eps),
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: read::activation(config, name::ACTIVATION, false, defaults.activation)?,
        bias,
        bidirectional: true,
        patches: Some(Patches {
            numbers: numbers.fold(1, usize::saturating_mul),
            bias: true,
            registers: 0,
        }),
        ..ArchSpec::new(
            count(name::LAYERS)?,
            count(name::WIDTH)?,
            count(name::HEADS)?,
        )
    })
}

/// Makes sure that images are square: of others transformers stretches the positions.
pub(super) fn square(config: &Config<'_>) -> Result<()> {
    let [height, width] = pair(config, IMAGE, 1)?;
    match (height == width, config.get(IMAGE)) {
        (false, Some(given)) => Err(config.unsupported(IMAGE, given, "a square image")),
        (true, _) | (false, None) => Ok(()),
    }
}

/// Height and width: one number, or two.
fn pair(config: &Config<'_>, name: &str, default: usize) -> Result<[usize; 2]> {
    let whole =
        |value: &serde_json::Value| usize::try_from(value.as_u64()?).ok().filter(|n| *n > 0);
    let found = match config.given(name) {
        None => Some([default; 2]),
        Some(serde_json::Value::Array(list)) => match list.as_slice() {
            [height, width] => whole(height).zip(whole(width)).map(|(h, w)| [h, w]),
            _ => None,
        },
        Some(one) => whole(one).map(|n| [n; 2]),
    };
    found.ok_or_else(|| config.mistyped(name, "a whole number above 0, or a list of two"))
}
