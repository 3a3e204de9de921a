//! What families read alike.

use super::Config;
use super::settings::name;
use crate::{Activation, ArchSpec, Family, NormPlacement, QkNorm, Residual, Result};

/// The shape, by the names that most families give it; everything else as in Pythia.
pub(super) fn shape(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    Ok(ArchSpec {
        d_ff: count(name::D_FF)?,
        vocab: count(name::VOCAB)?,
        context: count(name::CONTEXT)?,
        ..ArchSpec::new(
            count(name::LAYERS)?,
            count(name::WIDTH)?,
            count(name::HEADS)?,
        )
    })
}

/// The width of a head of a family to which null is none; `default` where the file does not say it.
pub(super) fn head_dim(config: &Config<'_>, default: Option<usize>) -> Result<Option<usize>> {
    match config.names(name::HEAD_DIM) {
        true => config.count(name::HEAD_DIM).map(Some),
        false => Ok(default),
    }
}

/// The same of a family to which null is the width of the stream divided by the number of heads.
pub(super) fn nullable_head_dim(config: &Config<'_>, default: usize) -> Result<Option<usize>> {
    match config.names(name::HEAD_DIM) {
        true => config.optional_count(name::HEAD_DIM),
        false => Ok(Some(default)),
    }
}

/// The nonlinearity of an MLP that is gated or is not.
pub(super) fn activation(
    config: &Config<'_>,
    name: &str,
    gated: bool,
    default: Activation,
) -> Result<Activation> {
    let Some(given) = config.given(name) else {
        return Ok(default);
    };
    let known = |word| Activation::from_huggingface(word, gated);
    let unsupported = || config.unsupported(name, given, Activation::huggingface(gated));
    given.as_str().and_then(known).ok_or_else(unsupported)
}

/// Multi-head attention and an MLP of two matrices.
pub(super) fn plain(family: &Family, arch: &ArchSpec) -> Result<()> {
    family.gated(arch, false)?;
    family.same("norm_placement", arch.norm_placement, NormPlacement::Pre)?;
    family.same("window", &arch.window, &None)?;
    family.same("kv_heads", arch.kv_heads, arch.heads)?;
    family.same("head_dim", arch.head_dim, None)?;
    family.same("qk_norm", arch.qk_norm, QkNorm::None)
}

/// The two residuals by whether they are parallel.
pub(super) fn residual(parallel: bool) -> Residual {
    match parallel {
        true => Residual::Parallel,
        false => Residual::Sequential,
    }
}

/// A whole number that goes by two names, of which a file has one, or both with one value.
pub(super) fn one_of(config: &Config<'_>, names: [&'static str; 2]) -> Result<usize> {
    let [first, second] = names;
    match (config.get(first), config.get(second)) {
        (Some(one), Some(other)) if one != other => {
            let supported = format!("{one}, as `{first}` says; let them agree, or remove one");
            Err(config.unsupported(second, other, supported))
        }
        (None, Some(_)) => config.count(second),
        (Some(_), _) | (None, None) => config.count(first),
    }
}

/// Every how many layers something is different, at least 1.
pub(super) fn interval(config: &Config<'_>, name: &str, default: usize) -> Result<usize> {
    let interval = match config.given(name) {
        None => default,
        Some(_) => config.count(name)?,
    };
    match interval {
        0 => Err(config.mistyped(name, "a whole number above 0")),
        interval => Ok(interval),
    }
}

/// Makes sure that a file says the number of key-value heads, be it as null, where no file relies on the default.
pub(super) fn says_kv_heads(config: &Config<'_>) -> Result<()> {
    match config.names(name::KV_HEADS) {
        true => Ok(()),
        false => Err(config.mistyped(name::KV_HEADS, "a whole number")),
    }
}
