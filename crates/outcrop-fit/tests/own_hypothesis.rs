//! A hypothesis of another crate: it is fitted among the others, and what it declares stands in the table.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use outcrop_core::table::{self, TableLayout};
use outcrop_core::{Fit, Trajectory};
use outcrop_fit::separable::{Bounds, Columns, Separable, Slopes};
use outcrop_fit::{
    About, Curve, EMERGENCE, F_FIRST, F_LAST, FitOptions, Fitted, FittedRow, HYPOTHESES,
    Hypothesis, Observations, QuantityAbout, Result, fit_among, hypothesis, quantity_columns,
};

/// f(t) = c + S t / (t + h): saturation, half of which is reached at step h.
#[derive(Debug)]
struct Saturation;

const SATURATION: &str = "saturation";

static ABOUT: About = About {
    name: SATURATION,
    formula: "f(t) = c + S t / (t + h)",
    quantities: &[
        QuantityAbout::parameter("c", "ratio", "value at step 0").without_column(),
        QuantityAbout::parameter("S", "ratio", "what it rises by in the end"),
        QuantityAbout::parameter("h", "steps", "step at which it has risen by half of S")
            .within(1.0, f64::INFINITY)
            .with_interval(),
        QuantityAbout::derived("speed", "ratio per step", "initial speed S / h"),
        F_FIRST,
        F_LAST,
    ],
    limits: "a straight line at h = infinity",
    source: "Michaelis and Menten (1913)",
};

/// The columns 1 and t / (t + h) over ln h.
struct Family {
    last: f64,
}

impl Separable<1, 2> for Family {
    fn bounds(&self) -> Bounds<1> {
        Bounds {
            lower: [0.0],
            upper: [(10.0 * self.last).ln()],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 1],
        columns: &mut Columns<2>,
        slopes: Option<&mut Slopes<1, 2>>,
    ) {
        let h = p[0].exp();
        columns[0] = vec![1.0; steps.len()];
        columns[1] = steps.iter().map(|t| t / (t + h)).collect();
        if let Some(slopes) = slopes {
            slopes[0][1] = steps.iter().map(|t| -t * h / (t + h).powi(2)).collect();
        }
    }
}

#[derive(Debug)]
struct SaturationCurve {
    c: f64,
    s: f64,
    h: f64,
}

impl Curve for SaturationCurve {
    fn value(&self, t: f64) -> f64 {
        self.c + self.s * t / (t + self.h)
    }

    fn turns(&self, _: f64, _: f64) -> Vec<f64> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let speed = self.s / self.h;
        vec![
            ("c", Some(self.c)),
            ("S", Some(self.s)),
            ("h", Some(self.h)),
            ("speed", Some(speed)),
        ]
    }
}

impl Hypothesis for Saturation {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let family = Family {
            last: observations.series().last(),
        };
        Fitted::separable(&ABOUT, &family, observations, |p, [c, s]| SaturationCurve {
            c,
            s,
            h: p[0].exp(),
        })
    }

    /// With a factor of two around h as its interval, where intervals are asked for.
    fn row(&self, observations: &Observations<'_>, _: &[f64]) -> Result<FittedRow> {
        let mut row = FittedRow::new(self.fit(observations)?);
        if observations.options().draws() > 0 {
            let h = row.quantities.get("h").unwrap().clone();
            let [lo, hi] = [0.5, 2.0].map(|factor| h.value.map(|h| factor * h));
            row.quantities.set(h.between(lo, hi));
        }
        Ok(row)
    }
}

fn trajectory() -> Trajectory {
    Trajectory {
        stage: None,
        model: "m".into(),
        layer: 2,
        steps: (0..24).map(|i| 25 * i).collect(),
        ratios: (0..24)
            .map(|i| 5.0 + 40.0 * f64::from(25 * i) / (f64::from(25 * i) + 80.0))
            .collect(),
        sem: Vec::new(),
    }
}

/// The built-in hypotheses and this one.
fn all() -> Vec<&'static dyn Hypothesis> {
    HYPOTHESES
        .iter()
        .copied()
        .chain([&Saturation as &dyn Hypothesis])
        .collect()
}

#[test]
fn it_is_fitted_among_the_others() {
    let found = fit_among(&trajectory(), &all(), &FitOptions::default());
    assert_eq!(found.fits.len(), HYPOTHESES.len() + 1);
    let own = &found.fits[HYPOTHESES.len()];
    assert!(own.best && own.hypothesis == SATURATION, "{own:?}");
    for (name, truth) in [("S", 40.0), ("h", 80.0), ("speed", 0.5), ("f_first", 5.0)] {
        let value = own.value(name).unwrap();
        assert!((value / truth - 1.0).abs() < 1e-6, "{name}: {value}");
    }
    assert_eq!(own.value("c"), None);
    let weights: f64 = found.fits.iter().filter_map(|fit| fit.weight).sum();
    assert!((weights - 1.0).abs() < 1e-12);
    let points = found
        .curves
        .iter()
        .filter(|point| point.hypothesis == SATURATION);
    assert_eq!(points.count(), FitOptions::default().curve_points());
}

#[test]
fn its_quantities_stand_in_the_table_that_is_written_and_read_back() {
    let found = fit_among(&trajectory(), &all(), &FitOptions::default());
    let layout = TableLayout::new(quantity_columns(&all())).unwrap();
    let header = layout.header().join(",");
    assert!(
        header.ends_with(",S_dip,S_dip_lo,S_dip_hi,S,h,h_lo,h_hi,speed"),
        "{header}"
    );
    let csv = table::rows_to_csv_with(&found.fits, layout).unwrap();
    assert!(csv.starts_with(header.as_bytes()));

    // the reader knows none of these names
    let loaded = table::read_rows_from::<Fit>(&*csv, "fits.csv").unwrap();
    assert_eq!((&loaded.rows, loaded.problems.len()), (&found.fits, 0));
    let own = loaded
        .rows
        .iter()
        .find(|fit| fit.hypothesis == SATURATION)
        .unwrap();
    let h = own.quantity("h").unwrap();
    assert!((h.value.unwrap() / 80.0 - 1.0).abs() < 1e-6);
    assert_eq!(
        [h.lo, h.hi],
        [0.5, 2.0].map(|factor| h.value.map(|h| factor * h))
    );
    assert!(loaded.rows[0].hypothesis == EMERGENCE && loaded.rows[0].value("h").is_none());

    // and a table of the rows alone has the same columns wherever a row has something
    let again = table::rows_to_csv(&loaded.rows).unwrap();
    let again = table::read_rows_from::<Fit>(&*again, "again.csv").unwrap();
    assert_eq!(again.rows, found.fits);
}

#[test]
fn a_series_that_cannot_be_fitted_is_a_row_of_the_first() {
    let mut short = trajectory();
    short.steps.truncate(3);
    short.ratios.truncate(3);
    let found = fit_among(&short, &[&Saturation], &FitOptions::default());
    assert_eq!(
        (found.fits.len(), &*found.fits[0].hypothesis),
        (1, SATURATION)
    );
    assert!(
        found.fits[0].status.contains("at least 7"),
        "{}",
        found.fits[0].status
    );
    assert!(
        hypothesis(SATURATION).is_err(),
        "the list of the crate is as it was"
    );
}
