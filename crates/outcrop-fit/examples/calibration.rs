//! How often intervals cover the truth: simulated series of both regimes, with noise of 2, 7 and
//! 20 %, and with noise of which neighbours correlate, fitted in the default mode.
//!
//! ```sh
//! cargo xtask bench calibration [SERIES [LEVEL]]
//! ```
//!
//! `SERIES` a regime and noise level, 400 by default. Prints the share of intervals that hold the
//! truth, and how often a peak is called (P(peak) > 0.95).
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use outcrop_fit::{
    Curve, CurveSummary, Emergence, FitOptions, Interval, Observations, Posterior, Series,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};

/// 37 checkpoints, as the paper measures at least.
fn steps() -> Vec<f64> {
    let doubling = (0..10).map(|i| 2f64.powi(i));
    let thousands = (1..=10).map(|i| 1e3 * f64::from(i));
    let tens = (3..15).map(|i| 1e4 * f64::from(i));
    let all = [0.0].into_iter().chain(doubling).chain(thousands);
    all.chain([15e3, 20e3, 25e3])
        .chain(tens)
        .chain([143e3])
        .collect()
}

/// The truth of one series, in the paper's form.
#[derive(Clone, Copy, Debug)]
struct Truth {
    a: f64,
    lambda: f64,
    gamma: f64,
    t0: f64,
    k: f64,
    /// Step of the maximum, possibly far beyond the run.
    t_peak: f64,
}

impl Curve for Truth {
    fn value(&self, t: f64) -> f64 {
        let x = self.gamma * t + self.t0;
        self.a * (-self.lambda * x).exp() * x.ln() + self.k
    }
    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        let inside = first < self.t_peak && self.t_peak < last;
        inside.then_some(self.t_peak).into_iter().collect()
    }
    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        Vec::new()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Regime {
    /// A maximum between 1,000 and 60,000 steps.
    EarlyPeak,
    /// None within the run, in 30 % of the series no decay at all.
    LogIncrease,
}

impl Regime {
    fn name(self) -> &'static str {
        match self {
            Self::EarlyPeak => "early peak",
            Self::LogIncrease => "log increase",
        }
    }
}

fn uniform(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    Uniform::new(low, high).map_or(low, |u| u.sample(rng))
}

fn draw(rng: &mut ChaCha8Rng, regime: Regime) -> Truth {
    loop {
        let (low, high) = match regime {
            Regime::EarlyPeak => (3.0, 6e4f64.log10()),
            Regime::LogIncrease => (1.6e5f64.log10(), 8.0),
        };
        let mut t_peak = 10f64.powf(uniform(rng, low, high));
        let tau0 = 10f64.powf(uniform(rng, 0.0, 3.5));
        let log_x = uniform(rng, 0.3, 8.0); // ln x at the peak
        let gamma = log_x.exp() / (t_peak + tau0);
        let mut lambda = (-log_x).exp() / log_x;
        if regime == Regime::LogIncrease && uniform(rng, 0.0, 1.0) < 0.3 {
            (lambda, t_peak) = (1e-13 / gamma, f64::INFINITY);
        }
        let unit = Truth {
            a: 1.0,
            lambda,
            gamma,
            t0: gamma * tau0,
            k: 0.0,
            t_peak,
        };
        let values: Vec<f64> = steps().iter().map(|&t| unit.value(t)).collect();
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let range = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - lowest;
        let rise = 10f64.powf(uniform(rng, 0.0, 3000f64.log10()));
        let base = 10f64.powf(uniform(rng, 1.5f64.log10(), 1.3));
        let a = rise / range;
        let falls = values.windows(2).any(|w| a * (w[1] - w[0]) < -1e-9 * rise);
        let usable = a.is_finite() && a > 0.0 && !(regime == Regime::LogIncrease && falls);
        if usable {
            return Truth {
                a,
                k: base - a * lowest,
                ..unit
            };
        }
    }
}

/// The truth with log-normal noise of mean 1 and coefficient of variation `cv`, of which neighbours correlate by `rho`.
fn observe(truth: &Truth, cv: f64, rho: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let sigma = (cv * cv).ln_1p().sqrt();
    let mut before: Option<f64> = None;
    let mut noisy = |t: &f64| {
        let new: f64 = StandardNormal.sample(rng);
        let correlated = |before| rho * before + (1.0 - rho * rho).sqrt() * new;
        let normal = before.map_or(new, correlated);
        before = Some(normal);
        truth.value(*t) * (sigma * normal - sigma * sigma / 2.0).exp()
    };
    steps().iter().map(&mut noisy).collect()
}

const NAMES: [&str; 4] = ["f_last", "f_max", "t_half", "t_peak"];

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    counted: [usize; 4],
    covered: [usize; 4],
    called: usize,
    series: usize,
}

impl Tally {
    fn add(&mut self, i: usize, interval: Interval, truth: f64) {
        let (Some(lo), Some(hi)) = (interval.lo, interval.hi) else {
            return;
        };
        self.counted[i] += 1;
        self.covered[i] += usize::from((lo..=hi).contains(&truth));
    }
}

fn judge(
    truth: &Truth,
    series: &Series,
    options: &FitOptions,
    tally: &mut Tally,
) -> Result<(), outcrop_fit::Error> {
    let observations = Observations::new(series, options)?;
    let fit = Emergence::fit(&observations)?;
    let posterior = Posterior::new(&observations, &fit);
    let found = posterior.intervals(&[], options.level());
    let known = CurveSummary::new(truth, series.first(), series.last());
    tally.series += 1;
    tally.add(0, found.f_last, known.f_last);
    tally.add(1, found.f_max, known.f_max);
    tally.add(2, found.t_half, known.t_half.unwrap_or(f64::NAN));
    if posterior.p_peak() > 0.95 {
        tally.called += 1;
        if let Some(t_peak) = known.t_peak {
            tally.add(3, found.t_peak, t_peak);
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(400), |a| a.parse())?;
    let level: f64 = arguments.next().map_or(Ok(0.9), |a| a.parse())?;
    let options = FitOptions::default().with_level(level)?;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    println!("nominal {level}, {count} series a line");
    println!(
        "| regime | noise | correlation | {} | peak called | ms a series |",
        NAMES.join(" | ")
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let noises = [(0.02, 0.0), (0.07, 0.0), (0.2, 0.0)];
    let correlated = [(0.07, 0.3), (0.07, 0.6)];
    for noises in [&noises[..], &correlated] {
        for regime in [Regime::EarlyPeak, Regime::LogIncrease] {
            for &noise in noises {
                print_row(regime, noise, count, &options, &mut rng)?;
            }
        }
    }
    Ok(())
}

fn print_row(
    regime: Regime,
    (cv, rho): (f64, f64),
    count: usize,
    options: &FitOptions,
    rng: &mut ChaCha8Rng,
) -> Result<(), outcrop_fit::Error> {
    let mut tally = Tally::default();
    let truths: Vec<Truth> = (0..count).map(|_| draw(rng, regime)).collect();
    let start = std::time::Instant::now();
    for truth in &truths {
        let series = Series::new(&steps(), &observe(truth, cv, rho, rng))?;
        judge(truth, &series, options, &mut tally)?;
    }
    let ms = start.elapsed().as_secs_f64() * 1e3 / count as f64;
    let share = |i: usize| match tally.counted[i] {
        0 => String::new(),
        n => format!("{:.3}", tally.covered[i] as f64 / n as f64),
    };
    let shares: Vec<String> = (0..4).map(share).collect();
    println!(
        "| {} | {:.0} % | {rho} | {} | {:.3} | {ms:.1} |",
        regime.name(),
        100.0 * cv,
        shares.join(" | "),
        tally.called as f64 / tally.series as f64
    );
    Ok(())
}
