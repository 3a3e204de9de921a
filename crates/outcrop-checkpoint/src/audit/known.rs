//! Faults that others reported.

use std::collections::BTreeSet;

use super::finding::{Code, Finding, some};
use crate::KnownFault;

/// The faults that are met at `steps`, and those of the whole run.
pub(super) fn known(faults: &[KnownFault], steps: &BTreeSet<u64>) -> Vec<Finding> {
    let finding = |fault: &KnownFault| {
        let met: Vec<u64> = fault
            .steps
            .iter()
            .copied()
            .filter(|s| steps.contains(s))
            .collect();
        if met.is_empty() && !fault.steps.is_empty() {
            return None;
        }
        let at = match met.as_slice() {
            [] => "of the run".to_owned(),
            [step] => format!("of step {step}"),
            met => format!("of {} steps ({})", met.len(), some(met)),
        };
        let words = format!("known {at}: {} ({})", fault.what, fault.source);
        let finding = Finding::new(Code::KnownFault, met.clone(), words);
        Some(match fault.suspect {
            true => finding.suspecting(met),
            false => finding,
        })
    };
    faults.iter().filter_map(finding).collect()
}
