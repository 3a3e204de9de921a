//! Pareto fronts.

/// Whether `a` is nowhere lower than `b` and somewhere higher; both are numbers to be large.
pub(super) fn dominates(a: &[f64], b: &[f64]) -> bool {
    let pairs = || a.iter().zip(b);
    pairs().all(|(a, b)| a >= b) && pairs().any(|(a, b)| a > b)
}

/// Indices of the merits that no other one dominates, in their order.
pub(super) fn front(merits: &[Vec<f64>]) -> Vec<usize> {
    let mut front: Vec<usize> = Vec::new();
    for i in 0..merits.len() {
        extend(&mut front, merits, i);
    }
    front.sort_unstable();
    front
}

/// Adds `merits[new]` to a front, unless it is dominated, and drops what it dominates.
pub(super) fn extend(front: &mut Vec<usize>, merits: &[Vec<f64>], new: usize) {
    if front.iter().any(|f| dominates(&merits[*f], &merits[new])) {
        return;
    }
    front.retain(|f| !dominates(&merits[new], &merits[*f]));
    front.push(new);
}

/// The share of `others` that something in `front` dominates (Zitzler and Thiele 1999, strictly);
/// 0 of none.
pub(super) fn coverage(front: &[Vec<f64>], others: &[Vec<f64>]) -> f64 {
    let beaten = |o: &&Vec<f64>| front.iter().any(|f| dominates(f, o));
    others.iter().filter(beaten).count() as f64 / others.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_front_is_what_brute_force_leaves(
            merits in prop::collection::vec(prop::collection::vec((0u8..5).prop_map(f64::from), 3), 0..40),
        ) {
            let beaten = |i: usize| merits.iter().any(|m| dominates(m, &merits[i]));
            let expected: Vec<usize> = (0..merits.len()).filter(|i| !beaten(*i)).collect();
            prop_assert_eq!(front(&merits), expected);
            prop_assert_eq!(merits.is_empty(), front(&merits).is_empty());
        }
    }

    #[test]
    fn coverage_counts_what_is_beaten_strictly() {
        let ours = [vec![1.0, 3.0], vec![3.0, 1.0]];
        let theirs = [
            vec![1.0, 3.0],
            vec![0.5, 3.0],
            vec![2.0, 2.0],
            vec![3.0, 0.0],
        ];
        assert_eq!(coverage(&ours, &theirs), 0.5);
        assert_eq!(coverage(&ours, &[]), 0.0);
    }
}
