//! The last step as a printed table.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_core::table::{self, Streamed};
use outcrop_core::{Error as CoreError, Measurement, Top};
use outcrop_tokens::Sequences;

use super::super::output::{columns, significant};
use crate::Result;

/// One row for each layer: means over the sequences of the last step in the table that is not in `failed`, the most
/// frequent place of the largest magnitude, and the ratio of the columns `later_`; empty if the table has no such rows.
pub(super) fn last_step(path: &Path, tokens: &Sequences, failed: &[u64]) -> Result<Option<String>> {
    let rows = rows_of_last_step(path, failed)?;
    let Some(step) = rows.first().map(|row| row.step) else {
        return Ok(None);
    };
    let mut layers: BTreeMap<u32, Vec<&Measurement>> = BTreeMap::new();
    for row in &rows {
        layers.entry(row.layer).or_default().push(row);
    }
    let mut lines = vec![HEADER.map(str::to_owned).to_vec()];
    lines.extend(
        layers
            .iter()
            .map(|(layer, rows)| line(*layer, rows, tokens)),
    );
    Ok(Some(format!("step {step}\n{}", columns(&lines))))
}

const HEADER: [&str; 13] = [
    "layer",
    "top1",
    "top2",
    "top3",
    "median",
    "ratio",
    "massive",
    "RMS",
    "kurtosis",
    "position",
    "channel",
    "token",
    "later ratio",
];

fn rows_of_last_step(path: &Path, failed: &[u64]) -> Result<Vec<Measurement>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let file = std::fs::File::open(path).map_err(|e| CoreError::io("read", path, e))?;
    let mut rows: Vec<Measurement> = Vec::new();
    for item in table::measurement_stream(file, &path.display().to_string())? {
        let Streamed::Row(row) = item? else { continue };
        if failed.contains(&row.step) {
            continue;
        }
        match rows.first().map(|first| first.step.cmp(&row.step)) {
            Some(std::cmp::Ordering::Greater) => continue,
            Some(std::cmp::Ordering::Less) => rows.clear(),
            _ => {}
        }
        rows.push(row);
    }
    Ok(rows)
}

fn line(layer: u32, rows: &[&Measurement], tokens: &Sequences) -> Vec<String> {
    let mean = |value: &dyn Fn(&Measurement) -> Option<f64>| {
        let values: Option<Vec<f64>> = rows.iter().map(|row| value(row)).collect();
        values.map(|values| values.iter().sum::<f64>() / values.len() as f64)
    };
    let magnitude = |top: Option<Top>| top.map(|t| f64::from(t.magnitude));
    let word = |value: Option<f64>| value.map_or(String::new(), significant);
    let [top1, top2, top3] = [0, 1, 2].map(|k| mean(&|row| magnitude(row.stats.top[k])));
    let median = mean(&|row| row.stats.median.map(f64::from));
    let later = mean(&|row| magnitude(row.detail.later?.top[0]));
    let later_median = mean(&|row| row.detail.later?.median.map(f64::from));
    let over = |a: Option<f64>, b: Option<f64>| Some(a? / b?).filter(|r| r.is_finite());
    let (position, channel, token) = most_common_place(rows, tokens);
    vec![
        layer.to_string(),
        word(top1),
        word(top2),
        word(top3),
        word(median),
        word(over(top1, median)),
        word(mean(&|row| row.detail.massive.map(|n| n as f64))),
        word(mean(&|row| row.detail.spread.map(|s| s.rms))),
        word(mean(&|row| row.detail.spread?.kurtosis)),
        position,
        channel,
        token,
        word(over(later, later_median)),
    ]
}

/// The place of the largest magnitude in most sequences.
fn most_common_place(rows: &[&Measurement], tokens: &Sequences) -> (String, String, String) {
    let mut places: BTreeMap<(u32, u32, Option<u32>), usize> = BTreeMap::new();
    for row in rows {
        if let Some(top) = row.stats.top[0] {
            let place = (top.place.position, top.place.channel, row.detail.tokens[0]);
            *places.entry(place).or_default() += 1;
        }
    }
    let most = places.into_iter().max_by_key(|(_, count)| *count);
    let Some(((position, channel, token), _)) = most else {
        return Default::default();
    };
    let text = token.map_or(String::new(), |id| match tokens.token_text(id) {
        Some(text) => format!("{id} {text:?}"),
        None => id.to_string(),
    });
    (position.to_string(), channel.to_string(), text)
}
