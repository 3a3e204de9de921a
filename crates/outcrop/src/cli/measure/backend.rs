//! Where checkpoints are computed.

use std::path::Path;
use std::sync::Arc;

use outcrop_forward::Engine;
use outcrop_model::Backend;
use outcrop_series::read_config_at;

use super::Args;
use crate::{Error, Result};

/// The engine that `--backend` names; none for the CPU, which `outcrop-forward` computes on. What no engine computes is
/// refused, and so is a backend without a device.
pub(super) fn engine(args: &Args) -> Result<Option<Arc<dyn Engine>>> {
    let backend: Backend = args.backend.parse()?;
    if backend == Backend::Flex {
        return Ok(None);
    }
    let asked = [
        ("--sinks", args.sinks),
        ("--observe", args.observe.is_wanted()),
        ("--set-zero or --set-mean", args.interventions.wanted()),
        ("--figures", args.figures.figures),
    ];
    if let Some((flag, _)) = asked.into_iter().find(|(_, asked)| *asked) {
        let backend = backend.name();
        return Err(Error::OnlyCpu { flag, backend });
    }
    backend.check()?;
    Ok(on(backend))
}

/// What computes blocks on a backend that is compiled in.
#[cfg(feature = "burn")]
fn on(backend: Backend) -> Option<Arc<dyn Engine>> {
    Some(Arc::new(crate::BackendEngine(backend)))
}

/// Nothing: no backend passes its check.
#[cfg(not(feature = "burn"))]
fn on(_: Backend) -> Option<Arc<dyn Engine>> {
    None
}

/// Refuses an architecture that the engine does not compute, before its weights are read.
pub(super) fn check(engine: Option<&Arc<dyn Engine>>, config: &Path) -> Result<()> {
    match engine {
        Some(engine) => {
            let checked = engine.check(&read_config_at(config)?.arch);
            Ok(checked.map_err(outcrop_forward::Error::Engine)?)
        }
        None => Ok(()),
    }
}
