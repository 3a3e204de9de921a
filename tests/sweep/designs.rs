//! Designs: which runs there are.

use serde_json::Value;

use super::{PROFILE, fails, manifest, succeeds};

#[test]
fn a_grid_leaves_out_what_is_impossible_or_too_large_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let grid = format!(
        "{PROFILE}[design]\nkind = 'grid'\n[design.arch]\nheads = [1, 2, 3]\nlayers = [1, 4]\n\
         [design.budget]\nparameters = {{ to = 10000 }}\n"
    );
    let said = succeeds(dir.path(), &grid, "sweep mine.toml");
    let lines = manifest(dir.path());
    assert_eq!(lines.len(), 2 * 2, "{said}");
    assert!(
        lines
            .iter()
            .all(|line| line["parameters"].as_u64().unwrap() <= 10_000)
    );
    assert!(
        said.contains("left out: 2 points, the first since it failed to accept arch.heads = 3"),
        "{said}"
    );
    assert!(
        said.contains(
            "left out: 2 points, the first since it failed to stay in the budget: parameters"
        ),
        "{said}"
    );
    let about = std::fs::read_to_string(dir.path().join("runs/mine/sweep.json")).unwrap();
    let about: Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["design"]["points"], 2);
}

/// Half of one head is none.
#[test]
fn a_multiple_that_is_no_whole_number_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let grid = format!(
        "{PROFILE}[design]\nkind = 'grid'\n[design.arch]\nheads = [1, 2]\n\
         kv_heads = {{ times = 'arch.heads', by = [0.5, 1] }}\n"
    );
    let said = succeeds(dir.path(), &grid, "sweep mine.toml");
    assert_eq!(manifest(dir.path()).len(), 3 * 2, "{said}");
    assert!(said.contains("left out: 1 point"), "{said}");
    assert!(said.contains("`kv_heads`"), "{said}");
}

const SOBOL: &str = "[design]
kind = 'sobol'
runs = 32
[design.arch]
layers = { from = 1, to = 6 }
d_model = { from = 16, to = 64, step = 16 }
heads = [1, 2, 4]
d_ff = { times = 'arch.d_model', by = [1, 2, 4] }
position = [{ kind = 'learned' }, { kind = 'rotary', fraction = 0.5, base = 1e4 }]
[design.train]
learning_rate = { from = 1e-3, to = 1e-2, scale = 'log' }
[design.budget]
parameters = { from = 6000, to = 200000 }
tokens = { to = 1e6 }
";

#[test]
fn a_sobol_design_has_as_many_different_runs_as_asked_for_and_says_the_largest_correlation() {
    let dir = tempfile::tempdir().unwrap();
    let correlation = |tries: &str| {
        let design = SOBOL.replace("runs = 32", &format!("runs = 32\n{tries}"));
        let said = succeeds(dir.path(), &format!("{PROFILE}{design}"), "sweep mine.toml");
        assert!(
            said.contains("largest correlation of two factors over 32 points"),
            "{said}"
        );
        let about = std::fs::read_to_string(dir.path().join("runs/mine/sweep.json")).unwrap();
        let about: Value = serde_json::from_str(&about).unwrap();
        let found = about["design"]["largest_correlation"]["value"]
            .as_f64()
            .unwrap();
        assert!((largest_correlation(&manifest(dir.path())) - found.abs()).abs() < 1e-9);
        found.abs()
    };
    let one = correlation("");
    let lines = manifest(dir.path());
    let specs: std::collections::BTreeSet<&str> = lines
        .iter()
        .map(|line| line["spec"].as_str().unwrap())
        .collect();
    assert_eq!((lines.len(), specs.len()), (64, 64));
    let best = correlation("tries = 20");
    assert!(best < one && best < 0.3, "{best} of 20 tries, {one} of one");
}

/// The same from the specs: of the first run of each point, by the definitions of the docs.
fn largest_correlation(lines: &[Value]) -> f64 {
    let number = |v: &toml::Value| v.as_float().or(v.as_integer().map(|i| i as f64)).unwrap();
    let row = |line: &Value| {
        let spec: toml::Table = line["spec"].as_str().unwrap().parse().unwrap();
        let arch = |key: &str| number(&spec["arch"][key]);
        let learned = spec["arch"]["position"]["kind"].as_str() == Some("learned");
        vec![
            arch("layers"),
            arch("d_model"),
            arch("heads").log2(), // 1, 2, 4: the place in the list
            (arch("d_ff") / arch("d_model")).log2(),
            f64::from(u8::from(!learned)),
            number(&spec["train"]["learning_rate"]).ln(),
        ]
    };
    let rows: Vec<Vec<f64>> = lines.iter().step_by(2).map(row).collect();
    let column = |c: usize| rows.iter().map(|row| row[c]).collect::<Vec<f64>>();
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let dot = |a: &[f64], b: &[f64]| {
        let (ma, mb) = (mean(a), mean(b));
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - ma) * (b - mb))
            .sum::<f64>()
    };
    let mut largest = 0.0_f64;
    for a in 0..6 {
        for b in 0..a {
            let (a, b) = (column(a), column(b));
            largest = largest.max((dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()).abs());
        }
    }
    largest
}

#[test]
fn a_design_that_is_wrong_says_where() {
    let dir = tempfile::tempdir().unwrap();
    for (design, parts) in [
        (
            "[design]\nkind = 'latin'\n",
            &["line 18", "grid, random, sobol"][..],
        ),
        ("[design]\nkind = 'grid'\n", &["line 18", "varies nothing"]),
        (
            "[design]\nkind = 'grid'\nruns = 3\n[design.arch]\nlayers = [1]\n",
            &["line 19", "leave out `runs`"],
        ),
        (
            "[design]\nkind = 'sobol'\n[design.arch]\nlayers = [1]\n",
            &["`runs` is missing"],
        ),
        (
            "[design]\nkind = 'grid'\n[design.arch]\nlayer = [1, 2]\n",
            &["line 20", "did you mean `layers`"],
        ),
        (
            "[design]\nkind = 'grid'\n[design.arch]\nlayers = 3\n",
            &["line 20", "a list of values"],
        ),
        (
            "[design]\nkind = 'grid'\n[design.arch]\nlayers = { from = 1.0, to = 2.0 }\n",
            &["`arch.layers`"],
        ),
        (
            "[design]\nkind = 'grid'\n[design.optimizer]\nrate = [1]\n",
            &["line 19", "known keys: kind"],
        ),
        (
            "[design]\nkind = 'grid'\n[design.arch]\nheads = [3, 5]\n",
            &["0 points are possible", "arch.heads = 3"],
        ),
        (
            "[design]\nkind = 'random'\nruns = 10000\n[design.arch]\nheads = [3, 5]\n",
            &["0 points are possible", "20000 that failed"],
        ),
        (
            "[design]\nkind = 'random'\nruns = 5\n[design.arch]\nheads = [1, 2]\n",
            &["2 points are possible", "earlier point"],
        ),
        (
            "[design]\nkind = 'grid'\n[design.arch]\nlayers = [1]\n[design.budget]\nhours = { to = 1 }\n",
            &["line 22", "flops"],
        ),
        (
            "[design]\nkind = 'grid'\n[design.arch]\nd_ff = { times = 'arch.width', by = [1] }\n",
            &["line 20", "`arch.width` is no number"],
        ),
    ] {
        let said = fails(
            dir.path(),
            &format!("{PROFILE}{design}"),
            "sweep mine.toml",
            1,
        );
        for part in parts {
            assert!(said.contains(part), "{design}: {said}");
        }
    }
}
