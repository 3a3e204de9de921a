use super::super::stored::Stored;
use super::{Found, Model, Result, Trainer};
use crate::DType;

/// MLX: what it quantises is refused by name; the rest has transformers' names.
pub(super) static MLX: Trainer = Trainer { name: "MLX", read };

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    let packed = |(name, stored): &(&String, &Stored)| {
        let module = name.strip_suffix(".weight");
        let beside = |part| {
            module.is_some_and(|module| found.tensors.contains_key(&format!("{module}.{part}")))
        };
        stored.info.dtype == DType::U32 && beside("scales")
    };
    match found.tensors.iter().find(packed) {
        None => Ok(None),
        Some((name, _)) => Err(format!(
            "`{name}` is quantised by MLX, which is not read; take the model from which it was made, or write it \
             anew with `mlx_lm.convert --dequantize`"
        )),
    }
}
