//! The pipeline as a library: a profile of two models, trained, measured, fitted and reported.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop::model::Backend;
use outcrop::pipeline::{Jobs, Order, Profile, Progress, Results, analyse, environment, sweep};

const PROFILE: &str = "
    name = 'two'
    description = 'one layer and two'
    [base.arch]
    d_model = 16
    heads = 2
    context = 16
    [base.train]
    steps = 12
    batch = 2
    warmup = 2
    [base.schedule]
    measure = '0,every:1'
    [[runs]]
    model = 'shallow'
    arch = { layers = 1 }
    [[runs]]
    model = 'deep'
    arch = { layers = 2 }";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let profile = Profile::from_toml(PROFILE, "two")?;
    let out = tempfile::tempdir()?;
    let results = Results::new(out.path());
    let stop = Arc::new(AtomicBool::new(false));
    let environment = environment(Backend::Flex, None, out.path(), stop)?;
    let _lock = results.claim(&profile.runs, "the example")?;

    let mut ended = 0;
    let mut listen = |progress: Progress| {
        if let Progress::Ended { .. } = progress {
            ended += 1;
        }
    };
    let side_by_side = Jobs {
        runs: 2,
        threads: 1,
        order: Order::Longest,
    };
    let failures = sweep(
        &profile.runs,
        &results,
        &environment,
        side_by_side,
        &mut listen,
    )?;
    assert!(failures.is_empty());
    assert_eq!(ended, 2);

    let analysis = analyse(
        &profile,
        &profile.runs,
        &results,
        &environment,
        "the example",
    )?;
    assert!(analysis.report.is_file());
    assert_eq!(analysis.summary.growth.len(), 2); // one row a model
    assert_eq!(analysis.summary.layers, 3);
    assert_eq!(analysis.warnings.len(), 1); // two models are too few to predict from
    Ok(())
}
