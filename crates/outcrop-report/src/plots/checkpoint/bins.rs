use std::ops::Range;

/// `count` items in at most `most` groups of neighbours, as equal as they can be.
pub(super) fn bins(count: usize, most: usize) -> Vec<Range<usize>> {
    let n = count.min(most).max(1);
    let (size, larger) = (count / n, count % n);
    let start = |i: usize| i * size + i.min(larger);
    let bins = (0..n).map(|i| start(i)..start(i + 1));
    bins.filter(|b| !b.is_empty()).collect()
}

/// The largest finite |value|; none where there is none.
pub(super) fn largest(values: &[f32]) -> Option<f64> {
    let finite = values.iter().filter(|v| v.is_finite());
    finite.map(|v| f64::from(v.abs())).max_by(f64::total_cmp)
}

/// In words, the number of items in each group; none if each has its own.
pub(super) fn grouped(bins: &[Range<usize>], items: &str) -> Option<String> {
    let most = bins.iter().map(Range::len).max().unwrap_or(0);
    let least = bins.iter().map(Range::len).min().unwrap_or(0);
    match (least, most) {
        (_, 0 | 1) => None,
        (least, most) if least == most => Some(format!("{most} {items}")),
        (least, most) => Some(format!("{least} to {most} {items}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_cover_every_item_once() {
        for (count, most) in [(0, 5), (1, 5), (5, 5), (7, 3), (65_536, 400), (3, 0)] {
            let bins = bins(count, most);
            assert!(bins.len() <= most.max(1) && bins.iter().all(|b| !b.is_empty()));
            assert!(bins.iter().cloned().flatten().eq(0..count));
            let sizes = || bins.iter().map(Range::len);
            assert!(sizes().max().unwrap_or(0) - sizes().min().unwrap_or(0) <= 1);
        }
    }

    #[test]
    fn the_largest_is_finite_and_has_no_sign() {
        assert_eq!(largest(&[1.0, -3.0, f32::NAN, f32::INFINITY]), Some(3.0));
        assert_eq!(largest(&[f32::NAN]), None);
    }

    #[test]
    fn groups_are_said_in_words() {
        assert_eq!(grouped(&bins(7, 3), "layers"), Some("2 to 3 layers".into()));
        assert_eq!(grouped(&bins(8, 2), "layers"), Some("4 layers".into()));
        assert_eq!(grouped(&bins(3, 5), "layers"), None);
    }
}
