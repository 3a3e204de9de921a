//! The next checkpoint on the disk is read and audited while one is measured: threads that have nothing to measure work on it.

use outcrop_checkpoint::{Auditor, BufferPool, Checkpoint, CheckpointScan, Weights};

use super::verify::read_once;
use crate::key;

/// A checkpoint that was read before its turn.
pub(super) struct Ahead {
    step: u64,
    /// Of its files before they were read.
    stamp: String,
    pub(super) opened: outcrop_checkpoint::Result<Weights>,
    pub(super) scan: Option<CheckpointScan>,
}

impl Ahead {
    /// Reads a checkpoint, and audits it where there is an audit; none where its files cannot be found.
    pub(super) fn read(
        (checkpoint, step): (&Checkpoint, u64),
        auditor: Option<&mut Auditor>,
        pool: &BufferPool,
    ) -> Option<Self> {
        let stamp = key::stamp(checkpoint).ok()?;
        let opened = read_once(checkpoint, pool);
        let under = Checkpoint {
            step: Some(step),
            ..checkpoint.clone()
        };
        let scan = auditor.map(|auditor| auditor.look(&under, &opened));
        Some(Self {
            step,
            stamp,
            opened,
            scan,
        })
    }

    /// Whether it is what lies on the disk under this step.
    pub(super) fn is(&self, step: u64, stamp: &str) -> bool {
        self.step == step && self.stamp == stamp
    }
}
