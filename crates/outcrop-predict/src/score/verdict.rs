use std::fmt;

use outcrop_core::Score;

use super::architectures::Architectures;
use super::permutation::{PermutationTest, TESTED};
use super::protocol::Protocol;
use crate::{Regressor, Table, Target};

/// Largest corrected p-value that counts as a finding: less than the usual 0.05, so that of 100 tables
/// without a signal more than 5 seldom have one (in 8 % of such hundreds), and no less, as strong signals
/// would be missed (docs/predicting.md).
const LEVEL: f64 = 0.03;
/// Four architectures have 4! labellings, and no p-value below 1/24 = 0.042.
const MIN_ARCHITECTURES: usize = 5;

/// The verdict on one target: does the architecture predict more than the depth of a layer does?
///
/// One regressor answers this, `shape`, which is fixed in advance, by permuting architectures between models: `signal`
/// if it beats the depth profile on architectures that were left out, and at most 3 % of all labellings predict the
/// differences between architectures as well. `p` is corrected for the number of targets. The best of the other
/// regressors is reported, too, but it was chosen after the fact. Its `Display` is one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The target.
    pub target: Target,
    /// The conclusion.
    pub conclusion: Conclusion,
    /// The protocol: `leave one model out`, or `leave one architecture out` where there are seeds.
    pub protocol: Protocol,
    /// Number of models in which the target is identified.
    pub models: usize,
    /// Number of different architectures among them.
    pub architectures: usize,
    /// Number of relabellings beside the true one.
    pub relabellings: usize,
    /// 1 - squared error of `shape` / squared error of the depth profile, each architecture weighing
    /// the same; none where the target does not vary.
    pub gain: Option<f64>,
    /// Share of labellings under which the features of shape predict the effects of architectures left
    /// out as well as under the true one, corrected for the number of targets.
    pub p: f64,
    /// The same before the correction.
    pub p_alone: f64,
    /// Q2 of `shape`, of the depth profile, and the regressor with the highest Q2.
    pub q2: Option<f64>,
    /// Q2 of the depth profile.
    pub depth_q2: Option<f64>,
    /// The regressor of the highest Q2 of all that were scored, baselines apart, and its Q2.
    pub best: Option<(Regressor, f64)>,
}

/// What a [`Verdict`] concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conclusion {
    /// The architecture predicts more than the depth of a layer does.
    Signal,
    /// Nothing that could not be chance.
    NoSignal,
    /// Fewer than five architectures: relabelling four of them finds nothing at p below 0.04.
    TooFew,
}

pub(super) fn verdicts(
    table: &Table,
    architectures: &Architectures,
    scores: &[Score],
    test: &PermutationTest,
) -> Vec<Verdict> {
    let protocol = Protocol::honest(architectures);
    let verdict = |t: &super::permutation::TargetTest| {
        let found = architectures.identified(table, t.target).len();
        let scores: Vec<&Score> = scores
            .iter()
            .filter(|s| s.target == t.target.name() && s.protocol == protocol.name())
            .collect();
        Verdict {
            target: t.target,
            conclusion: conclusion(found, t.gain, t.adjusted),
            protocol,
            models: table.identified(t.target).1,
            architectures: found,
            relabellings: test.relabellings,
            gain: t.gain,
            p: t.adjusted,
            p_alone: t.p,
            q2: t.q2,
            depth_q2: t.depth_q2,
            best: best(&scores),
        }
    };
    test.targets.iter().map(verdict).collect()
}

fn conclusion(architectures: usize, gain: Option<f64>, p: f64) -> Conclusion {
    match gain {
        _ if architectures < MIN_ARCHITECTURES => Conclusion::TooFew,
        Some(gain) if gain > 0.0 && p <= LEVEL => Conclusion::Signal,
        _ => Conclusion::NoSignal,
    }
}

fn best(scores: &[&Score]) -> Option<(Regressor, f64)> {
    let baselines = Regressor::BASELINES.map(Regressor::name);
    let others = scores
        .iter()
        .filter(|s| !baselines.contains(&s.regressor.as_str()));
    let scored = others.filter_map(|s| Some((Regressor::from_name(&s.regressor).ok()?, s.r2?)));
    scored.max_by(|a, b| a.1.total_cmp(&b.1))
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            architectures,
            p,
            ..
        } = self;
        match self.conclusion {
            Conclusion::Signal => write!(f, "{target}: beats the depth-only baseline, p = {p:.3}")?,
            Conclusion::NoSignal => {
                write!(
                    f,
                    "{target}: no better than the depth-only baseline, p = {p:.3}"
                )?;
            }
            Conclusion::TooFew => write!(
                f,
                "{target}: too few architectures ({architectures}) to tell signal from chance, {MIN_ARCHITECTURES} are needed"
            )?,
        }
        write!(
            f,
            " ({architectures} architectures, each predicted from the others: Q2 "
        )?;
        number(f, self.q2)?;
        write!(f, " for {TESTED}, ")?;
        number(f, self.depth_q2)?;
        write!(f, " for depth alone")?;
        match self.best {
            Some((best, q2)) if best != TESTED && self.q2.is_none_or(|own| q2 > own) => {
                write!(
                    f,
                    "; highest, and chosen after the fact: {q2:.2} for {best})"
                )
            }
            _ => write!(f, ")"),
        }
    }
}

fn number(f: &mut fmt::Formatter<'_>, value: Option<f64>) -> fmt::Result {
    match value {
        Some(value) => write!(f, "{value:.2}"),
        None => write!(f, "undefined"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(architectures: usize, gain: f64, p: f64) -> Verdict {
        Verdict {
            target: Target::LnFMax,
            conclusion: conclusion(architectures, Some(gain), p),
            protocol: Protocol::LeaveOneModelOut,
            models: architectures,
            architectures,
            relabellings: 199,
            gain: Some(gain),
            p,
            p_alone: p,
            q2: Some(0.714),
            depth_q2: Some(-0.05),
            best: Some((Regressor::RandomForest, 0.75)),
        }
    }

    #[test]
    fn each_finding_in_words() {
        assert_eq!(
            verdict(9, 0.7, 0.01).to_string(),
            "ln f_max: beats the depth-only baseline, p = 0.010 (9 architectures, each predicted \
             from the others: Q2 0.71 for shape, -0.05 for depth alone; highest, and chosen after \
             the fact: 0.75 for random forest)"
        );
        let none = Verdict {
            best: None,
            ..verdict(9, 0.1, 0.31)
        };
        assert_eq!(
            none.to_string(),
            "ln f_max: no better than the depth-only baseline, p = 0.310 (9 architectures, each \
             predicted from the others: Q2 0.71 for shape, -0.05 for depth alone)"
        );
        let few = verdict(3, 0.9, 1.0 / 6.0).to_string();
        assert!(
            few.contains("too few architectures (3) to tell signal from chance, 5 are needed"),
            "{few}"
        );
    }

    /// A small p-value alone is no finding: it says that others do worse, not that this does well.
    #[test]
    fn a_finding_beats_the_baseline_and_chance() {
        assert_eq!(verdict(9, -0.1, 0.01).conclusion, Conclusion::NoSignal);
        assert_eq!(verdict(9, 0.5, 0.031).conclusion, Conclusion::NoSignal);
        assert_eq!(verdict(5, 0.5, 0.02).conclusion, Conclusion::Signal);
        assert_eq!(verdict(4, 0.5, 0.02).conclusion, Conclusion::TooFew);
        assert_eq!(conclusion(9, None, 0.01), Conclusion::NoSignal);
    }
}
