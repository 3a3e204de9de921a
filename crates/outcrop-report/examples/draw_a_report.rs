//! Draws a report of one model and looks at what it says. With an argument: into that folder.

use outcrop_core::Trajectory;
use outcrop_report::{Inputs, summary, write_report};

fn main() -> Result<(), outcrop_report::Error> {
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

    let scratch = std::env::temp_dir().join("outcrop-report-example");
    let out = std::env::args_os().nth(1).map_or(scratch, Into::into);
    let written = write_report(&inputs, &out)?;
    assert!(written.html.ends_with("report.html"));
    assert!(written.figures.iter().any(|f| f.ends_with("emergence.svg")));
    Ok(())
}
