//! Labels and targets of the sequences.

use outcrop_observe::{Companion, Sample, View};

use crate::{Error, Result};

/// Vectors of so many numbers, one a row, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetRows {
    /// The numbers.
    pub values: Vec<f32>,
    /// How many a row has.
    pub columns: usize,
}

/// What is known of the sequences beside their tokens: what models should tell or give. By default nothing.
///
/// Positions are those of the residual stream: of an image the class token is 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// A label a position of each sequence, [`NO_LABEL`](outcrop_observe::NO_LABEL) for one without.
    pub position_labels: Option<Vec<Vec<u32>>>,
    /// A label a sequence, the same for one without.
    pub sequence_labels: Option<Vec<u32>>,
    /// A target a position of each sequence.
    pub position_targets: Option<Vec<TargetRows>>,
    /// A target a sequence.
    pub sequence_targets: Option<TargetRows>,
}

impl Annotations {
    /// Checks that they are of sequences of so many positions.
    ///
    /// # Errors
    /// [`Error::Annotations`].
    pub(super) fn check(&self, lengths: &[usize]) -> Result<()> {
        let check = |what: &'static str, sequence, found, expected| match found == expected {
            true => Ok(()),
            false => Err(Error::Annotations {
                what,
                sequence,
                found,
                expected,
            }),
        };
        let rows = |rows: &TargetRows| rows.values.len() / rows.columns.max(1);
        if let Some(labels) = &self.sequence_labels {
            check("labels of sequences", None, labels.len(), lengths.len())?;
        }
        if let Some(targets) = &self.sequence_targets {
            check("targets of sequences", None, rows(targets), lengths.len())?;
        }
        let labels = self.position_labels.iter().flatten().map(Vec::len);
        let targets = self.position_targets.iter().flatten().map(rows);
        for (what, counts) in [
            ("labels", labels.collect::<Vec<_>>()),
            ("targets", targets.collect()),
        ] {
            if !counts.is_empty() {
                check(
                    "sequences with positions",
                    None,
                    counts.len(),
                    lengths.len(),
                )?;
            }
            for (sequence, (found, expected)) in counts.iter().zip(lengths).enumerate() {
                check(what, Some(sequence), *found, *expected)?;
            }
        }
        Ok(())
    }

    /// A sample of the positions of a sequence with what is known of them.
    pub(super) fn of_positions<'a>(
        &'a self,
        sequence: usize,
        sample: Sample<'a>,
    ) -> outcrop_observe::Result<Sample<'a>> {
        let labels = self
            .position_labels
            .as_ref()
            .and_then(|all| all.get(sequence));
        let targets = self
            .position_targets
            .as_ref()
            .and_then(|all| all.get(sequence));
        with(sample, labels.map(Vec::as_slice), targets)
    }

    /// A sample of all sequences with what is known of them.
    pub(super) fn of_sequences<'a>(
        &'a self,
        sample: Sample<'a>,
    ) -> outcrop_observe::Result<Sample<'a>> {
        with(
            sample,
            self.sequence_labels.as_deref(),
            self.sequence_targets.as_ref(),
        )
    }
}

fn with<'a>(
    mut sample: Sample<'a>,
    labels: Option<&'a [u32]>,
    targets: Option<&'a TargetRows>,
) -> outcrop_observe::Result<Sample<'a>> {
    if let Some(labels) = labels {
        sample = sample.with_labels(labels)?;
    }
    match targets {
        Some(targets) => {
            let rows = View::new(&targets.values, targets.columns)?;
            sample.with(Companion::Targets, rows)
        }
        None => Ok(sample),
    }
}
