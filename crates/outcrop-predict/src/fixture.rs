//! Reads what scikit-learn and SciPy computed (tests/fixtures/export.py).

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Fixture {
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) y: Vec<f64>,
    pub(crate) linear: Vec<Linear>,
    pub(crate) yeo_johnson: Vec<YeoJohnson>,
    pub(crate) pchip: Vec<Pchip>,
    pub(crate) natural_spline: NaturalSpline,
}

#[derive(Deserialize)]
pub(crate) struct Linear {
    pub(crate) alpha: f64,
    pub(crate) l1_ratio: Option<f64>,
    pub(crate) predicted: Vec<f64>,
}

#[derive(Deserialize)]
pub(crate) struct YeoJohnson {
    pub(crate) values: Vec<f64>,
    pub(crate) lambda: f64,
    pub(crate) log_likelihood: f64,
    pub(crate) transformed: Vec<f64>,
}

/// Cardinal splines: row i has, at `at[i]`, the natural spline that is 1 at one knot and 0 at the
/// others, for each knot.
#[derive(Deserialize)]
pub(crate) struct NaturalSpline {
    pub(crate) knots: [f64; 4],
    pub(crate) at: Vec<f64>,
    pub(crate) cardinal: Vec<[f64; 4]>,
}

#[derive(Deserialize)]
pub(crate) struct Pchip {
    pub(crate) knots: Vec<[f64; 2]>,
    pub(crate) points: Vec<[f64; 2]>,
}

impl Fixture {
    pub(crate) fn load() -> Self {
        serde_json::from_str(include_str!("../tests/fixtures/sklearn.json")).unwrap()
    }
}
