//! Trajectories of every kind, with what a fitter would say of them.

use outcrop_core::{CurvePoint, Fit, Quantity, Trajectory};

/// A trajectory with its rows of the fits and of the curves.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) trajectory: Trajectory,
    pub(crate) fits: Vec<Fit>,
    pub(crate) curves: Vec<CurvePoint>,
}

/// Pythia's 37 measured steps: 0, powers of two to 512, then to 143,000.
pub(crate) fn steps() -> Vec<u64> {
    let early = (0..10).map(|e| 1 << e);
    let late = [
        1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 71, 80, 90, 100, 110, 120, 130,
        136, 140, 143,
    ];
    let late = late.into_iter().map(|k| 1000 * k);
    [0].into_iter().chain(early).chain(late).collect()
}

/// A hypothesis by its name, with its curve and its Akaike weight.
type Rival<'a> = (&'a str, &'a dyn Fn(f64) -> f64, f64);

/// f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K.
fn curve(t: f64, [a1, a2, beta, tau0, k]: [f64; 5]) -> f64 {
    (-beta * t).exp() * (a1 * (t + tau0).ln() + a2) + k
}

/// Points that scatter by `noise` of the value around a curve, without chance: the sine of squares
/// has no visible order.
pub(crate) fn case(model: &str, parameters: [f64; 5], noise: f64) -> Case {
    let f = |t: f64| curve(t, parameters);
    let ratio =
        |(i, s): (usize, &u64)| f(*s as f64) * (1.0 + noise * (7.0 * (i * i) as f64 + 1.0).sin());
    let trajectory = Trajectory {
        model: model.into(),
        layer: 3,
        stage: None,
        steps: steps(),
        ratios: steps().iter().enumerate().map(ratio).collect(),
        sem: Vec::new(),
    };
    let (first, last) = (f(0.0), f(143_000.0));
    let rivals: [Rival; 3] = [
        ("emergence", &f, 0.93),
        (
            "first-order step",
            &|t| first + (last - first) * (1.0 - (-t / 9000.0).exp()),
            0.068,
        ),
        ("constant", &|_| 0.5 * (first + last), 0.0002),
    ];
    let fit = |name: &str, weight: f64| Fit {
        model: model.into(),
        layer: 3,
        hypothesis: name.into(),
        n: 37,
        best: name == "emergence",
        status: "ok".into(),
        r2: Some(0.9 + weight / 10.0),
        aicc: Some(-80.0 - 2.0 * weight.ln()),
        weight: Some(weight),
        ..Fit::default()
    };
    let grid = (0..=240).map(|i| 143_001f64.powf(f64::from(i) / 240.0) - 1.0);
    let points = rivals.iter().flat_map(|(name, value, _)| {
        let band = (*name == "emergence").then_some(2.0 * noise);
        grid.clone().map(move |step| CurvePoint {
            model: model.into(),
            layer: 3,
            hypothesis: (*name).into(),
            step,
            value: value(step),
            value_lo: band.map(|b| value(step) * (1.0 - b)),
            value_hi: band.map(|b| value(step) * (1.0 + b)),
        })
    });
    Case {
        curves: points.collect(),
        fits: rivals.iter().map(|(name, _, w)| fit(name, *w)).collect(),
        trajectory,
    }
}

/// Rises to a peak near step 6000 and decays.
pub(crate) fn early_peak() -> Case {
    let mut case = case("pythia-160m", [300.0, -1400.0, 4.0e-5, 200.0, 30.0], 0.04);
    let fit = &mut case.fits[0];
    fit.quantities.set_value("p_peak", 0.998);
    let peak = Quantity::new("t_peak", 6010.0).between(5200.0, 7100.0);
    fit.quantities.set(peak);
    case
}

/// Climbs with the logarithm of the step.
pub(crate) fn log_increase() -> Case {
    let mut case = case("pythia-1.4b", [90.0, -480.0, 0.0, 210.0, 5.0], 0.03);
    case.fits[0].status = "decay not identified; leverage above 0.9 at step 143000".into();
    case.fits[0].quantities.set_value("p_peak", 0.04);
    case
}

/// The same with one wild point, named in the status.
pub(crate) fn outlier() -> Case {
    let mut case = log_increase();
    case.trajectory.ratios[20] *= 40.0;
    case.fits[0].status = format!("outlier at step {}", case.trajectory.steps[20]);
    case
}

/// Stays where it began; nothing has a weight.
pub(crate) fn flat() -> Case {
    let mut case = case("flat", [0.0, 0.0, 0.0, 1.0, 5.6], 0.02);
    case.fits[0].status = "flat".into();
    case.fits.iter_mut().for_each(|f| f.weight = None);
    case
}

/// Climbs, with standard errors.
pub(crate) fn with_errors() -> Case {
    let mut case = log_increase();
    case.trajectory.sem = case.trajectory.ratios.iter().map(|r| 0.04 * r).collect();
    case
}
