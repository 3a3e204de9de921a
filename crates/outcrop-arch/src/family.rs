use std::fmt;

use serde::Serialize;

use crate::{Activation, ArchSpec, Bias, Norm, NormPlacement, Position, Residual};
use crate::{Error, Result};

/// A family of published checkpoints: which architectures it holds, and under which names and in
/// which layout their weights are stored ([`Family::tensors`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// GPT-NeoX, as Pythia: LayerNorm, rotary positions, one fused projection of queries, keys and
    /// values laid out by head.
    NeoX,
    /// GPT-2: LayerNorm, learned positions, matrices stored as [in, out].
    Gpt2,
    /// Llama and what is built like it (Mistral, Qwen2, Qwen3): RMSNorm, rotary positions, SwiGLU,
    /// grouped key-value heads.
    Llama,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 3] = [Self::NeoX, Self::Gpt2, Self::Llama];

    /// The family whose checkpoints hold this architecture, if one does; no two do.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Family, Norm};
    ///
    /// let mut arch = ArchSpec::pythia("70m")?;
    /// assert_eq!(Family::of(&arch), Some(Family::NeoX));
    /// arch.norm = Norm::RmsNorm;
    /// assert_eq!(Family::of(&arch), None);
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    pub fn of(arch: &ArchSpec) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.check(arch).is_ok())
    }

    /// Makes sure that a checkpoint of this family can hold the architecture.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the first field that it cannot say.
    pub fn check(self, arch: &ArchSpec) -> Result<()> {
        self.same("norm_placement", arch.norm_placement, NormPlacement::Pre)?;
        match self {
            Self::NeoX => {
                self.same("norm", arch.norm, Norm::LayerNorm)?;
                self.rotary(arch)?;
                self.plain(arch)
            }
            Self::Gpt2 => {
                self.same("norm", arch.norm, Norm::LayerNorm)?;
                self.same("position", arch.position, Position::Learned)?;
                self.same("residual", arch.residual, Residual::Sequential)?;
                self.plain(arch)
            }
            Self::Llama => {
                self.same("norm", arch.norm, Norm::RmsNorm)?;
                self.same("residual", arch.residual, Residual::Sequential)?;
                self.same("activation", arch.activation, Activation::SwiGlu)?;
                let fraction = self.rotary(arch)?;
                self.same("position.fraction", fraction, 1.0)
            }
        }
    }

    /// Multi-head attention and an MLP of two matrices, with biases.
    fn plain(self, arch: &ArchSpec) -> Result<()> {
        if arch.activation == Activation::SwiGlu {
            return Err(self.refuse("activation", &arch.activation, "gelu, gelu-tanh, relu"));
        }
        self.same("window", &arch.window, &None)?;
        self.same("kv_heads", arch.kv_heads, arch.heads)?;
        self.same("head_dim", arch.head_dim, None)?;
        self.same("qk_norm", arch.qk_norm, false)?;
        self.same("bias", arch.bias, Bias::All)
    }

    fn rotary(self, arch: &ArchSpec) -> Result<f64> {
        match arch.position {
            Position::Rotary { fraction, .. } => Ok(fraction),
            other => Err(self.refuse("position", &other, "rotary")),
        }
    }

    fn same<T: PartialEq + Serialize>(self, field: &str, value: T, only: T) -> Result<()> {
        if value == only {
            return Ok(());
        }
        Err(self.refuse(field, &value, &word(&only)))
    }

    fn refuse(self, field: &str, value: &impl Serialize, allowed: &str) -> Error {
        let allowed = format!("{allowed} in a checkpoint of the {self} family");
        Error::range(format!("arch.{field}"), word(value), allowed)
    }
}

/// A value as TOML and JSON spell it, without quotation marks.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Null) => "not given".into(),
        Ok(other) => other.to_string(),
        Err(e) => e.to_string(),
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NeoX => "GPT-NeoX",
            Self::Gpt2 => "GPT-2",
            Self::Llama => "Llama",
        })
    }
}
