use burn::tensor::Tensor;

use crate::{Error, Result};

/// A place in a block where its hidden state can be tapped. Positions are those of the registers, where an architecture has
/// some, then those of the tokens. `ResidPost = ResidPre + AttnWrite +
/// MlpWrite` holds for both kinds of residual, unless norms stand after the additions (Post-LN).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TapPoint {
    /// The residual stream before the block.
    ResidPre,
    /// What attention adds to the residual stream.
    AttnWrite,
    /// What the MLP adds to the residual stream.
    MlpWrite,
    /// The residual stream after the block, the paper's h_l.
    ResidPost,
}

impl TapPoint {
    /// Every tap point, in the order in which a block reaches them.
    pub const ALL: [Self; 4] = [
        Self::ResidPre,
        Self::AttnWrite,
        Self::MlpWrite,
        Self::ResidPost,
    ];

    /// Its name, which parses back.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResidPre => "resid_pre",
            Self::AttnWrite => "attn_write",
            Self::MlpWrite => "mlp_write",
            Self::ResidPost => "resid_post",
        }
    }
}

impl std::str::FromStr for TapPoint {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|p| p.name() == name);
        known.ok_or_else(|| Error::UnknownTapPoint { name: name.into() })
    }
}

/// Gets hidden states while a model runs forward.
pub trait Tap {
    /// Whether [`Tap::tap`] shall be called at this point; by default only after each block.
    fn wants(&self, point: TapPoint) -> bool {
        point == TapPoint::ResidPost
    }

    /// Gets the hidden state [batch, positions, d_model] of `layer` (from 1). A clone of it is a
    /// reference count; under autodiff take `.inner()` of the clone before computing with it.
    fn tap(&mut self, layer: usize, point: TapPoint, hidden: &Tensor<3>);

    /// Asked before each block that runs as one operation of our own, as on the CPU: what is returned gets
    /// the residual stream after it in place of [`Tap::tap`]. By default nothing is.
    fn sequences(&mut self, layer: usize) -> Option<&dyn TapSequences> {
        let _ = layer;
        None
    }
}

/// Gets the residual stream after a block from the threads that compute it, some sequences at a time, while
/// it is in their caches.
pub trait TapSequences: Sync {
    /// Gets every sequence of the batch once, in any order and from several threads at a time.
    fn tap_sequences(&self, sequences: HiddenSequences<'_>);
}

/// Whole sequences of the residual stream after a block.
#[derive(Clone, Copy, Debug)]
pub struct HiddenSequences<'a> {
    /// Where in the batch the first stands, from 0.
    pub first: usize,
    /// [sequences, positions, d_model], row-major.
    pub hidden: &'a [f32],
    /// Of each sequence.
    pub positions: usize,
    /// Channels.
    pub d_model: usize,
}

/// No tap: the calls vanish at compile time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTap;

impl Tap for NoTap {
    #[inline(always)]
    fn wants(&self, _: TapPoint) -> bool {
        false
    }

    #[inline(always)]
    fn tap(&mut self, _: usize, _: TapPoint, _: &Tensor<3>) {}
}
