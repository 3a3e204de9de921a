//! Runs of several stages, in each of which steps may begin anew.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Stages, Trajectory};
use crate::{Error, Result, Stage};

/// How trajectories without a stage are asked for.
const NONE: &str = "none";

/// The stages of each model that were seen.
pub(crate) type Seen = BTreeMap<String, Vec<String>>;

impl Stages {
    /// The trajectories of the stages that are wanted, joined where they are to be.
    ///
    /// # Errors
    /// [`Error::Stages`] for several stages of a model that are not to be joined, for stages of which one
    /// does not say where it begins or which overlap, and where no stage has a name that is wanted.
    pub fn choose(&self, trajectories: Vec<Trajectory>) -> Result<Vec<Trajectory>> {
        let mut seen = Seen::new();
        let mut chosen = Vec::with_capacity(trajectories.len());
        for trajectory in trajectories {
            if self.admits(&trajectory, &mut seen)? {
                chosen.push(trajectory);
            }
        }
        if chosen.is_empty() {
            self.check_found(&seen)?;
        }
        match self.join {
            true => join(chosen),
            false => Ok(chosen),
        }
    }

    /// Whether a trajectory is wanted, after those that were seen.
    pub(crate) fn admits(&self, trajectory: &Trajectory, seen: &mut Seen) -> Result<bool> {
        let name = name(trajectory);
        let stages = seen.entry(trajectory.model.clone()).or_default();
        if !stages.iter().any(|stage| stage == name) {
            stages.push(name.to_owned());
        }
        if !self.is_wanted(name) {
            return Ok(false);
        }
        let wanted: Vec<&str> = stages.iter().map(String::as_str).collect();
        let wanted: Vec<&str> = wanted.into_iter().filter(|s| self.is_wanted(s)).collect();
        match wanted.len() > 1 && !self.join {
            true => Err(several(&trajectory.model, &wanted)),
            false => Ok(true),
        }
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// An error where stages were seen of which none is wanted.
    pub(crate) fn check_found(&self, seen: &Seen) -> Result<()> {
        match seen.iter().next() {
            Some((model, stages)) if !self.only.is_empty() => Err(Error::Stages {
                model: model.clone(),
                reason: format!("none is `{}`", self.only.join("` or `")),
                way_out: format!("choose with --stage among {}", list(stages)),
            }),
            _ => Ok(()),
        }
    }
}

fn name(trajectory: &Trajectory) -> &str {
    let stage = trajectory.stage.as_ref();
    stage.map_or(NONE, |stage| stage.name.as_str())
}

fn list<T: AsRef<str>>(stages: &[T]) -> String {
    let names: Vec<String> = stages.iter().map(|s| format!("`{}`", s.as_ref())).collect();
    names.join(", ")
}

fn several(model: &str, stages: &[&str]) -> Error {
    Error::Stages {
        model: model.into(),
        reason: format!(
            "there are several ({}), in each of which steps count anew",
            list(stages)
        ),
        way_out: "choose one with --stage, or join them with --join-stages".into(),
    }
}

/// The stages of each (model, layer) as one trajectory, in the order of the models and layers.
fn join(trajectories: Vec<Trajectory>) -> Result<Vec<Trajectory>> {
    let mut order: Vec<(String, u32)> = Vec::new();
    let mut groups: BTreeMap<(String, u32), Vec<Trajectory>> = BTreeMap::new();
    for trajectory in trajectories {
        let key = (trajectory.model.clone(), trajectory.layer);
        let group = groups.entry(key.clone()).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(trajectory);
    }
    let joined = order.iter().filter_map(|key| groups.remove(key));
    joined.map(join_one).collect()
}

fn join_one(mut stages: Vec<Trajectory>) -> Result<Trajectory> {
    if let [alone] = stages.as_slice()
        && alone.stage.is_none()
    {
        return Ok(stages.remove(0));
    }
    let mut placed = Vec::with_capacity(stages.len());
    for stage in stages {
        placed.push((begins(&stage)?, stage));
    }
    if let Some((one, other)) = branches(&placed) {
        return Err(overlap(other, name(one)));
    }
    placed.sort_by_key(|(begins, stage)| begins + stage.steps.first().copied().unwrap_or(0));
    let first = &placed[0].1;
    let mut joined = Trajectory::new(&first.model, first.layer, None);
    let has_sem = placed.iter().all(|(_, s)| s.sem.len() == s.steps.len());
    let mut before: Option<String> = None;
    for (begins, stage) in &placed {
        for (at, (step, ratio)) in stage.steps.iter().zip(&stage.ratios).enumerate() {
            let position = begins + step;
            if let (Some(before), Some(end), 0) = (&before, joined.steps.last(), at) {
                match position.cmp(end) {
                    Ordering::Less => return Err(overlap(stage, before)),
                    Ordering::Equal => continue, // the end of the stage before
                    Ordering::Greater => {}
                }
            }
            let sem = stage.sem.get(at).copied().filter(|_| has_sem);
            joined.push(position, *ratio, sem);
        }
        before = Some(name(stage).to_owned());
    }
    joined.close();
    Ok(joined)
}

/// Two that are branches of the same numbered stage, as `stage2-ingredient1` and `stage2-ingredient2`: even where the
/// steps that were measured do not overlap, neither goes on from the other.
fn branches(placed: &[(u64, Trajectory)]) -> Option<(&Trajectory, &Trajectory)> {
    let mut pairs = placed.iter().enumerate().flat_map(|(i, (_, one))| {
        let others = placed[i + 1..].iter();
        others.map(move |(_, other)| (one, other))
    });
    pairs.find(|(one, other)| {
        let [one, other] = [one, other].map(|stage| numbered(name(stage)));
        one.is_some() && one == other
    })
}

/// `stage2` of `stage2-ingredient1`; none where there is no such number.
fn numbered(name: &str) -> Option<&str> {
    let first = name.split(['-', '_']).next()?;
    let digits = first
        .strip_prefix("stage")
        .or(first.strip_prefix("phase"))?;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(first)
}

/// The steps before a stage; 0 for the part of a run that has no stage.
fn begins(stage: &Trajectory) -> Result<u64> {
    match &stage.stage {
        None => Ok(0),
        Some(Stage {
            begins: Some(begins),
            ..
        }) => Ok(*begins),
        Some(Stage { name, .. }) => Err(Error::Stages {
            model: stage.model.clone(),
            reason: format!(
                "nothing says how many steps stand before `{name}` (`position` is empty)"
            ),
            way_out: "measure it again with --stage-begins STEPS, or choose one with --stage"
                .into(),
        }),
    }
}

fn overlap(stage: &Trajectory, before: &str) -> Error {
    Error::Stages {
        model: stage.model.clone(),
        reason: format!(
            "`{}` does not go on from the end of `{before}`: they are branches of the run",
            name(stage)
        ),
        way_out: "choose one of them with --stage beside the stages before".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(name: &str, begins: Option<u64>, steps: &[u64]) -> Trajectory {
        Trajectory {
            model: "m".into(),
            layer: 1,
            stage: Some(Stage {
                name: name.into(),
                begins,
            }),
            steps: steps.to_vec(),
            ratios: steps.iter().map(|step| *step as f64).collect(),
            sem: vec![0.5; steps.len()],
        }
    }

    fn joined(stages: Vec<Trajectory>, only: &[&str]) -> Result<Vec<Trajectory>> {
        let only = only.iter().map(|name| (*name).to_owned()).collect();
        Stages { only, join: true }.choose(stages)
    }

    #[test]
    fn stages_join_by_position_whatever_their_order() {
        let run = || {
            vec![
                stage("stage2", Some(900), &[0, 100]),
                stage("stage1", Some(0), &[0, 400, 900]),
            ]
        };
        let one = &joined(run(), &[]).unwrap()[0];
        assert_eq!(one.steps, [0, 400, 900, 1000]);
        // at 900 the end of the first counts
        assert_eq!(one.ratios, [0.0, 400.0, 900.0, 100.0]);
        assert_eq!((one.stage.as_ref(), one.sem.len()), (None, 4));
        let alone = &joined(run(), &["stage2"]).unwrap()[0];
        assert_eq!(alone.steps, [900, 1000]);
    }

    #[test]
    fn what_cannot_be_joined_is_named_with_the_way_out() {
        let one = || stage("stage1", Some(0), &[0, 900]);
        for (other, parts) in [
            (stage("x", None, &[0]), ["`x`", "--stage-begins"]),
            (
                stage("b", Some(500), &[0, 1000]),
                ["`b` does not go on from the end of `stage1`", "--stage"],
            ),
        ] {
            let said = joined(vec![one(), other], &[]).unwrap_err().to_string();
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
        let said = joined(vec![one()], &["stage3"]).unwrap_err().to_string();
        assert!(
            said.contains("none is `stage3`") && said.contains("`stage1`"),
            "{said}"
        );
    }

    /// Whose steps do not overlap where other steps of each were measured.
    #[test]
    fn branches_of_a_stage_are_not_joined_with_each_other() {
        let run = || {
            vec![
                stage("stage1", Some(0), &[0, 900]),
                stage("stage2-ingredient1", Some(900), &[100, 200]),
                stage("stage2-ingredient2", Some(900), &[300, 400]),
            ]
        };
        let said = joined(run(), &[]).unwrap_err().to_string();
        assert!(
            said.contains("`stage2-ingredient2`") && said.contains("branches"),
            "{said}"
        );
        let one = &joined(run(), &["stage1", "stage2-ingredient2"]).unwrap()[0];
        assert_eq!(one.steps, [0, 900, 1200, 1300]);
        // stages that go on where the one before ended, and count on
        let smol = vec![
            stage("stage1", Some(0), &[40, 80]),
            stage("stage2", Some(0), &[120]),
            stage("lc-4k-to-32k", Some(120), &[4]),
            stage("lc-32k-to-64k", Some(124), &[4]),
        ];
        assert_eq!(joined(smol, &[]).unwrap()[0].steps, [40, 80, 120, 124, 128]);
    }

    #[test]
    fn one_stage_is_taken_as_it_is_and_two_are_refused() {
        let run = vec![stage("a", None, &[0, 9]), stage("b", None, &[0])];
        let said = Stages::default()
            .choose(run.clone())
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("`a`, `b`") && said.contains("--join-stages"),
            "{said}"
        );
        let only = Stages {
            only: vec!["b".into()],
            join: false,
        };
        assert_eq!(only.choose(run.clone()).unwrap(), run[1..]);
        let none = Trajectory::default();
        let taken = Stages::default().choose(vec![none.clone()]).unwrap();
        assert_eq!(taken, [none]);
    }
}
