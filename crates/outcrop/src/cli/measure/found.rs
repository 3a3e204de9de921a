use outcrop_series::HubRevision;

/// A revision whose name gives a step.
pub(super) struct Found {
    pub(super) revision: HubRevision,
    /// Stage and seed.
    pub(super) part: Option<String>,
    pub(super) stage: Option<String>,
    pub(super) seed: Option<String>,
}
