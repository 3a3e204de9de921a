//! Draws one trajectory with its fit, and a forecast of its second half. With an argument: into
//! that folder.

use outcrop_core::{CurvePoint, Fit, Trajectory};
use outcrop_report::{Error, Format, fit_plot, forecast_plot};

fn main() -> Result<(), Error> {
    let ratio = |step: f64| 5.0 + 6.0 * (1.0 + step / 10.0).ln();
    let steps: Vec<u64> = [0].into_iter().chain((0..=12).map(|e| 1 << e)).collect();
    let scatter = [1.0, 1.03, 0.98, 1.01, 0.97];
    let measured = steps.iter().zip(scatter.into_iter().cycle());
    let trajectory = Trajectory {
        model: "tiny".into(),
        layer: 2,
        ratios: measured
            .map(|(s, noise)| ratio(*s as f64) * noise)
            .collect(),
        stage: None,
        steps,
        sem: Vec::new(),
    };
    let fit = Fit {
        model: "tiny".into(),
        layer: 2,
        hypothesis: "emergence".into(),
        n: 14,
        best: true,
        status: "decay not identified".into(),
        r2: Some(0.998),
        weight: Some(0.91),
        ..Fit::default()
    };
    let grid = (0..=100).map(|i| 4097f64.powf(f64::from(i) / 100.0) - 1.0);
    let curve = grid.map(|step| CurvePoint {
        model: "tiny".into(),
        layer: 2,
        hypothesis: "emergence".into(),
        step,
        value: ratio(step),
        value_lo: Some(0.96 * ratio(step)),
        value_hi: Some(1.04 * ratio(step)),
    });
    let curve: Vec<_> = curve.collect();

    let scratch = std::env::temp_dir().join("outcrop-report-plots");
    let out = std::env::args_os().nth(1).map_or(scratch, Into::into);
    outcrop_core::check_writable(&out)?;
    let plot = fit_plot(&trajectory, &[fit], &curve);
    assert!(plot.svg()?.contains("emergence, weight 0.91"));
    let files = plot.write(&out, &Format::ALL)?;
    assert!(files[1].ends_with("tiny-layer-2.png"));
    let forecast = forecast_plot(&trajectory, 128, &curve).write(&out, &[Format::Svg])?;
    assert!(forecast[0].ends_with("tiny-layer-2-forecast.svg"));
    Ok(())
}
