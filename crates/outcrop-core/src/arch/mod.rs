//! Architectures of decoder-only transformers.

mod bias;
mod choices;
mod family;
mod given;
mod huggingface;
mod parameters;
mod pythia;
mod spec;
mod tensors;

pub use bias::Bias;
pub use choices::{Activation, Attention, Init, Norm, NormPlacement, Position, Residual, Window};
pub use family::Family;
pub use huggingface::HuggingFace;
pub use parameters::Parameters;
pub use pythia::PYTHIA_SIZES;
pub use spec::{ArchSpec, NamedArch};
pub use tensors::{TensorName, TensorPart, TensorRole};
