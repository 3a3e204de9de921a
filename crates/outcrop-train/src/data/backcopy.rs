use rand_chacha::ChaCha8Rng;

use super::batch::{Purpose, stream, uniform};
use super::generated::{Generated, Pool};

/// Probability of each trigger after any other symbol; a symbol is a trigger if its id is below 3.
const TRIGGERS: [f64; 3] = [0.17, 0.15, 0.13];
const SCALING_ROUNDS: usize = 500;

/// The Bigram-Backcopy task (Guo et al. 2410.13835) over symbols 0..V.
///
/// The next symbol follows the row of the current one in a fixed bigram table, except that after a
/// trigger (0, 1, 2) the symbol before the trigger is copied. The table depends on V alone:
///
/// - after any symbol the triggers have the probabilities [`TRIGGERS`], q = 0.45 in all;
/// - otherwise the next symbol y >= 3 has probability J(x, y) / u(x), where J is a random positive
///   matrix with a few large entries a row, scaled (Sinkhorn) so that rows and columns both sum to
///   the Zipf-Mandelbrot law u(y) ~ 1 / (y + 1).
///
/// A sequence starts with a draw from u, so BOS is never copied and no two triggers are adjacent
/// (they would copy each other for ever). Hence every symbol's frequency is known: far from the
/// start a trigger has p / (1 + q) and symbol y has u(y) / (1 + q), which puts the triggers first
/// for every V >= 32.
pub(super) struct Backcopy {
    /// Cumulative u over the symbols from 3 on.
    start: Vec<f64>,
    /// For each symbol from 3 on, its cumulative probabilities over all V symbols.
    rows: Vec<Vec<f64>>,
    /// Nats of a first symbol, and of a symbol drawn from the table.
    entropy: (f64, f64),
    sha256: String,
}

impl Backcopy {
    pub(super) fn new(symbols: usize) -> Self {
        let others = symbols - TRIGGERS.len();
        let weights: Vec<f64> = (0..others).map(|j| 1.0 / (j + 4) as f64).collect();
        let total: f64 = weights.iter().sum();
        let u: Vec<f64> = weights.iter().map(|w| w / total).collect();
        let joint = joint(&u, symbols as u64);
        let q: f64 = TRIGGERS.iter().sum();
        let table: Vec<Vec<f64>> = joint
            .iter()
            .map(|row| {
                let sum: f64 = row.iter().sum();
                let rest = row.iter().map(|j| (1.0 - q) * j / sum);
                TRIGGERS.into_iter().chain(rest).collect()
            })
            .collect();
        let bytes: Vec<u8> = table
            .iter()
            .flatten()
            .flat_map(|p| p.to_le_bytes())
            .collect();
        let from_table = u.iter().zip(&table).map(|(u, row)| u * entropy(row)).sum();
        Self {
            start: cumulative(&u),
            rows: table.iter().map(|row| cumulative(row)).collect(),
            entropy: (entropy(&u), from_table),
            sha256: outcrop_core::sha256_hex(&bytes),
        }
    }
}

impl Generated for Backcopy {
    fn symbols(&self) -> usize {
        self.rows.len() + TRIGGERS.len()
    }

    /// Of the table's rows as little-endian doubles.
    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn draw(&self, rng: &mut ChaCha8Rng, _: Pool, length: usize, out: &mut Vec<u32>) {
        let first = TRIGGERS.len() + pick(&self.start, uniform(rng));
        let (mut before, mut current) = (first, first);
        for _ in 0..length {
            out.push(current as u32);
            let next = match current.checked_sub(TRIGGERS.len()) {
                None => before,
                Some(row) => pick(&self.rows[row], uniform(rng)),
            };
            (before, current) = (current, next);
        }
    }

    /// That of a model which knows the table: nothing is drawn after a trigger.
    fn optimal_loss_at(&self, at: usize, _: usize) -> f64 {
        let q: f64 = TRIGGERS.iter().sum();
        let (first, from_table) = self.entropy;
        match at.checked_sub(1) {
            None => first,
            Some(later) => {
                let p_trigger = (0..later).fold(0.0, |p, _| (1.0 - p) * q);
                (1.0 - p_trigger) * from_table
            }
        }
    }
}

/// A random matrix with a few large entries a row whose rows and columns both sum to `u`.
fn joint(u: &[f64], seed: u64) -> Vec<Vec<f64>> {
    let mut rng = stream(Purpose::Table, seed, 0);
    let mut joint: Vec<Vec<f64>> = u
        .iter()
        .map(|ux| {
            u.iter()
                .map(|uy| ux * uy * (0.01 + sixteenth_power(uniform(&mut rng))))
                .collect()
        })
        .collect();
    for _ in 0..SCALING_ROUNDS {
        for (row, ux) in joint.iter_mut().zip(u) {
            let scale = ux / row.iter().sum::<f64>();
            row.iter_mut().for_each(|j| *j *= scale);
        }
        let mut columns = vec![0.0; u.len()];
        for row in &joint {
            columns.iter_mut().zip(row).for_each(|(c, j)| *c += j);
        }
        for row in &mut joint {
            for ((j, c), uy) in row.iter_mut().zip(&columns).zip(u) {
                *j *= uy / c;
            }
        }
    }
    joint
}

/// By multiplication, so that every platform gets the same bits.
fn sixteenth_power(r: f64) -> f64 {
    let r4 = r * r * r * r;
    r4 * r4 * r4 * r4
}

fn cumulative(p: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    p.iter()
        .map(|p| {
            sum += p;
            sum
        })
        .collect()
}

/// The first index whose cumulative probability exceeds `r`.
fn pick(cumulative: &[f64], r: f64) -> usize {
    cumulative
        .partition_point(|c| *c <= r)
        .min(cumulative.len() - 1)
}

fn entropy(p: &[f64]) -> f64 {
    -p.iter().map(|p| p * p.ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences(task: &Backcopy, n: usize, length: usize) -> Vec<Vec<u32>> {
        let mut rng = stream(Purpose::Training, 1, 1);
        (0..n)
            .map(|_| {
                let mut row = Vec::new();
                task.draw(&mut rng, Pool::Training, length, &mut row);
                row
            })
            .collect()
    }

    fn probability(task: &Backcopy, x: u32, y: usize) -> f64 {
        let row = &task.rows[x as usize - 3];
        row[y] - if y == 0 { 0.0 } else { row[y - 1] }
    }

    #[test]
    fn after_every_trigger_the_symbol_before_it_is_copied() {
        let mut triggers = 0;
        for row in sequences(&Backcopy::new(64), 200, 65) {
            assert!(row[0] >= 3);
            for w in row.windows(3).filter(|w| w[1] < 3) {
                assert_eq!(w[0], w[2]);
                assert!(w[0] >= 3);
                triggers += 1;
            }
        }
        assert!(triggers > 2000, "{triggers}");
    }

    #[test]
    fn bigram_frequencies_follow_the_table() {
        let task = Backcopy::new(32);
        let mut counts = vec![[0.0; 32]; 32];
        for row in sequences(&task, 2000, 129) {
            for w in row.windows(2).filter(|w| w[0] >= 3) {
                counts[w[0] as usize][w[1] as usize] += 1.0;
            }
        }
        let (mut chi2, mut freedom) = (0.0, 0.0);
        for x in 3..32_u32 {
            let n: f64 = counts[x as usize].iter().sum();
            for (y, count) in counts[x as usize].iter().enumerate() {
                let expected = n * probability(&task, x, y);
                if expected >= 5.0 {
                    chi2 += (count - expected) * (count - expected) / expected;
                    freedom += 1.0;
                }
            }
            freedom -= 1.0;
        }
        // A chi-square of f degrees of freedom has mean f and standard deviation sqrt(2 f).
        let z = (chi2 - freedom) / f64::sqrt(2.0 * freedom);
        assert!(freedom > 300.0 && z.abs() < 4.0, "chi2 {chi2} of {freedom}");
    }

    #[test]
    fn the_triggers_are_the_most_frequent_and_every_frequency_is_as_documented() {
        for symbols in [32, 64, 200] {
            let task = Backcopy::new(symbols);
            let mut counts = vec![0.0; symbols];
            let (n, length, burn_in) = (3000, 100, 20);
            for row in sequences(&task, n, length) {
                for s in &row[burn_in..] {
                    counts[*s as usize] += 1.0;
                }
            }
            let q = 0.45;
            let total = (n * (length - burn_in)) as f64;
            for (y, count) in counts.iter().enumerate() {
                let p = match y {
                    0..3 => TRIGGERS[y] / (1.0 + q),
                    _ => zipf(symbols, y) / (1.0 + q),
                };
                // Copies make a symbol come in runs, geometric in q, which widens the spread.
                let spread = f64::sqrt(total * p * (1.0 + q) / (1.0 - q));
                let off = count - total * p;
                assert!(off.abs() < 6.0 * spread, "{symbols}: {y} {off} {spread}");
            }
            let least = counts[..3].iter().copied().fold(f64::MAX, f64::min);
            assert!(
                counts[3..].iter().all(|c| *c < least),
                "{symbols}: {counts:?}"
            );
        }
    }

    fn zipf(symbols: usize, y: usize) -> f64 {
        let total: f64 = (3..symbols).map(|y| 1.0 / (y + 1) as f64).sum();
        1.0 / (y + 1) as f64 / total
    }

    #[test]
    fn the_table_keeps_the_zipf_law() {
        for symbols in [32, 64, 200] {
            let task = Backcopy::new(symbols);
            for y in 3..symbols {
                let into: f64 = (3..symbols)
                    .map(|x| zipf(symbols, x) * probability(&task, x as u32, y))
                    .sum();
                let kept = 0.55 * zipf(symbols, y);
                assert!(
                    (into / kept - 1.0).abs() < 1e-9,
                    "{symbols}: {y} {into} {kept}"
                );
            }
        }
    }

    #[test]
    fn rows_sum_to_one_and_have_a_few_likely_successors() {
        let task = Backcopy::new(64);
        for x in 3..64 {
            let mut row: Vec<f64> = (3..64).map(|y| probability(&task, x, y)).collect();
            assert!((row.iter().sum::<f64>() - 0.55).abs() < 1e-12);
            assert!(row.iter().all(|p| *p > 0.0));
            row.sort_by(f64::total_cmp);
            let likely: f64 = row.iter().rev().take(12).sum();
            assert!(likely > 0.6 * 0.55, "{x}: {likely}");
        }
    }

    #[test]
    fn the_optimal_loss_is_that_of_the_table_on_what_it_draws() {
        let task = Backcopy::new(64);
        let rows = sequences(&task, 4000, 32);
        let (mut first, mut later) = (0.0, 0.0);
        for row in &rows {
            let s = row[0] as usize - 3;
            let below = if s == 0 { 0.0 } else { task.start[s - 1] };
            first -= (task.start[s] - below).ln();
            for w in row.windows(2).filter(|w| w[0] >= 3) {
                later -= probability(&task, w[0], w[1] as usize).ln();
            }
        }
        let n = rows.len() as f64;
        let mean = |at: std::ops::Range<usize>| {
            let n = at.len() as f64;
            at.map(|at| task.optimal_loss_at(at, 32)).sum::<f64>() / n
        };
        let (with_first, without) = (mean(0..32), mean(1..32));
        assert!(
            ((first + later) / n / 32.0 - with_first).abs() < 0.01,
            "{with_first}"
        );
        assert!((later / n / 31.0 - without).abs() < 0.01, "{without}");
        assert!(with_first < 0.6 * f64::ln(64.0), "{with_first}");
    }
}
