use super::MAX_LAYERS;
use super::array::{self, STATISTICS};
use outcrop_arch::ArchSpec;

use crate::{Detail, LayerStats, Measurement, Place, Top};

const NAMES: [&str; STATISTICS] = ["top1", "top2", "top3", "median"];

/// The statistics in one file.
pub(super) struct Stats {
    layers: usize,
    /// Layer after layer, sequence after sequence.
    columns: Vec<[f32; STATISTICS]>,
    /// What is noteworthy though everything was read.
    pub(super) noteworthy: Option<String>,
}

/// The statistics in the text of one file; the error is the reason why there are none.
pub(super) fn parse(text: &str, size: &str) -> Result<Stats, String> {
    let array = array::parse(text)?;
    let layers = array.layers;
    if layers > MAX_LAYERS {
        return Err(format!("{layers} layers, at most {MAX_LAYERS} are read"));
    }
    if let Ok(spec) = ArchSpec::pythia(size)
        && spec.layers != layers
    {
        return Err(format!(
            "{layers} layers, pythia-{size} has {}",
            spec.layers
        ));
    }
    let columns: Vec<[f32; STATISTICS]> = array
        .values
        .chunks_exact(STATISTICS * layers)
        .flat_map(|one| (0..layers).map(|l| std::array::from_fn(|row| one[row * layers + l])))
        .collect();
    for (at, column) in columns.iter().enumerate() {
        if is_magnitude(column[0]) && is_magnitude(column[3]) && column[0] < column[3] {
            return Err(format!(
                "sequence {}, layer {}: top1 = {} is below the median = {}",
                at / layers,
                at % layers + 1,
                column[0],
                column[3]
            ));
        }
    }
    Ok(Stats {
        noteworthy: noteworthy(&columns, layers),
        layers,
        columns,
    })
}

impl Stats {
    /// The measurements, for the model and step of the file.
    pub(super) fn measurements(&self, size: &str, step: u64) -> impl Iterator<Item = Measurement> {
        let (model, layers) = (format!("pythia-{size}"), self.layers);
        let columns = self.columns.iter().enumerate();
        columns.map(move |(at, column)| Measurement {
            model: model.clone(),
            step,
            sequence: u32::try_from(at / layers).unwrap_or(u32::MAX),
            layer: u32::try_from(at % layers + 1).unwrap_or(u32::MAX),
            stats: stats(column),
            detail: Detail::default(),
            suspect: None,
            stage: None,
        })
    }
}

fn is_magnitude(value: f32) -> bool {
    value.is_finite() && value >= 0.0
}

/// The files have no places: those are 0.
fn stats(column: &[f32; STATISTICS]) -> LayerStats {
    let place = Place {
        position: 0,
        channel: 0,
    };
    let magnitude = |row: usize| Some(column[row]).filter(|v| is_magnitude(*v));
    let top = |row| magnitude(row).map(|magnitude| Top { magnitude, place });
    LayerStats {
        top: [top(0), top(1), top(2)],
        median: magnitude(3),
        count: 0,
        non_finite: 0,
        first_non_finite: None,
    }
}

/// The values that are no magnitudes: what they belong to has no ratio.
fn noteworthy(columns: &[[f32; STATISTICS]], layers: usize) -> Option<String> {
    let bad = |column: &[f32; STATISTICS]| column.iter().position(|v| !is_magnitude(*v));
    let mut found = columns
        .iter()
        .enumerate()
        .filter_map(|(at, c)| Some((at, bad(c)?)));
    let (at, row) = found.next()?;
    Some(format!(
        "{} of {} columns have a value that is no magnitude (sequence {}, layer {}: {} = {}); \
         a layer without top1 or median is left out at this step",
        found.count() + 1,
        columns.len(),
        at / layers,
        at % layers + 1,
        NAMES[row],
        columns[at][row]
    ))
}
