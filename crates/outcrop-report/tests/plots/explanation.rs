use outcrop_core::{Attribution, Dependence, Importance};
use outcrop_report::{dependence_plot, importance_plot, shapley_plot, waterfall_plot};

use super::seen::Seen;

const UP: &str = "#D55E00";
const DOWN: &str = "#0072B2";

fn share(model: &str, group: &str, value: f64, shapley: f64) -> Attribution {
    Attribution {
        model: model.into(),
        layer: 2,
        target: "ln f_max".into(),
        regressor: "ridge".into(),
        group: group.into(),
        value,
        shapley,
        base: 3.0,
        predicted: 3.25,
    }
}

fn shares() -> Vec<Attribution> {
    let rows = (0..20).map(|i| f64::from(i) / 10.0);
    rows.flat_map(|v| {
        let model = format!("m{v}");
        [
            share(&model, "L", v, 0.01 * v),
            share(&model, "l/L + (l/L)^2 + sqrt(l/L)", v, v - 1.0),
        ]
    })
    .collect()
}

#[test]
fn every_share_is_a_point_and_the_largest_group_is_on_top() {
    let plot = shapley_plot(&shares());
    assert_eq!(plot.stem(), "shapley-ln-f_max");
    let seen = Seen::new(&plot);
    assert_eq!(seen.shapes.iter().filter(|s| s.0 == "circle").count(), 40);
    assert!(seen.place("l/L and 2 more").1 < seen.place("L").1);
    seen.must_say(&[
        "what moves ln f_max, by ridge",
        "Shapley value, in units of ln f_max",
        "only vary together and share one value: l/L + (l/L)^2 + sqrt(l/L)",
        "low",
        "high",
    ]);
    // the lowest value is at the left in the darkest colour, the highest at the right in the lightest
    let circles = || seen.places.iter().filter(|p| p.1.starts_with('#'));
    let leftmost = circles().min_by(|a, b| a.0.0.total_cmp(&b.0.0)).unwrap();
    let rightmost = circles().max_by(|a, b| a.0.0.total_cmp(&b.0.0)).unwrap();
    let green = |c: &str| u8::from_str_radix(&c[3..5], 16).unwrap();
    assert!(
        green(&leftmost.1) < 16 && green(&rightmost.1) > 200,
        "{leftmost:?} {rightmost:?}"
    );
}

#[test]
fn a_waterfall_goes_from_the_mean_to_the_prediction() {
    let rows = [
        share("bb", "H/d", 0.5, -0.25),
        share("bb", "L", 6.0, 1.0),
        share("bb", "ln d + d", 4.0, -0.5),
        share("other", "L", 6.0, 9.0),
    ];
    let plot = waterfall_plot(&rows);
    assert_eq!(plot.stem(), "waterfall-ln-f_max-bb-layer-2");
    let seen = Seen::new(&plot);
    seen.must_say(&[
        "bb, layer 2: ln f_max by ridge",
        "mean 3",
        "this layer 3.25",
        "L = 6  +1",
        "d_model = 54.6 and 1 more  −0.5",
    ]);
    assert_eq!((seen.filled("rect", UP), seen.filled("rect", DOWN)), (1, 2));
    // bars touch: each starts where the one below ends, the lowest at the mean
    let mut bars: Vec<_> = seen
        .rects
        .iter()
        .filter(|r| r.1 == UP || r.1 == DOWN)
        .map(|r| r.0)
        .collect();
    bars.sort_by(|a, b| a[1].total_cmp(&b[1]));
    let [up, width, density] = bars.as_slice() else {
        panic!("{bars:?}")
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() <= 10.0, "{bars:?}");
    near(up[0], width[0]); // 2.25, where +1 starts
    near(width[0] + width[2], density[0]); // 2.75
    near(up[2], 2.0 * width[2]);
    near(width[2], 2.0 * density[2]);
}

#[test]
fn a_dependence_has_a_panel_for_each_group() {
    let point = |group: &str, model: &str, layer, at: f64| Dependence {
        target: "K".into(),
        regressor: "ridge".into(),
        group: group.into(),
        model: model.into(),
        layer,
        at,
        predicted: at.sqrt(),
    };
    let rows: Vec<_> = ["L", "H/d"]
        .iter()
        .flat_map(|g| [("", 0), ("a", 1), ("a", 2)].map(|(m, l)| (g, m, l)))
        .flat_map(|(g, m, l)| [1.0, 30.0, 100.0].map(|at| point(g, m, l, at)))
        .collect();
    let seen = Seen::new(&dependence_plot(&rows));
    seen.must_say(&["L", "H/d", "mean of all layers", "one layer of one model"]);
    assert_eq!(seen.filled("circle", DOWN), 6);
    let curves = seen
        .paths
        .iter()
        .filter(|p| p.1 == "#D9D9D9" && p.0.len() == 3);
    assert_eq!(curves.count(), 4);
}

#[test]
fn importance_is_sorted_and_says_what_it_was_measured_on() {
    let row = |group: &str, increase: f64| Importance {
        target: "K".into(),
        regressor: "ridge".into(),
        group: group.into(),
        rmse: 0.5,
        increase,
        sd: 0.1,
        repeats: 30,
    };
    let seen = Seen::new(&importance_plot(&[row("L", -0.1), row("H/d", 0.4)]));
    assert!(seen.place("H/d").1 < seen.place("L").1);
    assert_eq!((seen.filled("rect", UP), seen.filled("rect", DOWN)), (1, 1));
    seen.must_say(&[
        "error as they are 0.5 · 30 permutations",
        "unseen architectures",
    ]);
}

#[test]
fn nothing_and_nonsense_are_drawn() {
    for plot in [
        shapley_plot(&[]),
        waterfall_plot(&[]),
        dependence_plot(&[]),
        importance_plot(&[]),
    ] {
        Seen::new(&plot);
    }
    let long = "x".repeat(500);
    let odd = [f64::NAN, f64::INFINITY, -1e300, 1e300, 0.0].map(|v| Attribution {
        target: "ü/../".into(),
        base: v,
        predicted: v,
        ..share(&long, &long, v, v)
    });
    let plot = shapley_plot(&odd);
    Seen::new(&plot).must_say(&["2 values are not finite"]);
    assert!(
        plot.stem()
            .chars()
            .all(|c| c.is_ascii_lowercase() || "._-~".contains(c))
    );
    Seen::new(&waterfall_plot(&odd));
    let odd = odd.map(|r| Dependence {
        target: r.target,
        regressor: r.regressor,
        group: r.group,
        model: r.model,
        layer: 1,
        at: r.value,
        predicted: r.value,
    });
    Seen::new(&dependence_plot(&odd));
}
