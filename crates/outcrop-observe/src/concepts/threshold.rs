/// When a concept was learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConceptSpeed {
    /// The last step before the signal reached the threshold; none where it had at the first step.
    pub after: Option<u64>,
    /// The first step at which it had.
    pub by: u64,
    /// 1 / `by` per step; none where that is step 0.
    pub speed: Option<f64>,
}

/// How fast a signal reaches `threshold`: 1 / steps (arXiv 2406.19370). `trajectory` holds steps, ascending, with the
/// signal; the truth lies between two checkpoints, so both are given. None where the signal never reaches it.
///
/// ```
/// let signal = [(0, 0.2), (100, 0.9), (200, 2.5), (400, 3.0)];
/// let found = outcrop_observe::concept_speed(&signal, 2.0).expect("it does");
/// assert_eq!((found.after, found.by, found.speed), (Some(100), 200, Some(0.005)));
/// assert_eq!(outcrop_observe::concept_speed(&signal, 4.0), None);
/// ```
pub fn concept_speed(trajectory: &[(u64, f64)], threshold: f64) -> Option<ConceptSpeed> {
    let at = trajectory
        .iter()
        .position(|(_, signal)| *signal >= threshold)?;
    let by = trajectory[at].0;
    Some(ConceptSpeed {
        after: at.checked_sub(1).map(|before| trajectory[before].0),
        by,
        speed: (by > 0).then(|| 1.0 / by as f64),
    })
}
