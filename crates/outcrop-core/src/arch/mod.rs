//! Architectures of decoder-only transformers.

mod bias;
mod choices;
mod huggingface;
mod parameters;
mod pythia;
mod spec;

pub use bias::Bias;
pub use choices::{Activation, Attention, Init, Norm, NormPlacement, Position, Residual};
pub use parameters::Parameters;
pub use pythia::PYTHIA_SIZES;
pub use spec::{ArchSpec, NamedArch};
