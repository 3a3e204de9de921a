//! Architectures as TOML, JSON and whatever else serde reads give them.

use serde::Deserialize;

use crate::{
    Activation, ArchSpec, Attention, Bias, Init, Norm, NormPlacement, Position, Residual, Window,
};

/// What a file may say; what it leaves out gets its default.
#[derive(Deserialize)]
struct Given {
    layers: usize,
    d_model: usize,
    heads: usize,
    kv_heads: Option<usize>,
    head_dim: Option<usize>,
    d_ff: Option<usize>,
    vocab: Option<usize>,
    context: Option<usize>,
    norm: Option<Norm>,
    norm_placement: Option<NormPlacement>,
    norm_eps: Option<f64>,
    residual: Option<Residual>,
    position: Option<Position>,
    attention: Option<Attention>,
    window: Option<Window>,
    qk_norm: Option<bool>,
    activation: Option<Activation>,
    tied: Option<bool>,
    bias: Option<Bias>,
    init: Option<Init>,
}

/// The keys of an [`ArchSpec`] in TOML and JSON, in order.
pub const KEYS: [&str; 20] = [
    "layers",
    "d_model",
    "heads",
    "kv_heads",
    "head_dim",
    "d_ff",
    "vocab",
    "context",
    "norm",
    "norm_placement",
    "norm_eps",
    "residual",
    "position",
    "attention",
    "window",
    "qk_norm",
    "activation",
    "tied",
    "bias",
    "init",
];

impl Given {
    fn resolve(self) -> ArchSpec {
        let d = ArchSpec::new(self.layers, self.d_model, self.heads);
        ArchSpec {
            kv_heads: self.kv_heads.unwrap_or(d.kv_heads),
            d_ff: self.d_ff.unwrap_or(d.d_ff),
            vocab: self.vocab.unwrap_or(d.vocab),
            context: self.context.unwrap_or(d.context),
            norm: self.norm.unwrap_or(d.norm),
            norm_placement: self.norm_placement.unwrap_or(d.norm_placement),
            norm_eps: self.norm_eps.unwrap_or(d.norm_eps),
            residual: self.residual.unwrap_or(d.residual),
            position: self.position.unwrap_or(d.position),
            attention: self.attention.unwrap_or(d.attention),
            window: self.window,
            qk_norm: self.qk_norm.unwrap_or(d.qk_norm),
            activation: self.activation.unwrap_or(d.activation),
            tied: self.tied.unwrap_or(d.tied),
            bias: self.bias.unwrap_or(d.bias),
            init: self.init.unwrap_or(d.init),
            ..d
        }
        .with_head_dim(self.head_dim)
    }
}

impl<'de> Deserialize<'de> for ArchSpec {
    /// Missing fields get their default; unknown ones are passed over ([`KEYS`] are the known), ranges are
    /// the business of [`ArchSpec::check`].
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Given::deserialize(deserializer).map(Given::resolve)
    }
}
