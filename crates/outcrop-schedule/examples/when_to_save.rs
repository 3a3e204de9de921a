//! The steps of a short run at which to measure densely and to save now and then.

use outcrop_schedule::Schedule;

fn main() -> Result<(), outcrop_schedule::Error> {
    let run_length = 2000;
    let measure = Schedule::parse("pythia:last", run_length)?;
    let save = Schedule::parse("every:500", run_length)?;
    assert_eq!(save.steps(), [500, 1000, 1500, 2000]);
    assert_eq!(measure.steps()[..6], [0, 1, 2, 4, 8, 14]);
    assert_eq!(measure.last(), run_length);

    let mut measured = 0;
    for step in 0..=run_length {
        measured += usize::from(measure.contains(step));
    }
    assert_eq!(measured, measure.steps().len());
    Ok(())
}
