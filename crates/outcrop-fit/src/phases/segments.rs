//! Divisions into phases from which the estimation starts.

use crate::random::Source;

/// The most checkpoints, or groups of them, between which segments may end.
const ENDS: usize = 300;
/// Rounds of k-means at most.
const ROUNDS: usize = 50;

/// Values of one observable at each checkpoint, a vector for each observable.
type Values = [Vec<f64>];

/// Divisions of the checkpoints into `states`: consecutive and equally long; consecutive with the least squares about
/// their means; then random, every other one as clusters of like values where phases may return.
pub(super) fn divisions(
    values: &Values,
    states: usize,
    starts: usize,
    consecutive: bool,
) -> Vec<Vec<usize>> {
    let times = values[0].len();
    let mut source = Source::new(states as u64);
    let of_bounds = |bounds: &[usize]| -> Vec<usize> {
        let before = |time: usize| bounds.iter().filter(|bound| **bound <= time).count();
        (0..times).map(before).collect()
    };
    let mut division = |start: usize| match start {
        0 => of_bounds(&segments(values, states)),
        1 => of_bounds(&(1..states).map(|i| i * times / states).collect::<Vec<_>>()),
        _ if !consecutive && start.is_multiple_of(2) => clusters(values, states, &mut source),
        _ => of_bounds(&source.bounds(states - 1, times)),
    };
    (0..starts).map(&mut division).collect()
}

/// Where the best division into `states` consecutive segments has its bounds: least squares about the mean of each, by
/// dynamic programming (Fisher 1958).
fn segments(values: &Values, states: usize) -> Vec<usize> {
    let times = values[0].len();
    let stride = times.div_ceil(ENDS);
    let mut ends: Vec<usize> = (0..times).step_by(stride).collect();
    ends.push(times);
    let sums: Vec<[Vec<f64>; 2]> = values.iter().map(|values| cumulated(values)).collect();
    let cost = |from: usize, to: usize| -> f64 {
        let of = |[sum, square]: &[Vec<f64>; 2]| {
            let sum = sum[to] - sum[from];
            square[to] - square[from] - sum * sum / (to - from) as f64
        };
        sums.iter().map(of).sum()
    };
    // best[j] is the least cost of everything before ends[j]
    let mut best: Vec<f64> = ends
        .iter()
        .map(|end| if *end == 0 { 0.0 } else { f64::INFINITY })
        .collect();
    let mut places = Vec::with_capacity(states);
    for _ in 0..states {
        let reach = |j: usize| {
            let from = |i: usize| (best[i] + cost(ends[i], ends[j]), i);
            let least = (0..j).map(from).min_by(|a, b| a.0.total_cmp(&b.0));
            least.unwrap_or((f64::INFINITY, 0))
        };
        let reached: Vec<(f64, usize)> = (0..ends.len()).map(reach).collect();
        best = reached.iter().map(|(cost, _)| *cost).collect();
        places.push(
            reached
                .into_iter()
                .map(|(_, from)| from)
                .collect::<Vec<_>>(),
        );
    }
    let mut at = ends.len() - 1;
    let mut bounds = Vec::with_capacity(states);
    for places in places.iter().rev() {
        at = places[at];
        bounds.push(ends[at]);
    }
    bounds.pop(); // the beginning
    bounds.reverse();
    bounds
}

/// Sums and sums of squares of everything before each checkpoint.
fn cumulated(values: &[f64]) -> [Vec<f64>; 2] {
    let mut sums = [vec![0.0], vec![0.0]];
    let (mut sum, mut square) = (0.0, 0.0);
    for value in values {
        sum += value;
        square += value * value;
        sums[0].push(sum);
        sums[1].push(square);
    }
    sums
}

/// Clusters by k-means, from a checkpoint at random and, one after the other, those farthest from all before.
fn clusters(values: &Values, states: usize, source: &mut Source) -> Vec<usize> {
    let times = values[0].len();
    let at = |time: usize| -> Vec<f64> { values.iter().map(|values| values[time]).collect() };
    let apart = |time: usize, centre: &Vec<f64>| -> f64 {
        let parts = values.iter().zip(centre);
        parts.map(|(values, c)| (values[time] - c).powi(2)).sum()
    };
    let mut all: Vec<usize> = (0..times).collect();
    source.shuffle(&mut all);
    let mut centres = vec![at(all[0])];
    while centres.len() < states {
        let from_all = |time: usize| {
            let distances = centres.iter().map(|centre| apart(time, centre));
            distances.fold(f64::INFINITY, f64::min)
        };
        let farthest = (0..times).max_by(|a, b| from_all(*a).total_cmp(&from_all(*b)));
        centres.push(at(farthest.unwrap_or(0)));
    }
    let mut division = vec![0; times];
    for _ in 0..ROUNDS {
        let nearest = |time: usize| {
            let distances = centres.iter().map(|centre| apart(time, centre)).enumerate();
            distances
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map_or(0, |(state, _)| state)
        };
        let next: Vec<usize> = (0..times).map(nearest).collect();
        if next == division {
            break;
        }
        division = next;
        for (state, centre) in centres.iter_mut().enumerate() {
            let members: Vec<usize> = (0..times).filter(|time| division[*time] == state).collect();
            if !members.is_empty() {
                let mean = |values: &Vec<f64>| {
                    members.iter().map(|time| values[*time]).sum::<f64>() / members.len() as f64
                };
                *centre = values.iter().map(mean).collect();
            }
        }
    }
    division
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_levels_are_found() {
        let of = |bounds: [usize; 2], levels: [f64; 3]| -> Vec<f64> {
            let level =
                |t: usize| levels[usize::from(t >= bounds[0]) + usize::from(t >= bounds[1])];
            (0..40)
                .map(|t| level(t) + 0.1 * (t as f64 * 1.7).sin())
                .collect()
        };
        let values = [of([7, 30], [0.0, 1.0, 1.0]), of([7, 30], [2.0, 2.0, 0.0])];
        assert_eq!(segments(&values, 3), [7, 30]);
        assert_eq!(segments(&values, 1), [0; 0]);
        let one = [values[1].clone()];
        assert_eq!(segments(&one, 2), [30]);
    }

    #[test]
    fn clusters_that_return() {
        let values = [(0..40)
            .map(|t| f64::from(t / 10 % 2) * 5.0 + 0.1 * f64::from(t % 3))
            .collect()];
        let found = clusters(&values, 2, &mut Source::new(1));
        assert!((0..40).all(|t| (found[t] == found[0]) == (t / 10 % 2 == 0)));
    }

    #[test]
    fn every_start_has_its_division() {
        let values = [(0..20).map(f64::from).collect()];
        for consecutive in [true, false] {
            let found = divisions(&values, 3, 6, consecutive);
            assert_eq!(found.len(), 6);
            assert!(
                found
                    .iter()
                    .all(|d| d.len() == 20 && d.iter().all(|s| *s < 3))
            );
        }
    }
}
