//! Fits a table of trajectories with the paper's procedure and with the global fitter, without and
//! with the posterior, and times each fit alone, on one thread with raw weights. On the simulated trial, unless given a table:
//! `cargo run -p outcrop-fit --example trial -- [TRAJECTORIES.csv [STEP [OFFSET [LIMIT]]]]`
//!
//! It takes every STEP-th series from OFFSET on, and LIMIT evaluations for a form of the paper's.
//! On standard output goes a table that `benches/scipy/trial.py` writes too, with the columns series,
//! method (paper, global or posterior), form, outcome (converged, or what failed), sse and seconds; on standard
//! error, milliseconds a fit.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that shows its numbers"
)]

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use outcrop_core::table;
use outcrop_fit::{
    Emergence, Error as FitError, FitOptions, Observations, Posterior, Series, fit_emergence, paper,
};

struct Request {
    table: PathBuf,
    step: usize,
    offset: usize,
    options: paper::PaperOptions,
}

fn request() -> Result<Request, Box<dyn Error>> {
    let trial = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/trial_series.csv"
    );
    let mut arguments = std::env::args().skip(1);
    let table = arguments.next().unwrap_or(trial.into()).into();
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse());
    Ok(Request {
        table,
        step: number(1)?.max(1),
        offset: number(0)?,
        options: paper::PaperOptions {
            max_evaluations: number(paper::PaperOptions::default().max_evaluations)?,
        },
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let request = request()?;
    let loaded = table::trajectories(&request.table)?;
    let chosen = loaded
        .rows
        .iter()
        .skip(request.offset)
        .step_by(request.step);
    println!("series,method,form,outcome,sse,seconds");
    let (mut fits, mut paper_seconds) = (0, 0.0);
    let (mut global_seconds, mut posterior_seconds) = (0.0, 0.0);
    for trajectory in chosen {
        let (name, series) = (&trajectory.model, Series::from_trajectory(trajectory)?);
        if fits == 0 {
            // what only the first call costs
            black_box(fit_emergence(&series, &FitOptions::paper_like())?);
        }
        for (form, fit) in FORMS {
            let (found, seconds) = timed(|| fit(&series, &request.options));
            let found = found.map(|f| f.sse).map_err(|f| f.to_string());
            print(name, "paper", form, &found, seconds);
            paper_seconds += seconds;
        }
        let (found, seconds) = timed(|| fit_emergence(&series, &FitOptions::paper_like()));
        let sse = found?.goodness().sse;
        assert!(sse.is_finite() && sse >= 0.0, "{name}: {sse}");
        print(name, "global", "emergence", &Ok(sse), seconds);
        global_seconds += seconds;
        let (found, seconds) = timed(|| with_posterior(&series));
        print(name, "posterior", "emergence", &Ok(found?), seconds);
        posterior_seconds += seconds;
        fits += 1;
    }
    let ms = |seconds: f64| seconds * 1e3 / f64::from(fits.max(1));
    eprintln!("{fits} series, raw weights, one thread");
    eprintln!(
        "paper's procedure, both forms: {:.3} ms a series",
        ms(paper_seconds)
    );
    eprintln!("global fitter: {:.3} ms a series", ms(global_seconds));
    eprintln!(
        "with the posterior: {:.3} ms a series",
        ms(posterior_seconds)
    );
    Ok(())
}

/// The sum of squares of a fit whose curves and intervals were drawn too.
fn with_posterior(series: &Series) -> Result<f64, FitError> {
    let options = FitOptions::paper_like();
    let observations = Observations::new(series, &options)?;
    let fit = Emergence::fit(&observations)?;
    let posterior = Posterior::new(&observations, &fit);
    black_box(posterior.intervals(fit.notes(), options.level()));
    Ok(fit.goodness().sse)
}

type FitForm = fn(&Series, &paper::PaperOptions) -> Result<paper::FittedForm, paper::FormFailure>;

const FORMS: [(&str, FitForm); 2] = [
    ("original", paper::fit_original),
    ("reparametrised", paper::fit_reparametrised),
];

fn timed<T>(f: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = black_box(f());
    (result, start.elapsed().as_secs_f64())
}

fn print(series: &str, method: &str, form: &str, found: &Result<f64, String>, seconds: f64) {
    let (outcome, sse) = match found {
        Ok(sse) => ("converged", sse.to_string()),
        Err(failure) => (failure.as_str(), String::new()),
    };
    println!("{series},{method},{form},{outcome},{sse},{seconds}");
}
