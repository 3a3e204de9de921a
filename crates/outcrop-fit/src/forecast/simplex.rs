//! The simplex search of Nelder and Mead (1965), for a cost that has kinks.

/// Most steps of a search.
const STEPS: usize = 1000;
/// The search ends where the costs of its simplex differ less.
const ALIKE: f64 = 1e-7;

/// The point of the lowest cost that the search finds from `start`; the first simplex has edges of `edge`.
pub(super) fn lowest<const N: usize>(
    cost: impl Fn(&[f64; N]) -> f64,
    start: [f64; N],
    edge: f64,
) -> [f64; N] {
    let vertex = |p: [f64; N]| (cost(&p), p);
    let mut simplex = vec![vertex(start)];
    for i in 0..N {
        let mut p = start;
        p[i] += edge;
        simplex.push(vertex(p));
    }
    for _ in 0..STEPS {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        if simplex[N].0 - simplex[0].0 < ALIKE {
            break;
        }
        let worst = simplex[N];
        let centre: [f64; N] = std::array::from_fn(|k| {
            let sum: f64 = simplex[..N].iter().map(|(_, p)| p[k]).sum();
            sum / N as f64
        });
        // from the centre, away from the worst point for a `reach` above 0
        let along = |reach: f64| {
            vertex(std::array::from_fn(|k| {
                centre[k] + reach * (centre[k] - worst.1[k])
            }))
        };
        let reflected = along(1.0);
        let tried = if reflected.0 < simplex[0].0 {
            better(along(2.0), reflected)
        } else if reflected.0 < simplex[N - 1].0 {
            reflected
        } else if reflected.0 < worst.0 {
            better(along(0.5), reflected)
        } else {
            along(-0.5)
        };
        if tried.0 < worst.0 {
            simplex[N] = tried;
            continue;
        }
        let best = simplex[0].1;
        for corner in &mut simplex[1..] {
            *corner = vertex(std::array::from_fn(|k| 0.5 * (best[k] + corner.1[k])));
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex[0].1
}

fn better<const N: usize>(a: (f64, [f64; N]), b: (f64, [f64; N])) -> (f64, [f64; N]) {
    if a.0 < b.0 { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_and_a_kink_are_found() {
        let valley = |[x, y]: &[f64; 2]| (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        let [x, y] = lowest(valley, [-1.2, 1.0], 0.5);
        assert!((x - 1.0).abs() < 1e-2 && (y - 1.0).abs() < 1e-2, "{x} {y}");
        let kink = |[x, y, z]: &[f64; 3]| (x - 3.0).abs() + (y + 1.0).abs() + 2.0 * z.abs();
        let [x, y, z] = lowest(kink, [0.0; 3], 1.0);
        let error = (x - 3.0).abs() + (y + 1.0).abs() + z.abs();
        assert!(error < 1e-3, "{x} {y} {z}");
    }
}
