/// By how much one moment comes before another, over seeds. Seeds are the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedLead {
    /// The number of seeds.
    pub seeds: usize,
    /// In how many of them the first moment is earlier.
    pub earlier: usize,
    /// In how many it is later; in the others both are the same step.
    pub later: usize,
    /// The median over seeds of log10(second / first): decades of steps, above 0 where the first is earlier.
    pub median: f64,
    /// The lower end of the interval of the median of all seeds that one could draw.
    pub lo: f64,
    /// The upper end of it.
    pub hi: f64,
    /// The probability of the interval, whatever the distribution: the narrowest between two seeds that has 95 % or more;
    /// below 6 seeds the range of all, 1 - 2^(1 - n).
    pub confidence: f64,
    /// The probability of so uneven a division into earlier and later where either is as likely (sign test, two-sided,
    /// ties left out); 1 without any.
    pub p: f64,
}

/// The least probability of the interval, where there are seeds enough.
const LEVEL: f64 = 0.95;

/// By how much the first moment of each pair comes before the second, each in steps; those below 1 count as 1, since no
/// decade begins at 0. None without seeds, or with a moment that is not finite.
///
/// ```
/// use outcrop_fit::lead_over_seeds;
///
/// let seeds: Vec<(f64, f64)> = (1..=8).map(|seed| (100.0, 100.0 * f64::from(seed))).collect();
/// let found = lead_over_seeds(&seeds).expect("there are seeds");
/// assert_eq!((found.earlier, found.later), (7, 0)); // the first of them is a tie
/// assert_eq!((found.lo, found.hi), (0.0, 8f64.log10()));
/// assert_eq!(found.confidence, 1.0 - 2.0 / 256.0); // without the outermost it would be 93 %
/// assert_eq!(found.p, 2.0 / 128.0);
/// ```
pub fn lead_over_seeds(moments: &[(f64, f64)]) -> Option<SeedLead> {
    let decades = |(first, second): &(f64, f64)| (second.max(1.0) / first.max(1.0)).log10();
    let finite = |(first, second): &(f64, f64)| first.is_finite() && second.is_finite();
    if moments.is_empty() || !moments.iter().all(finite) {
        return None;
    }
    let mut leads: Vec<f64> = moments.iter().map(decades).collect();
    leads.sort_by(f64::total_cmp);
    let n = leads.len();
    let earlier = leads.iter().filter(|lead| **lead > 0.0).count();
    let later = leads.iter().filter(|lead| **lead < 0.0).count();
    let covered = |cut: usize| 1.0 - 2.0 * at_most(cut, n);
    let cut = (0..n / 2).rev().find(|cut| covered(*cut) >= LEVEL);
    let cut = cut.unwrap_or(0);
    Some(SeedLead {
        seeds: n,
        earlier,
        later,
        median: (leads[(n - 1) / 2] + leads[n / 2]) / 2.0,
        lo: leads[cut],
        hi: leads[n - 1 - cut],
        confidence: covered(cut).max(0.0),
        p: (2.0 * at_most(earlier.min(later), earlier + later)).min(1.0),
    })
}

/// The probability of at most `k` heads in `n` tosses.
fn at_most(k: usize, n: usize) -> f64 {
    let mut term = 0.5f64.powi(n as i32);
    let mut sum = term;
    for i in 0..k {
        term *= (n - i) as f64 / (i + 1) as f64;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `scipy.stats.binomtest(2, 12).pvalue` and `binom.cdf(2, 12, 0.5)`.
    #[test]
    fn twelve_seeds_leave_out_the_two_outermost_on_either_side() {
        let leads = [-2, -1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        let pairs = leads.map(|lead| (100.0, 100.0 * 10f64.powf(f64::from(lead) / 10.0)));
        let found = lead_over_seeds(&pairs).unwrap();
        assert!((found.lo - 0.3).abs() < 1e-12 && (found.hi - 1.0).abs() < 1e-12);
        assert!((found.confidence - (1.0 - 2.0 * 0.019287109375)).abs() < 1e-12);
        assert!((found.median - 0.65).abs() < 1e-12);
        assert_eq!((found.earlier, found.later), (10, 2));
        assert!((found.p - 0.03857421875).abs() < 1e-12);
    }

    #[test]
    fn few_seeds_and_ties_say_little() {
        let found = lead_over_seeds(&[(10.0, 100.0), (10.0, 1000.0), (7.0, 7.0)]).unwrap();
        assert_eq!((found.confidence, found.p), (0.75, 0.5));
        assert_eq!((found.lo, found.median, found.hi), (0.0, 1.0, 2.0));
        let one = lead_over_seeds(&[(0.0, 10.0)]).unwrap();
        assert_eq!((one.confidence, one.p, one.median), (0.0, 1.0, 1.0));
        assert_eq!(lead_over_seeds(&[(5.0, 5.0)]).unwrap().p, 1.0);
        assert_eq!(lead_over_seeds(&[]), None);
        assert_eq!(lead_over_seeds(&[(f64::NAN, 1.0)]), None);
    }

    /// Of the medians of draws the intervals contain the true one as often as they say.
    #[test]
    fn the_interval_covers() {
        let mut source = crate::random::Source::new(5);
        let mut covered = 0;
        for _ in 0..2000 {
            let mut draws = [0.0; 9];
            source.autoregressive(0.0, &mut draws);
            let pairs = draws.map(|lead| (100.0, 100.0 * 10f64.powf(lead)));
            let found = lead_over_seeds(&pairs).unwrap();
            covered += usize::from(found.lo <= 0.0 && 0.0 <= found.hi);
        }
        // 9 seeds without the outermost: 96.1 %
        assert!(
            (0.945..0.976).contains(&(covered as f64 / 2000.0)),
            "{covered}"
        );
    }
}
