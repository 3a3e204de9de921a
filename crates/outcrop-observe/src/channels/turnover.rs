use crate::observable::{Column, Compute, Observable};
use crate::{Companion, Found, Missing, Sample, Site, View};

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
    convention: "the 10 channels with the largest max |h| over positions, of equal ones the first; common channels over \
                 all channels of the two sets. Missing for 10 channels or fewer, which are always the same",
    cost: "O(n d) time, O(d) memory",
    source: "arXiv 2602.02047",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let own = match sample.own_channels() {
        Some(channels) => channels.map(<[usize]>::to_vec),
        None => top_channels_of(sample),
    };
    let with = |step| {
        let other = match sample.top_channels(step) {
            Some(channels) => channels.map(<[usize]>::to_vec),
            None => sample.companion(step).and_then(top_channels),
        }?;
        let own = own.as_ref().map_err(|missing| *missing)?;
        Ok(jaccard(own, &other))
    };
    [Companion::StepBefore, Companion::LastStep]
        .map(with)
        .to_vec()
}

/// The Jaccard index of two sets of channels, each without repeats: those in common over all, 0 to 1; NaN for two empty
/// ones.
///
/// ```
/// assert_eq!(outcrop_observe::jaccard(&[5, 2, 7], &[7, 5, 9]), 0.5);
/// ```
pub fn jaccard(a: &[usize], b: &[usize]) -> f64 {
    let common = a.iter().filter(|channel| b.contains(channel)).count();
    common as f64 / (a.len() + b.len() - common) as f64
}

/// The 10 channels (columns, from 0) with the largest max |h| over positions, the largest first, of equal ones the
/// first. What `channel_turnover` compares.
///
/// ```
/// use outcrop_observe::{Missing, View, top_channels};
///
/// let row: Vec<f32> = (0..12).map(|channel| channel as f32 - 3.0).collect();
/// assert_eq!(top_channels(View::new(&row, 12)?), Ok(vec![11, 10, 9, 8, 7, 0, 6, 1, 5, 2]));
/// assert_eq!(top_channels(View::new(&row, 6)?), Err(Missing::TooShort));
/// # Ok::<(), outcrop_observe::Error>(())
/// ```
///
/// # Errors
/// [`Missing::TooShort`] for 10 channels or fewer, [`Missing::Constant`] where all maxima are equal,
/// [`Missing::NotFinite`].
pub fn top_channels(tensor: View<'_>) -> Result<Vec<usize>, Missing> {
    top_channels_of(&Sample::new(tensor))
}

/// As [`top_channels`], of the tensor of a sample: it is not read again where it is observed, too.
///
/// # Errors
/// As [`top_channels`].
pub fn top_channels_of(sample: &Sample<'_>) -> Result<Vec<usize>, Missing> {
    match (sample.tensor().columns() <= TOP, sample.is_finite()) {
        (true, _) => Err(Missing::TooShort),
        (false, false) => Err(Missing::NotFinite),
        (false, true) => top(&sample.summary().columns.largest),
    }
}

/// The channels with the largest of more than 10 maxima.
fn top(maxima: &[f32]) -> Result<Vec<usize>, Missing> {
    if maxima.iter().all(|most| *most == maxima[0]) {
        return Err(Missing::Constant);
    }
    let mut channels: Vec<usize> = (0..maxima.len()).collect();
    let larger_first = |a: &usize, b: &usize| maxima[*b].total_cmp(&maxima[*a]).then(a.cmp(b));
    channels.select_nth_unstable_by(TOP, larger_first);
    channels.truncate(TOP);
    channels.sort_unstable_by(larger_first);
    Ok(channels)
}
