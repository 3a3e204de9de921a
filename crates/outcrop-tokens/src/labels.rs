use std::collections::BTreeSet;
use std::path::Path;

use outcrop_core::table::Row;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::keyed::{ByUnit, Keyed, read};

/// The label of a sequence or a position that has none.
pub const NO_LABEL: u32 = u32::MAX;

/// Labels of sequences (`sequence,label`) or of positions (`sequence,position,label`), from a table with such a header.
/// Sequences and positions count from 0, a BOS is a position. A label is any word; those without one are left out.
///
/// ```
/// use outcrop_tokens::{ByUnit, Labels, NO_LABEL};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("labels.csv");
/// std::fs::write(&path, "sequence,position,label\n0,1,noun\n0,2,verb\n1,0,noun\n")?;
/// let labels = Labels::read(&path, &[3, 2]).expect("they are of two sequences");
/// assert_eq!(labels.classes, ["noun", "verb"]);
/// let of = [vec![NO_LABEL, 0, 1], vec![0, NO_LABEL]];
/// assert_eq!(labels.of, ByUnit::Positions(of.to_vec()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The words, in alphabetical order.
    pub classes: Vec<String>,
    /// Their numbers, from 0; [`NO_LABEL`] for none.
    pub of: ByUnit<Vec<u32>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct LabelRow {
    sequence: u32,
    #[serde(default)]
    position: Option<u32>,
    label: String,
}

impl Row for LabelRow {
    const REQUIRED: &'static [&'static str] = &["sequence", "label"];
    const HEADER: &'static [&'static str] = &["sequence", "position", "label"];
    const NAMED: &'static [&'static str] = &["label"];

    fn key(&self) -> String {
        format!("sequence {}, position {:?}", self.sequence, self.position)
    }
}

impl Keyed for LabelRow {
    const WHAT: &'static str = "labels";

    fn sequence(&self) -> u32 {
        self.sequence
    }

    fn position(&self) -> Option<u32> {
        self.position
    }

    fn value(&self) -> Result<String, String> {
        Ok(self.label.clone())
    }
}

impl Labels {
    /// Reads the labels of sequences with `lengths` positions each.
    ///
    /// # Errors
    /// [`Error::Table`](crate::Error::Table) for a line that cannot be read, a sequence or position that is not there
    /// or is there twice, and where only some rows have a position; [`Error::Core`](crate::Error::Core).
    pub fn read(path: &Path, lengths: &[usize]) -> Result<Self> {
        let found = read::<LabelRow>(path, lengths)?;
        let classes: BTreeSet<String> = found.rows.values().map(|row| row.label.clone()).collect();
        let classes: Vec<String> = classes.into_iter().collect();
        let number = |label: &String| match classes.binary_search(label) {
            Ok(class) => class as u32,
            Err(_) => NO_LABEL,
        };
        let label = |sequence: usize, position: Option<usize>| {
            let key = (sequence as u32, position.map(|p| p as u32), 0);
            let row = found.rows.get(&key);
            row.map_or(NO_LABEL, |row| number(&row.label))
        };
        let of_sequence = |(sequence, length): (usize, &usize)| {
            let all = (0..*length).map(|position| label(sequence, Some(position)));
            all.collect()
        };
        let of = match found.of_positions {
            true => ByUnit::Positions(lengths.iter().enumerate().map(of_sequence).collect()),
            false => ByUnit::Sequences((0..lengths.len()).map(|s| label(s, None)).collect()),
        };
        Ok(Self { classes, of })
    }
}
