use super::{Crossing, Onset};

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

/// The width of a transition over seeds, decades of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedWidth {
    /// The median over seeds of the least width.
    pub least: f64,
    /// The median over seeds of the most; none where that of half of the seeds is open.
    pub most: Option<f64>,
    /// The least of any seed.
    pub lo: f64,
    /// The most of any seed; none where that of one is open.
    pub hi: Option<f64>,
}

/// The transition of one observable over seeds of one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedOnset {
    /// How many seeds rise; the others fall.
    pub rising: usize,
    /// 10 % of the change.
    pub onset: SeedRange,
    /// 50 % of it.
    pub half: SeedRange,
    /// 90 % of it.
    pub ninety: SeedRange,
    /// From 10 % to 90 %. Its range contains the median of all seeds with the same probability as those of crossings.
    pub width: SeedWidth,
}

/// The transitions of several seeds of one model; none without seeds.
///
/// ```
/// use outcrop_fit::{onset, onset_over_seeds};
///
/// let steps: Vec<f64> = (0..14).map(|i| f64::from(1u32 << i)).collect();
/// let seed = |at: f64| {
///     let values: Vec<f64> = steps.iter().map(|t| if *t < at { 1.0 } else { 8.0 }).collect();
///     onset("value drain", &steps, &values)
/// };
/// let found = onset_over_seeds(&[seed(100.0)?, seed(200.0)?, seed(900.0)?]).expect("there are seeds");
/// assert_eq!((found.rising, found.half.after, found.half.by), (3, 128.0, 256.0));
/// assert_eq!((found.half.lo, found.half.hi, found.half.confidence), (64.0, 1024.0, 0.75));
/// assert_eq!((found.width.least, found.width.hi), (0.0, Some(2f64.log10())));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn onset_over_seeds(onsets: &[Onset]) -> Option<SeedOnset> {
    let crossings = |of: fn(&Onset) -> Crossing| {
        let crossings: Vec<Crossing> = onsets.iter().map(of).collect();
        over_seeds(&crossings)
    };
    Some(SeedOnset {
        rising: onsets.iter().filter(|onset| onset.rises()).count(),
        onset: crossings(|onset| onset.onset)?,
        half: crossings(|onset| onset.half)?,
        ninety: crossings(|onset| onset.ninety)?,
        width: width(onsets),
    })
}

/// `onsets` has one.
fn width(onsets: &[Onset]) -> SeedWidth {
    let n = onsets.len();
    let sorted = |of: fn(&Onset) -> f64| {
        let mut values: Vec<f64> = onsets.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let least = sorted(|onset| onset.width.least);
    let most = sorted(|onset| onset.width.most.unwrap_or(f64::INFINITY));
    let finite = |x: f64| x.is_finite().then_some(x);
    SeedWidth {
        least: least[(n - 1) / 2],
        most: finite(most[n / 2]),
        lo: least[0],
        hi: finite(most[n - 1]),
    }
}
