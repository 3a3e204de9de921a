/// Which stages of a run are taken, and whether as one trajectory.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `only` | all | names of stages; `none` for trajectories without one |
/// | `join` | false | whether stages go on one another, steps counted from the beginning of the run |
///
/// Two stages of a model that are not joined are an error, since step 1000 of both is not the same.
///
/// ```
/// use outcrop_core::{Stage, Stages, Trajectory};
///
/// let stage = |name: &str, begins, steps: &[u64]| Trajectory {
///     stage: Some(Stage { name: name.into(), begins: Some(begins) }),
///     steps: steps.to_vec(),
///     ratios: vec![5.0; steps.len()],
///     ..Trajectory::default()
/// };
/// let run = vec![stage("stage1", 0, &[0, 900]), stage("stage2", 900, &[0, 100])];
/// assert!(Stages::default().choose(run.clone()).is_err());
/// let joined = Stages { join: true, ..Stages::default() }.choose(run)?;
/// // the end of the first is the beginning of the second
/// assert_eq!(joined[0].steps, [0, 900, 1000]);
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Names of the stages that are taken; all if empty.
    pub only: Vec<String>,
    /// Whether stages are joined into one trajectory.
    pub join: bool,
}
