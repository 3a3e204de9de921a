use crate::hypotheses::{About, F_FIRST, F_LAST, F_MAX, QuantityAbout, T_HALF, T_PEAK};

/// `hypothesis` of the emergence curve.
pub const EMERGENCE: &str = "emergence";

const INFINITY: f64 = f64::INFINITY;

const fn parameter(name: &'static str, unit: &'static str, meaning: &'static str) -> QuantityAbout {
    QuantityAbout::parameter(name, unit, meaning).with_interval()
}

const fn derived(name: &'static str, unit: &'static str, meaning: &'static str) -> QuantityAbout {
    QuantityAbout::derived(name, unit, meaning)
}

pub(super) static ABOUT: About = About {
    name: EMERGENCE,
    formula: "f(t) = A exp(-lambda x) ln(x) + K, x = gamma t + t0; \
              equally exp(-beta t) (A1 ln(t + tau0) + A2) + K",
    quantities: &[
        parameter("A", "ratio", "amplitude; A1 = A exp(-lambda t0)"),
        parameter("lambda", "", "decay rate; beta = lambda gamma per step").within(0.0, INFINITY),
        parameter("gamma", "per step", "time scaling; A2 = A1 ln(gamma)").within(0.0, INFINITY),
        parameter(
            "t0",
            "",
            "time offset; tau0 = t0 / gamma steps, at least the option `min_tau0`",
        )
        .within(0.0, INFINITY),
        parameter("K", "ratio", "asymptote"),
        derived("beta", "per step", "decay rate lambda gamma")
            .within(0.0, INFINITY)
            .with_interval(),
        derived("tau0", "steps", "time offset t0 / gamma")
            .within(0.0, INFINITY)
            .with_interval(),
        derived("A1", "ratio", "logarithmic amplitude A exp(-lambda t0)").with_interval(),
        derived("A2", "ratio", "constant amplitude A1 ln(gamma)"),
        F_FIRST.with_interval(),
        F_LAST.with_interval(),
        F_MAX.with_interval(),
        T_HALF.with_interval(),
        derived(
            "p_peak",
            "",
            "probability that the curve has a maximum inside the run",
        )
        .within(0.0, 1.0),
        T_PEAK.with_interval(),
    ],
    limits: "log only at beta = 0; critically damped step at tau0 = infinity; first-order step at A1 = 0",
    source: "Eq. 9 of arXiv 2508.03616",
};
