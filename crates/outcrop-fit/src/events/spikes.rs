/// How many points on either side a loss is compared with.
const REACH: usize = 10;
/// Points before the first that may be a spike, and the least to either side.
const FEWEST: usize = 5;
/// Standard deviations of the points around from which a loss is a spike.
const STANDARD_DEVIATIONS: f64 = 8.0;
/// The median absolute deviation of normal noise, in standard deviations.
const MEDIAN_DEVIATION: f64 = 0.6745;
/// The least standard deviation, as a share of the loss: a loss without noise has no spike of rounding.
const LEAST_SHARE: f64 = 1e-3;

/// A loss far above those around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossSpike {
    /// The step where it is largest.
    pub step: f64,
    /// The first step of it.
    pub first: f64,
    /// The last step of it.
    pub last: f64,
    /// By how much the loss is above the median of the steps around, in its unit (nats); infinite where it is no number.
    pub height: f64,
    /// The same in standard deviations of the steps around.
    pub deviations: f64,
}

/// The spikes of a loss at ascending steps, in order; points closer than 10 to one another count as one spike where the
/// loss stays up between them.
///
/// Each loss is compared with the line through the points up to 10 before and 10 behind it: the median of their residuals
/// about it, and their median absolute deviation (at least 1e-3 of the loss). It is a spike from 8 standard deviations
/// above. The line is Theil and Sen's, so that neither the fall of the loss nor the spike itself moves it. The first 5
/// points are no spikes, nor are any of fewer than 11. A loss that is no number is one.
///
/// ```
/// let steps: Vec<f64> = (0..200).map(|i| 10.0 * f64::from(i)).collect();
/// let mut loss: Vec<f64> = steps.iter().map(|t| 3.0 + 7.0 * (-t / 400.0).exp()).collect();
/// loss[120] += 1.5;
/// loss[121] += 0.4;
/// let found = outcrop_fit::loss_spikes(&steps, &loss);
/// assert_eq!((found.len(), found[0].step, found[0].last), (1, 1200.0, 1210.0));
/// assert!((found[0].height - 1.5).abs() < 0.02);
/// ```
pub fn loss_spikes(steps: &[f64], loss: &[f64]) -> Vec<LossSpike> {
    let n = steps.len().min(loss.len());
    let mut found: Vec<(usize, LossSpike)> = Vec::new();
    if n < 2 * FEWEST + 1 {
        return Vec::new();
    }
    for at in 0..n {
        let Some([height, deviations]) = above(steps, &loss[..n], at) else {
            continue;
        };
        let spike = LossSpike {
            step: steps[at],
            first: steps[at],
            last: steps[at],
            height,
            deviations,
        };
        match found.last_mut() {
            Some((last, before)) if *last + 1 == at => {
                let highest = if height > before.height {
                    spike
                } else {
                    *before
                };
                (*last, *before) = (
                    at,
                    LossSpike {
                        first: before.first,
                        last: steps[at],
                        ..highest
                    },
                );
            }
            Some(_) | None => found.push((at, spike)),
        }
    }
    found.into_iter().map(|(_, spike)| spike).collect()
}

/// By how much a loss is above those around it, and in standard deviations; none where it is no spike.
fn above(steps: &[f64], loss: &[f64], at: usize) -> Option<[f64; 2]> {
    if !loss[at].is_finite() {
        return Some([f64::INFINITY; 2]);
    }
    // where a run begins its loss bends, which no line follows
    if at < FEWEST {
        return None;
    }
    // at an end the window is on one side, as wide as on both
    let first = at
        .saturating_sub(REACH)
        .min(loss.len().saturating_sub(2 * REACH + 1));
    let last = (first + 2 * REACH + 1).min(loss.len());
    let around = (first..last).filter(|i| *i != at && loss[*i].is_finite());
    let points: Vec<(f64, f64)> = around.map(|i| (steps[i] - steps[at], loss[i])).collect();
    if points.len() < 2 * FEWEST {
        return None;
    }
    let slopes = points.iter().enumerate().flat_map(|(i, a)| {
        let behind = &points[i + 1..];
        behind.iter().map(move |b| (b.1 - a.1) / (b.0 - a.0))
    });
    let slope = median(slopes.collect());
    let rests: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
    let middle = median(rests.clone());
    let scatter = median(rests.iter().map(|r| (r - middle).abs()).collect()) / MEDIAN_DEVIATION;
    let scale = scatter
        .max(LEAST_SHARE * middle.abs())
        .max(f64::MIN_POSITIVE);
    let height = loss[at] - middle;
    (height >= STANDARD_DEVIATIONS * scale).then(|| [height, height / scale])
}

/// `values` has one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    0.5 * (values[(n - 1) / 2] + values[n / 2])
}
