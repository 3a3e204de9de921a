//! Statistics of hidden states on the device where they are: exact magnitudes, places and medians, sums of f32.

use burn::tensor::{Bool, Int, Tensor, TensorData};
use outcrop_core::{
    Detail, LaterStats, LayerStats, MASSIVE_MAGNITUDE, MASSIVE_RATIO, Place, Spread, Top,
};
use outcrop_measure::Meter;

use crate::{Error, Result};

/// Positions whose largest magnitudes are read: the top 3 are at no more than 3 positions, and those without position 0 at
/// no more than 3 of the others.
const POSITIONS: usize = 4;

/// What is known of each hidden state of a batch.
struct Seen {
    /// The largest magnitude at each position.
    largest: Vec<f32>,
    /// By channel the sums of h^2, (h - mean)^2 and (h - mean)^4, in units of the largest magnitude.
    sums: [Vec<f32>; 3],
    /// Whether all numbers are finite.
    finite: bool,
}

/// The statistics of hidden states [states, positions, d_model], as
/// [`Meter::measure_detail`] gives them: the top 3 with places, the medians and the counts exactly, moments to the rounding
/// of sums of f32. A state with numbers that are not finite is measured on the CPU.
pub(super) fn measure(hidden: Tensor<3>) -> Result<Vec<(LayerStats, Detail)>> {
    let [states, positions, _] = hidden.dims();
    let size = hidden.clone().abs();
    let seen = seen(&hidden, &size)?;
    let medians = lower_medians(&size)?;
    let later = match positions {
        1 => None,
        _ => Some(lower_medians(&size.clone().narrow(1, 1, positions - 1))?),
    };
    let massive = massive(&size, &medians)?;
    let tops = tops(&size, &seen)?;
    let of = |state: usize| {
        if !seen[state].finite {
            return on_cpu(hidden.clone().narrow(0, state, 1));
        }
        let of_positions = |first: u32| top3(&tops[state], first);
        let stats = LayerStats {
            top: of_positions(0),
            median: Some(medians[state]),
            count: size.dims()[1..].iter().product::<usize>() as u64,
            non_finite: 0,
            first_non_finite: None,
        };
        let detail = Detail {
            massive: Some(massive[state]),
            spread: Some(seen[state].spread(positions)),
            later: later.as_ref().map(|medians| LaterStats {
                top: of_positions(1),
                median: Some(medians[state]),
            }),
            ..Detail::default()
        };
        Ok((stats, detail))
    };
    (0..states).map(of).collect()
}

fn on_cpu(hidden: Tensor<3>) -> Result<(LayerStats, Detail)> {
    let d_model = hidden.dims()[2];
    let found = Meter::new().measure_detail(&numbers(hidden)?, d_model);
    found.map_err(|source| Error::Measure { layer: 0, source })
}

/// One pass over the numbers, read back at once.
fn seen(hidden: &Tensor<3>, size: &Tensor<3>) -> Result<Vec<Seen>> {
    let [states, positions, d] = hidden.dims();
    let largest = size.clone().max_dim(2);
    let unit = largest.clone().max_dim(1);
    // where all are 0, so are the sums
    let unit = unit.clone().mask_fill(unit.lower_equal_elem(0.0), 1.0);
    let x = hidden.clone() / unit;
    let centred = x.clone() - x.clone().mean_dim(1).mean_dim(2);
    let square = centred.square();
    let sums = [x.square(), square.clone(), square.square()].map(|x| x.sum_dim(1));
    let finite = counts(size.clone().lower_equal_elem(f32::MAX)).float();
    let [squares, second, fourth] = sums.map(|sums| sums.reshape([states, d]));
    // a count that is not that of all, in a type that has room for it
    let missing = finite.reshape([states, 1]) - (positions * d) as f64;
    let parts = vec![
        largest.reshape([states, positions]),
        squares,
        second,
        fourth,
        missing,
    ];
    let all = numbers(Tensor::cat(parts, 1))?;
    let of = |row: &[f32]| {
        let (largest, rest) = row.split_at(positions);
        Seen {
            largest: largest.to_vec(),
            sums: [0, 1, 2].map(|i| rest[i * d..(i + 1) * d].to_vec()),
            finite: rest[3 * d] == 0.0,
        }
    };
    Ok(all.chunks_exact(positions + 3 * d + 1).map(of).collect())
}

impl Seen {
    /// The spread, from sums in f64.
    fn spread(&self, positions: usize) -> Spread {
        let [squares, second, fourth] = self.sums.each_ref().map(|sums| {
            let sums = sums.iter().map(|sum| f64::from(*sum));
            sums.collect::<Vec<f64>>()
        });
        let unit = f64::from(self.largest.iter().fold(0.0f32, |most, x| most.max(*x)));
        let total = |sums: &[f64]| sums.iter().sum::<f64>();
        let (channels, square) = (squares.len() as f64, total(&squares));
        let count = channels * positions as f64;
        let of_squares: Vec<f64> = squares.iter().map(|s| s * s).collect();
        Spread {
            rms: unit * (square / count).sqrt(),
            kurtosis: quotient(total(&fourth), total(&second), count),
            channel_kurtosis: quotient(total(&of_squares), square, channels),
        }
    }

    /// The positions with the largest magnitudes, of equal ones the first; position 0 may be one of them.
    fn places(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.largest.len()).collect();
        order.sort_by(|a, b| self.largest[*b].total_cmp(&self.largest[*a]));
        order.truncate(POSITIONS);
        order
    }
}

/// mean(x^2) / mean(x)^2 from the two sums; none where all x are 0.
fn quotient(of_squares: f64, sum: f64, count: f64) -> Option<f64> {
    let quotient = of_squares * count / (sum * sum);
    quotient.is_finite().then_some(quotient)
}

/// All magnitudes at the positions of the largest ones, by state.
fn tops(size: &Tensor<3>, seen: &[Seen]) -> Result<Vec<Vec<Top>>> {
    let [states, positions, d] = size.dims();
    let places: Vec<usize> = seen.iter().flat_map(Seen::places).collect();
    let rows = places.iter().enumerate();
    let each = places.len() / states;
    let rows: Vec<i64> = rows
        .map(|(i, place)| (i / each * positions + place) as i64)
        .collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [places.len()]), &size.device());
    let rows = numbers(
        size.clone()
            .reshape([states * positions, d])
            .select(0, rows),
    )?;
    let mut tops = vec![Vec::new(); states];
    for (i, (row, place)) in rows.chunks_exact(d).zip(&places).enumerate() {
        let top = |(channel, magnitude): (usize, &f32)| Top {
            magnitude: *magnitude,
            place: Place {
                position: *place as u32,
                channel: channel as u32,
            },
        };
        tops[i / each].extend(row.iter().enumerate().map(top));
    }
    Ok(tops)
}

/// The largest three from a position on, ties by place.
fn top3(among: &[Top], first: u32) -> [Option<Top>; 3] {
    let later = among.iter().filter(|top| top.place.position >= first);
    let mut order: Vec<&Top> = later.collect();
    let place = |top: &Top| (top.place.position, top.place.channel);
    order.sort_by(|a, b| {
        b.magnitude
            .total_cmp(&a.magnitude)
            .then(place(a).cmp(&place(b)))
    });
    [0, 1, 2].map(|i| order.get(i).map(|top| **top))
}

/// How many scalars of each state are massive by the rule of Sun et al.
fn massive(size: &Tensor<3>, medians: &[f32]) -> Result<Vec<u64>> {
    // the least f32 that is not below the bound in f64
    let bound = |median: &f32| {
        let exact = MASSIVE_RATIO * f64::from(*median);
        let near = exact as f32;
        if f64::from(near) < exact {
            near.next_up()
        } else {
            near
        }
    };
    let bounds = along(size, medians.iter().map(bound).collect());
    let large = size.clone().greater_elem(MASSIVE_MAGNITUDE);
    let counts = read_counts(large.bool_and(size.clone().greater_equal(bounds)))?;
    Ok(counts.into_iter().map(|count| count as u64).collect())
}

/// The lower median of each state of magnitudes [states, positions, d_model] that are finite. It is the largest number of
/// which no more than (n - 1) / 2 of the n magnitudes are below it: found bit by bit, from the highest, since the bits of
/// numbers that are not negative are in the order of the numbers.
fn lower_medians(size: &Tensor<3>) -> Result<Vec<f32>> {
    let [states, positions, d] = size.dims();
    let rank = (positions * d) as i64 - 1;
    let mut found = vec![0u32; states];
    for bit in (0..31).rev() {
        let tried: Vec<f32> = found.iter().map(|x| f32::from_bits(x | 1 << bit)).collect();
        let below = read_counts(size.clone().lower(along(size, tried)))?;
        for (found, below) in found.iter_mut().zip(below) {
            if below <= rank / 2 {
                *found |= 1 << bit;
            }
        }
    }
    Ok(found.into_iter().map(f32::from_bits).collect())
}

/// A number for each state, to be compared with all of its magnitudes.
fn along(size: &Tensor<3>, values: Vec<f32>) -> Tensor<3> {
    let shape = [values.len(), 1, 1];
    Tensor::from_data(TensorData::new(values, shape), &size.device())
}

/// How often it is true of each state.
fn counts(mask: Tensor<3, Bool>) -> Tensor<1, Int> {
    let states = mask.dims()[0];
    mask.int().sum_dim(2).sum_dim(1).reshape([states])
}

fn read_counts(mask: Tensor<3, Bool>) -> Result<Vec<i64>> {
    let counts = counts(mask).try_into_vec_as::<i64>();
    counts.map_err(|e| Error::Device(e.to_string()))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let numbers = tensor.try_into_vec_as::<f32>();
    numbers.map_err(|e| Error::Device(e.to_string()))
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    const SHAPE: [usize; 2] = [5, 7];

    /// Hidden states of all kinds: noise, ties, zeros, one channel, massive and tiny numbers, such that are not finite.
    fn states() -> Vec<Vec<f32>> {
        let count = SHAPE.iter().product::<usize>();
        let noise = |i: usize| ((i * 7919 + 13) % 1009) as f32 / 252.25 - 2.0;
        let noise: Vec<f32> = (0..count).map(noise).collect();
        let with = |places: &[(usize, f32)]| {
            let mut state = noise.clone();
            places.iter().for_each(|(at, x)| state[*at] = *x);
            state
        };
        vec![
            noise.clone(),
            vec![0.0; count],
            vec![-3.0; count],
            (0..count).map(|i| (i % 3) as f32 - 1.0).collect(),
            with(&[(3, -2000.0), (9, 150.0), (34, 2000.0), (20, 150.0)]),
            noise.iter().map(|x| x * 1e-30).collect(),
            noise.iter().map(|x| x * 1e-41).collect(),
            noise.iter().map(|x| x * 1e37).collect(),
            with(&[(8, f32::NAN), (30, f32::INFINITY)]),
            vec![f32::NEG_INFINITY; count],
        ]
    }

    fn near(a: Option<f64>, b: Option<f64>) {
        let near = |(a, b): (f64, f64)| (a - b).abs() <= 1e-5 * b.abs();
        assert!(a.is_some() == b.is_some(), "{a:?} {b:?}");
        assert!(a.zip(b).is_none_or(near), "{a:?} {b:?}");
    }

    #[test]
    fn devices_measure_what_a_meter_measures() {
        for positions in [1, 2, SHAPE[0]] {
            let states = states()
                .into_iter()
                .map(|state| state[..positions * SHAPE[1]].to_vec());
            let states: Vec<Vec<f32>> = states.collect();
            let data = TensorData::new(states.concat(), [states.len(), positions, SHAPE[1]]);
            let ours = measure(Tensor::from_data(data, &burn::tensor::Device::flex())).unwrap();
            for (state, (stats, detail)) in states.iter().zip(ours) {
                let (exact, expected) = Meter::new().measure_detail(state, SHAPE[1]).unwrap();
                assert_eq!(stats, exact);
                assert_eq!(
                    (detail.massive, detail.later),
                    (expected.massive, expected.later)
                );
                let spread = |detail: &Detail| {
                    detail
                        .spread
                        .map(|s| (s.rms, s.kurtosis, s.channel_kurtosis))
                };
                let (ours, theirs) = (spread(&detail), spread(&expected));
                near(ours.map(|s| s.0), theirs.map(|s| s.0));
                near(ours.and_then(|s| s.1), theirs.and_then(|s| s.1));
                near(ours.and_then(|s| s.2), theirs.and_then(|s| s.2));
            }
        }
    }
}
