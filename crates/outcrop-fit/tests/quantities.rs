//! The columns of `fits.csv` follow from what the hypotheses declare.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use outcrop_core::table::{self, TableLayout};
use outcrop_core::{Fit, Trajectory};
use outcrop_fit::{
    FitOptions, HYPOTHESES, QuantityAbout, RateHistory, fit, hypothesis, quantity_columns,
};

fn layout() -> TableLayout<Fit> {
    TableLayout::new(quantity_columns(HYPOTHESES)).unwrap()
}

/// As version 0.1.0 wrote it, with the hypotheses of then.
const HEADER: &str = "model,layer,hypothesis,n,best,status,sse,r2,r2_adjusted,aic,aicc,weight,\
    durbin_watson,runs_p,condition,A,A_lo,A_hi,lambda,lambda_lo,lambda_hi,gamma,gamma_lo,gamma_hi,\
    t0,t0_lo,t0_hi,K,K_lo,K_hi,beta,beta_lo,beta_hi,tau0,tau0_lo,tau0_hi,A1,A1_lo,A1_hi,A2,\
    f_first,f_first_lo,f_first_hi,f_last,f_last_lo,f_last_hi,f_max,f_max_lo,f_max_hi,\
    t_half,t_half_lo,t_half_hi,p_peak,t_peak,t_peak_lo,t_peak_hi,tau,omega,zeta,t_mid\n";
const PUBLISHED: [&str; 6] = [
    "emergence",
    "log only",
    "critically damped step",
    "first-order step",
    "second-order step",
    "logistic",
];

fn header(layout: TableLayout<Fit>) -> String {
    let csv = table::rows_to_csv_with(&[], layout).unwrap();
    String::from_utf8(csv).unwrap()
}

/// Columns of hypotheses to come stand behind those.
#[test]
fn the_published_header_stays() {
    let published = PUBLISHED.map(|name| hypothesis(name).unwrap());
    let of_these = TableLayout::new(quantity_columns(&published)).unwrap();
    assert_eq!(header(of_these), HEADER);
    // others may give an interval to what had none
    let all = header(layout());
    let mut left: Vec<&str> = HEADER.trim_end().split(',').rev().collect();
    for name in all.trim_end().split(',') {
        match left.last() {
            Some(next) if *next == name => drop(left.pop()),
            Some(_) => assert!(name.ends_with("_lo") || name.ends_with("_hi"), "{name}"),
            None => break,
        }
    }
    assert!(left.is_empty(), "{left:?}");
}

fn trajectory() -> Trajectory {
    let wiggle = |i: u64| 1.0 + 0.03 * (5.0 * i as f64).sin();
    let f = |t: f64| (-4e-3 * t).exp() * (20.0 * (t + 50.0).ln() - 70.0) + 12.0;
    Trajectory {
        stage: None,
        model: "m".into(),
        layer: 1,
        steps: (0..30).map(|i| 40 * i).collect(),
        ratios: (0..30).map(|i| f(40.0 * i as f64) * wiggle(i)).collect(),
        sem: Vec::new(),
    }
}

#[test]
fn rows_have_what_is_declared_and_it_is_in_its_range() {
    let names: Vec<&str> = HYPOTHESES.iter().map(|h| h.about().name).collect();
    let options = FitOptions::default().with_hypotheses(&names).unwrap();
    let rates = RateHistory::new(&[1.0, 100.0, 1160.0], &[1e-5, 1e-3, 1e-4]);
    let options = options.with_schedule("m", &rates);
    let found = fit(&trajectory(), &options);
    assert_eq!(found.fits.len(), HYPOTHESES.len());
    for (row, hypothesis) in found.fits.iter().zip(HYPOTHESES) {
        let declared: Vec<_> = hypothesis.about().columns().collect();
        let names: Vec<&str> = row.quantities.iter().map(|q| &*q.name).collect();
        assert_eq!(names, declared.iter().map(|q| q.name).collect::<Vec<_>>());
        for (quantity, about) in row.quantities.iter().zip(declared) {
            let [least, largest] = about.range;
            let numbers = [quantity.value, quantity.lo, quantity.hi];
            let inside = numbers
                .iter()
                .flatten()
                .all(|x| (least..=largest).contains(x));
            assert!(inside, "{}: {quantity:?}", row.hypothesis);
            // those beyond the published ones leave more open (tests/any_curve.rs)
            let may_be_open = !PUBLISHED.contains(&&*row.hypothesis) || about.name == "t_peak";
            assert!(quantity.value.is_some() || may_be_open, "{quantity:?}");
            let bounded = quantity.lo.is_some() && quantity.hi.is_some();
            let may_be_bounded = about.interval && quantity.value.is_some();
            assert_eq!(bounded, may_be_bounded, "{}: {quantity:?}", row.hypothesis);
        }
    }
    let csv = table::rows_to_csv_with(&found.fits, layout()).unwrap();
    let again = table::read_rows_from::<Fit>(&*csv, "fits.csv").unwrap();
    assert_eq!((again.rows, again.problems.len()), (found.fits, 0));
}

/// One column has one unit, whichever hypothesis fills it.
#[test]
fn a_name_has_one_unit() {
    let mut units = HashMap::new();
    for quantity in HYPOTHESES.iter().flat_map(|h| h.about().columns()) {
        let unit = units.entry(quantity.name).or_insert(quantity.unit);
        assert_eq!(*unit, quantity.unit, "{}", quantity.name);
    }
}

fn range(quantity: &QuantityAbout) -> String {
    match quantity.range {
        [f64::NEG_INFINITY, f64::INFINITY] => String::new(),
        [least, f64::INFINITY] => format!("at least {least}"),
        [f64::NEG_INFINITY, largest] => format!("at most {largest}"),
        [least, largest] => format!("{least} to {largest}"),
    }
}

/// What every hypothesis declares, in Markdown.
fn reference() -> String {
    let mut page = String::new();
    for about in HYPOTHESES.iter().map(|hypothesis| hypothesis.about()) {
        writeln!(page, "## {}\n\n`{}`\n", about.name, about.formula).unwrap();
        writeln!(
            page,
            "- limits: {}\n- source: {}",
            about.limits, about.source
        )
        .unwrap();
        writeln!(page, "- estimated: {} and the noise variance\n", {
            let names = about.parameters().map(|q| format!("`{}`", q.name));
            names.collect::<Vec<_>>().join(", ")
        })
        .unwrap();
        page += "| quantity | unit | range | interval | column | meaning |\n|---|---|---|---|---|---|\n";
        let word = |yes| if yes { "yes" } else { "no" };
        for q in about.quantities {
            let (interval, column) = (word(q.interval), word(q.column));
            let (name, unit, range, meaning) = (q.name, q.unit, range(q), q.meaning);
            writeln!(
                page,
                "| `{name}` | {unit} | {range} | {interval} | {column} | {meaning} |"
            )
            .unwrap();
        }
        page.push('\n');
    }
    page.trim_end().to_owned() + "\n"
}

/// `docs/fit-quantities.md` ends with the reference; with `UPDATE_DOCS=1` it is written.
#[test]
fn the_page_of_all_quantities_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fit-quantities.md");
    let page = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    let expected = reference();
    let first = expected.lines().next().unwrap();
    let (head, found) = page.split_at(page.find(first).unwrap());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{expected}")).unwrap();
    } else {
        assert_eq!(
            found, expected,
            "run UPDATE_DOCS=1 cargo test -p outcrop-fit --test quantities"
        );
    }
}
