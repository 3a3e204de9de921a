//! Trains a small model in a temporary folder, listens while it learns, and reads its tables.

use outcrop_core::{LossPoint, table};
use outcrop_train::{Environment, Event, Outcome, RunSpec, train};

const SPEC: &str = "
    model = 'small'
    [arch]
    layers = 1
    d_model = 32
    heads = 2
    context = 32
    [data]
    corpus = 'bigram-backcopy'
    [train]
    steps = 60
    batch = 8
    learning_rate = 1e-2
    warmup = 5
    [schedule]
    measure = '0,every:20'
    save = 'every:30'";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = RunSpec::from_toml(SPEC)?;
    let dir = tempfile::tempdir()?;
    let mut saved = Vec::new();
    let mut listen = |event: &Event<'_>| {
        if let Event::Saved { step } = event {
            saved.push(*step);
        }
    };
    let outcome = train(&spec, dir.path(), &Environment::default(), &mut listen)?;
    assert_eq!(outcome, Outcome::Finished);
    assert_eq!(saved, [30, 60]);

    let losses = table::read_rows::<LossPoint>(&dir.path().join("loss.csv"))?.rows;
    let steps: Vec<u64> = losses.iter().map(|row| row.step).collect();
    assert_eq!(steps, [0, 20, 40, 60]);
    assert!(losses[3].held_out_loss < losses[0].held_out_loss); // it learns

    // Asked for again, nothing is computed.
    let again = train(&spec, dir.path(), &Environment::default(), &mut ())?;
    assert_eq!(again, Outcome::AlreadyFinished);
    Ok(())
}
