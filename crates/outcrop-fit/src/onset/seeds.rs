use super::Crossing;

/// A crossing over seeds. Seeds are the samples, not checkpoints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedRange {
    /// The number of seeds.
    pub seeds: usize,
    /// The median over seeds of the checkpoints before the crossing, steps.
    pub after: f64,
    /// The median over seeds of the checkpoints behind it.
    pub by: f64,
    /// The earliest checkpoint before a crossing.
    pub lo: f64,
    /// The latest checkpoint behind one.
    pub hi: f64,
    /// The probability that `lo` to `hi` contains the median of all seeds that one could draw: at least 1 - 2^(1 - n),
    /// whatever their distribution. 3 seeds reach 75 %, 6 reach 97 %.
    pub confidence: f64,
}

/// The crossings of several seeds of one model; none without seeds.
///
/// ```
/// use outcrop_fit::{Crossing, over_seeds};
///
/// let crossing = |after, by| Crossing { after, by, lo: after, hi: by };
/// let found = over_seeds(&[crossing(512.0, 1000.0), crossing(256.0, 512.0), crossing(512.0, 1000.0)]);
/// let found = found.expect("there are seeds");
/// assert_eq!((found.after, found.by, found.lo, found.hi), (512.0, 1000.0, 256.0, 1000.0));
/// assert_eq!(found.confidence, 0.75);
/// ```
pub fn over_seeds(crossings: &[Crossing]) -> Option<SeedRange> {
    if crossings.is_empty() {
        return None;
    }
    let sorted = |of: fn(&Crossing) -> f64| {
        let mut values: Vec<f64> = crossings.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let (after, by) = (sorted(|c| c.after), sorted(|c| c.by));
    let n = crossings.len();
    Some(SeedRange {
        seeds: n,
        // of an even number the outer of the two in the middle: the median lies between them
        after: after[(n - 1) / 2],
        by: by[n / 2],
        lo: after[0],
        hi: by[n - 1],
        confidence: 1.0 - 0.5f64.powf((n - 1) as f64),
    })
}
