//! Reads what scikit-learn and SciPy computed (tests/fixtures/export.py).

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Fixture {
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) y: Vec<f64>,
    pub(crate) regressions: Vec<Regression>,
    pub(crate) yeo_johnson: Vec<YeoJohnson>,
    pub(crate) pchip: Vec<Pchip>,
    pub(crate) natural_spline: NaturalSpline,
}

/// What a model of scikit-learn predicts for its own training rows.
#[derive(Deserialize)]
pub(crate) struct Regression {
    pub(crate) kind: String,
    pub(crate) alpha: f64,
    pub(crate) l1_ratio: Option<f64>,
    pub(crate) gamma: Option<f64>,
    pub(crate) weights: Vec<f64>,
    /// Weighted mean 0.
    pub(crate) y: Vec<f64>,
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

/// A table with folds, and the R2 that scikit-learn's or XGBoost's trees reach on it
/// (tests/fixtures/export_trees.py).
#[derive(Deserialize)]
pub(crate) struct Trees {
    pub(crate) name: String,
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) y: Vec<f64>,
    pub(crate) fold: Vec<usize>,
    pub(crate) r2: std::collections::BTreeMap<String, f64>,
}

impl Trees {
    pub(crate) fn load() -> Vec<Self> {
        serde_json::from_str(include_str!("../tests/fixtures/trees.json")).unwrap()
    }
}
