//! Draws a report of one model and looks at what it says. With an argument: into that folder. With two: of the tables in
//! the second one.

use std::path::Path;

use outcrop_core::{Trajectory, table};
use outcrop_report::{Inputs, summary, write_report};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut folders = std::env::args_os().skip(1);
    let scratch = std::env::temp_dir().join("outcrop-report-example");
    let out = folders.next().map_or(scratch, Into::into);
    let inputs = match folders.next() {
        Some(folder) => of_tables(Path::new(&folder))?,
        None => of_one_model(),
    };
    let written = write_report(&inputs, &out)?;
    assert!(written.html.ends_with("report.html"));
    assert!(written.figures.iter().any(|f| f.ends_with("emergence.svg")));
    Ok(())
}

fn of_one_model() -> Inputs {
    let steps: Vec<u64> = vec![0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    let layer = |layer: u32, climb: f64| Trajectory {
        model: "tiny".into(),
        layer,
        ratios: steps
            .iter()
            .map(|s| 5.0 + climb * (1.0 + *s as f64).ln())
            .collect(),
        stage: None,
        steps: steps.clone(),
        sem: Vec::new(),
    };
    let inputs = Inputs {
        title: "One tiny model".into(),
        trajectories: vec![layer(1, 0.4), layer(2, 6.0), layer(3, 1.5)],
        ..Inputs::default()
    };
    let sum = summary(&inputs);
    assert_eq!((sum.grown, sum.growth[0].layer), (1, 2));
    inputs
}

/// The tables of a results folder.
fn of_tables(folder: &Path) -> Result<Inputs, Box<dyn std::error::Error>> {
    let file = |name: &str| folder.join(name);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let predicted = file("predicted.csv");
    Ok(Inputs {
        title: format!("Massive activations: {}", folder.display()),
        archs: table::architectures(&file("architectures.csv"))?.rows,
        measurements: table::measurements(&file("measurements.csv"))?.rows,
        trajectories: table::trajectories(&file("trajectories.csv"))?.rows,
        fits: table::read_rows(&file("fits.csv"))?.rows,
        curves: table::read_rows(&file("curves.csv"))?.rows,
        losses: table::read_rows(&file("loss.csv"))?.rows,
        scores: table::read_rows(&file("scores.csv"))?.rows,
        predictions: table::read_rows(&file("predictions.csv"))?.rows,
        predicted: match predicted.exists() {
            true => table::read_rows(&predicted)?.rows,
            false => Vec::new(),
        },
        verdicts: read("verdicts.txt").lines().map(str::to_owned).collect(),
        tables: [("fits".to_owned(), "../fits.csv".to_owned())].into(),
        ..Inputs::default()
    })
}
