//! Permutations of n things, numbered in lexicographic order: number 0 is the identity.

/// n!, how many there are.
pub(super) fn count(n: usize) -> usize {
    (1..=n).product()
}

/// The number of the permutation i -> a(b(i)).
pub(super) fn compose(a: usize, b: usize, n: usize) -> usize {
    let (a, b) = (listed(a, n), listed(b, n));
    let composed: Vec<usize> = b.iter().map(|i| a[*i]).collect();
    number(&composed)
}

/// To what each of 0 to n - 1 goes.
fn listed(mut number: usize, n: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..n).collect();
    let choose = |size: usize| {
        let at = number / count(size - 1);
        number %= count(size - 1);
        left.remove(at)
    };
    (1..=n).rev().map(choose).collect()
}

/// How many come before it.
fn number(permutation: &[usize]) -> usize {
    let n = permutation.len();
    let of = |(i, image): (usize, &usize)| {
        let smaller = permutation[i + 1..].iter().filter(|later| *later < image);
        smaller.count() * count(n - 1 - i)
    };
    permutation.iter().enumerate().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_lexicographic_order() {
        for n in 1..=5 {
            let all: Vec<Vec<usize>> = (0..count(n)).map(|i| listed(i, n)).collect();
            assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] != pair[1]));
            assert!(all.iter().enumerate().all(|(i, one)| number(one) == i));
        }
    }

    /// First b, then a: (0 1) after (1 2) sends 2 to 0.
    #[test]
    fn the_right_one_comes_first() {
        let composed = compose(number(&[1, 0, 2]), number(&[0, 2, 1]), 3);
        assert_eq!(listed(composed, 3), [1, 2, 0]);
    }
}
