//! Architectures as TOML and JSON give them.

use serde::Deserialize;

use super::{
    Activation, ArchSpec, Attention, Bias, Init, Norm, NormPlacement, Position, Residual, Window,
};
use crate::{Document, Result, read_table};

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

const KEYS: [&str; 20] = [
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

impl ArchSpec {
    /// Reads the fields of a TOML table and checks them; `context` names the file or table in
    /// errors.
    ///
    /// # Errors
    /// [`Error::UnknownKey`](crate::Error::UnknownKey), [`Error::Parse`](crate::Error::Parse) and
    /// [`Error::Field`](crate::Error::Field) for a missing or mistyped field,
    /// [`Error::OutOfRange`](crate::Error::OutOfRange).
    pub fn from_table(table: &toml::Table, context: &str) -> Result<Self> {
        let given: Given = read_table(context, table, &KEYS)?;
        let spec = given.resolve();
        spec.check()?;
        Ok(spec)
    }

    /// Reads the section `[arch]` of a document, or the whole document where it has none.
    ///
    /// # Errors
    /// [`Error::At`](crate::Error::At) with the file and line of what [`ArchSpec::from_table`] refuses.
    pub fn from_document(document: &Document) -> Result<Self> {
        let (section, table) = match document.table().get("arch").and_then(|a| a.as_table()) {
            Some(inner) => ("arch", inner),
            None => ("", document.table()),
        };
        Self::from_table(table, "architecture").map_err(|error| {
            let key = error.key().map(str::to_owned);
            document.locate(section, key.as_deref(), error)
        })
    }

    /// Reads a TOML document that is nothing but an architecture.
    ///
    /// ```
    /// let spec = outcrop_core::ArchSpec::from_toml("layers = 2\nd_model = 64\nheads = 4")?;
    /// assert_eq!(spec.d_ff, 256);
    /// let wrong = outcrop_core::ArchSpec::from_toml("layers = 2\nd_model = 64\nheads = 5");
    /// assert!(wrong.unwrap_err().to_string().contains("heads = 5"));
    /// # Ok::<(), outcrop_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ArchSpec::from_document`].
    pub fn from_toml(text: &str) -> Result<Self> {
        Self::from_document(&Document::parse(text, "architecture")?)
    }
}

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
    /// Missing fields get their default; unknown ones and ranges are the business of
    /// [`ArchSpec::from_table`] and [`ArchSpec::check`].
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Given::deserialize(deserializer).map(Given::resolve)
    }
}
