use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::sums::{LANES, sum_of_f32, whole};
use crate::wide::vectorised;
use crate::{Found, Missing, Sample, Site, View};

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [1.0, f64::INFINITY],
        meaning,
    }
}

/// How heavy the tails of the scalars and of the channels are.
pub(crate) const KURTOSES: Observable = Observable {
    name: "kurtoses",
    family: "tails",
    columns: &[
        column(
            "kurtosis",
            "mean((h - mean)^4) / sigma^4 over all scalars: 3 if they are normal",
        ),
        column(
            "channel_kurtosis",
            "mean(r^4) / mean(r^2)^2 over the channels' RMS r: 1 if all channels are alike, their number if one alone is \
             not 0",
        ),
    ],
    sites: Site::STATES,
    needs: "",
    convention: "population moments, nothing subtracted; as `measurements.csv` has them for hidden states, here for every \
                 tensor",
    cost: "O(n d) time in two passes, O(d) memory",
    source: "arXiv 2306.12929 (scalars), 2405.19279 (channels)",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let (tensor, mean) = (sample.tensor(), sample.summary().mean());
    let values = tensor.values();
    let constant = values.iter().all(|x| *x == values[0]);
    let powers = match factor(sample) {
        Some(factor) if values.len() > FEW => Powers::in_f32(tensor, mean as f32, factor),
        Some(_) | None => Powers::exact(tensor, mean),
    };
    let n = values.len() as f64;
    let squares: f64 = powers.channels.iter().map(|square| square * square).sum();
    let sum: f64 = powers.channels.iter().sum();
    vec![
        match constant {
            true => Err(Missing::Constant),
            false => at_least_one(powers.fourth * n, powers.second * powers.second),
        },
        at_least_one(squares * powers.channels.len() as f64, sum * sum),
    ]
}

/// What makes the standard deviation of all scalars about 1; none where f32 does not hold it, or the mean leaves less than a
/// tenth of the root mean square, so that differences lose digits.
fn factor(sample: &Sample<'_>) -> Option<f32> {
    let (rms, mean) = (sample.summary().rms(), sample.summary().mean());
    let variance = rms * rms - mean * mean;
    let factor = (1.0 / variance.sqrt()) as f32;
    (variance > 0.01 * rms * rms && factor.is_normal()).then_some(factor)
}

/// Sums of powers of scalars h with mean m, all in the same unit.
struct Powers {
    /// sum (h - m)^2 and sum (h - m)^4.
    second: f64,
    fourth: f64,
    /// sum h^2 of each channel: of the last few rows, and of all before.
    few: Vec<f32>,
    channels: Vec<f64>,
}

/// Up to this many scalars, all digits cost nothing.
const FEW: usize = 4096;

/// Rows that are added up in f32, and scalars of a row: 16 in a sum, few enough that it keeps six digits.
const ROWS: usize = 16;
const SCALARS: usize = 16 * LANES;

impl Powers {
    fn new(channels: usize) -> Self {
        Self {
            second: 0.0,
            fourth: 0.0,
            few: vec![0.0; channels],
            channels: vec![0.0; channels],
        }
    }

    fn exact(tensor: View<'_>, mean: f64) -> Self {
        let mut all = Self::new(tensor.columns());
        for row in tensor.iter() {
            for (channel, x) in all.channels.iter_mut().zip(row) {
                let x = f64::from(*x);
                let square = (x - mean) * (x - mean);
                *channel += x * x;
                all.second += square;
                all.fourth += square * square;
            }
        }
        all
    }

    /// The same of h `factor`.
    fn in_f32(tensor: View<'_>, mean: f32, factor: f32) -> Self {
        let mut all = Self::new(tensor.columns());
        add_rows(tensor, mean, factor, &mut all);
        all.flush();
        all
    }

    #[inline(always)]
    fn flush(&mut self) {
        for (all, few) in self.channels.iter_mut().zip(&mut self.few) {
            *all += f64::from(*few);
            *few = 0.0;
        }
    }
}

vectorised! {
    fn add_rows<'a>(tensor: View<'a>, mean: f32, factor: f32, all: &'a mut Powers) -> () {
        for (at, row) in tensor.iter().enumerate() {
            for (scalars, few) in row.chunks(SCALARS).zip(all.few.chunks_mut(SCALARS)) {
                let mut sums = [[0.0f32; LANES]; 2];
                let (blocks, rest) = scalars.as_chunks::<LANES>();
                let (channels, last) = few.as_chunks_mut::<LANES>();
                for (x, channels) in blocks.iter().zip(channels) {
                    add(x, mean, factor, &mut sums, channels);
                }
                if !rest.is_empty() {
                    let (mut x, mut channels) = ([mean; LANES], [0.0; LANES]);
                    x[..rest.len()].copy_from_slice(rest);
                    channels[..rest.len()].copy_from_slice(last);
                    add(&x, mean, factor, &mut sums, &mut channels);
                    last.copy_from_slice(&channels[..rest.len()]);
                }
                let sums = whole(sums);
                all.second += sum_of_f32(&sums[0]);
                all.fourth += sum_of_f32(&sums[1]);
            }
            if at % ROWS == ROWS - 1 {
                all.flush();
            }
        }
    }
}

#[inline(always)]
fn add(
    x: &[f32; LANES],
    mean: f32,
    factor: f32,
    [second, fourth]: &mut [[f32; LANES]; 2],
    channels: &mut [f32; LANES],
) {
    let square: [f32; LANES] = std::array::from_fn(|k| {
        let from_mean = (x[k] - mean) * factor;
        from_mean * from_mean
    });
    *second = std::array::from_fn(|k| second[k] + square[k]);
    *fourth = std::array::from_fn(|k| square[k].mul_add(square[k], fourth[k]));
    *channels = std::array::from_fn(|k| {
        let scaled = x[k] * factor;
        scaled.mul_add(scaled, channels[k])
    });
}

/// A quotient that is less than 1 by rounding alone.
fn at_least_one(above: f64, below: f64) -> Found {
    quotient(above, below).map(|kurtosis| kurtosis.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of rows of any length, with a mean, with one large scalar, and where f32 has no scale.
    #[test]
    fn both_ways_agree() {
        for (columns, mean, scale) in [(33, 0.0, 1.0), (600, 2.0, 1e-20), (1, -1.0, 1e15)] {
            let at = |i: usize| ((i * 7919 % 4999) as f32 / 2500.0 - 1.0 + mean) * scale;
            let mut values: Vec<f32> = (0..35 * columns).map(at).collect();
            values[7] = 40.0 * scale;
            let tensor = View::new(&values, columns).unwrap();
            let sample = Sample::new(tensor);
            let mean = sample.summary().mean();
            let factor = factor(&sample).expect("the standard deviation is large enough");
            let of = |powers: Powers| {
                let sum: f64 = powers.channels.iter().sum();
                let squares: f64 = powers.channels.iter().map(|square| square * square).sum();
                [
                    powers.fourth / powers.second / powers.second,
                    squares / sum / sum,
                ]
            };
            let exact = of(Powers::exact(tensor, mean));
            let found = of(Powers::in_f32(tensor, mean as f32, factor));
            for (found, exact) in found.into_iter().zip(exact) {
                assert!((found / exact - 1.0).abs() < 2e-6, "{found} {exact}");
            }
        }
        for values in [[1000.0, 1000.5, 1001.0], [0.0; 3]] {
            assert_eq!(factor(&Sample::new(View::new(&values, 1).unwrap())), None);
        }
    }
}
