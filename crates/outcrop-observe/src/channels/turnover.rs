use crate::observable::{Column, Observable, Reads};
use crate::{Companion, Found, Missing, Sample, Site, View, sums};

/// How many channels are compared.
const TOP: usize = 10;

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [0.0, 1.0],
        meaning,
    }
}

/// Whether the largest channels are those of another step.
pub(crate) const TURNOVER: Observable = Observable {
    name: "channel_turnover",
    family: "channels",
    columns: &[
        column(
            "jaccard_step_before",
            "Jaccard index of the top 10 channels with those of the step before: 1 for the same, 0 for none in common",
        ),
        column("jaccard_last_step", "the same with those of the last step"),
    ],
    sites: Site::STATES,
    needs: "the tensor of the step before, that of the last step",
    reads: Reads::All,
    convention: "the 10 channels with the largest max |h| over positions, of equal ones the first; common channels over \
                 all channels of the two sets. Missing for 10 channels or fewer, which are always the same",
    cost: "O(n d) time, O(d) memory",
    source: "arXiv 2602.02047",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let steps = [Companion::StepBefore, Companion::LastStep];
    let with = |step| {
        sample
            .companion(step)
            .and_then(|other| jaccard(sample.tensor(), other))
    };
    steps.map(with).to_vec()
}

fn jaccard(a: View<'_>, b: View<'_>) -> Found {
    let (Some(a), Some(b)) = (top(a)?, top(b)?) else {
        return Err(Missing::Constant);
    };
    let common = a.iter().filter(|channel| b.contains(channel)).count();
    Ok(common as f64 / (2 * TOP - common) as f64)
}

/// The channels with the largest maxima; none where all are equal.
fn top(tensor: View<'_>) -> Result<Option<Vec<usize>>, Missing> {
    if tensor.columns() <= TOP {
        return Err(Missing::TooShort);
    }
    let maxima = sums::column_maxima(tensor.iter(), tensor.columns());
    if maxima.iter().all(|most| *most == maxima[0]) {
        return Ok(None);
    }
    let mut channels: Vec<usize> = (0..maxima.len()).collect();
    channels.sort_by(|a, b| maxima[*b].total_cmp(&maxima[*a]));
    channels.truncate(TOP);
    Ok(Some(channels))
}
