use serde::{Deserialize, Serialize};

/// The two factors of a design that go together most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// Their keys.
    pub factors: [String; 2],
    /// Pearson's coefficient over the points, -1 to 1; of words and lists by their place in the list, of ranges with
    /// `scale = "log"` by their logarithm.
    pub value: f64,
}

/// The pair of columns with the largest absolute coefficient; none for less than two columns that vary.
/// `points`: a row a point, a column a factor.
pub(super) fn largest(names: &[String], points: &[Vec<f64>]) -> Option<Correlation> {
    let mut found: Option<Correlation> = None;
    for a in 0..names.len() {
        for b in a + 1..names.len() {
            let Some(value) = pearson(points.iter().map(|p| (p[a], p[b]))) else {
                continue;
            };
            if found.as_ref().is_none_or(|f| value.abs() > f.value.abs()) {
                let factors = [names[a].clone(), names[b].clone()];
                found = Some(Correlation { factors, value });
            }
        }
    }
    found
}

/// Pearson's coefficient of correlation; none where one of the two does not vary.
fn pearson(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let n = pairs.clone().count() as f64;
    let sums = pairs
        .clone()
        .fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    let (mean_a, mean_b) = (sums.0 / n, sums.1 / n);
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        let (a, b) = (a - mean_a, b - mean_b);
        aa += a * a;
        ab += a * b;
        bb += b * b;
    }
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of (1,1), (2,3), (3,2) it is 1/2; of a column and its negative, -1.
    #[test]
    fn the_largest_coefficient_is_found() {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let rows = [
            [1.0, 1.0, 7.0, -1.0],
            [2.0, 3.0, 7.0, -3.0],
            [3.0, 2.0, 7.0, -2.0],
        ];
        let points = rows.map(Vec::from);
        let of_two = largest(&names[..2], &points).unwrap();
        assert!((of_two.value - 0.5).abs() < 1e-15);
        let found = largest(&names, &points).unwrap();
        assert_eq!(
            (found.factors, found.value),
            (["b", "d"].map(str::to_owned), -1.0)
        );
        assert_eq!(largest(&names[2..3], &points), None);
    }
}
