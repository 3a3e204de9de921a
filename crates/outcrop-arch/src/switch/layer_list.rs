//! Lists of layers.

use crate::{ArchSpec, Error, Result};

/// Makes sure that layers are counted from 1, ascending, and there.
pub(super) fn check(arch: &ArchSpec, field: &str, layers: &[usize]) -> Result<()> {
    let within = layers.iter().all(|layer| (1..=arch.layers).contains(layer));
    if within && layers.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let allowed = format!("some of 1 to {}, ascending", arch.layers);
    Err(Error::range(
        format!("arch.{field}"),
        format!("{layers:?}"),
        allowed,
    ))
}
