use std::path::Path;

use outcrop_core::table::Row;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::keyed::{self, ByUnit, Keyed, read};

/// Target vectors of sequences or of positions, from a table with the header `sequence,target`, perhaps with `position`
/// and `dimension` (from 0; without it vectors have one number): a row for each number.
///
/// ```
/// use outcrop_tokens::{ByUnit, Targets};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("targets.csv");
/// std::fs::write(&path, "sequence,dimension,target\n0,0,1\n0,1,-1\n1,0,0.5\n1,1,2\n")?;
/// let targets = Targets::read(&path, &[3, 2]).expect("they are of two sequences");
/// assert_eq!((targets.columns, targets.of), (2, ByUnit::Sequences(vec![1.0, -1.0, 0.5, 2.0])));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// How many numbers a vector has.
    pub columns: usize,
    /// The numbers, vector after vector.
    pub of: ByUnit<Vec<f32>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct TargetRow {
    sequence: u32,
    #[serde(default)]
    position: Option<u32>,
    #[serde(default)]
    dimension: Option<u32>,
    target: Option<f64>,
}

impl Row for TargetRow {
    const REQUIRED: &'static [&'static str] = &["sequence", "target"];
    const HEADER: &'static [&'static str] = &["sequence", "position", "dimension", "target"];
    const NAMED: &'static [&'static str] = &[];

    fn key(&self) -> String {
        let Self {
            sequence,
            position,
            dimension,
            ..
        } = self;
        format!("sequence {sequence}, position {position:?}, dimension {dimension:?}")
    }
}

impl Keyed for TargetRow {
    const WHAT: &'static str = "targets";

    fn sequence(&self) -> u32 {
        self.sequence
    }

    fn position(&self) -> Option<u32> {
        self.position
    }

    fn dimension(&self) -> u32 {
        self.dimension.unwrap_or(0)
    }

    fn value(&self) -> Result<String, String> {
        if self.dimension.is_some_and(|at| at >= MOST) {
            return Err(format!(
                "dimension = {}, allowed is 0 to {}",
                self.dimension(),
                MOST - 1
            ));
        }
        let finite = self.target.filter(|x| (*x as f32).is_finite());
        match finite {
            Some(target) => Ok(target.to_string()),
            None => Err(match self.target {
                Some(x) => format!("target = {x}, allowed is a finite number"),
                None => "target is empty; give a number".into(),
            }),
        }
    }
}

/// Most numbers that a vector may have.
const MOST: u32 = 1 << 16;

impl Targets {
    /// Reads the targets of sequences with `lengths` positions each; all of them must have one.
    ///
    /// # Errors
    /// As [`Labels::read`](crate::Labels::read), and [`Error::Table`](crate::Error::Table) for a number that is not
    /// there.
    pub fn read(path: &Path, lengths: &[usize]) -> Result<Self> {
        let found = read::<TargetRow>(path, lengths)?;
        let last = found.rows.keys().map(|(.., dimension)| *dimension).max();
        let columns = last.map_or(0, |last| last as usize + 1);
        let vector = |sequence: usize, position: Option<usize>| {
            let number = |dimension: usize| {
                let key = (
                    sequence as u32,
                    position.map(|p| p as u32),
                    dimension as u32,
                );
                let target = found.rows.get(&key).and_then(|row| row.target);
                target.map(|target| target as f32).ok_or_else(|| {
                    let position = position.map_or_else(String::new, |p| format!(", position {p}"));
                    let lacks = format!("dimension {dimension} of sequence {sequence}{position}");
                    let reason = format!("it has no target for {lacks}; give one for each");
                    keyed::error::<TargetRow>(path, reason)
                })
            };
            (0..columns).map(number).collect::<Result<Vec<f32>>>()
        };
        let all = |vectors: &mut dyn Iterator<Item = Result<Vec<f32>>>| {
            let vectors: Result<Vec<Vec<f32>>> = vectors.collect();
            Ok(vectors?.concat())
        };
        let of_sequence = |(sequence, length): (usize, &usize)| {
            all(&mut (0..*length).map(|position| vector(sequence, Some(position))))
        };
        let of = match found.of_positions {
            true => {
                let lists = lengths.iter().enumerate().map(of_sequence);
                ByUnit::Positions(lists.collect::<Result<_>>()?)
            }
            false => ByUnit::Sequences(all(&mut (0..lengths.len()).map(|s| vector(s, None)))?),
        };
        Ok(Self { columns, of })
    }
}
