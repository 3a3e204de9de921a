use outcrop_core::{CurvePoint, Fit, Quantity, Trajectory};
use outcrop_report::forecast_plot;
use proptest::prelude::*;

use crate::plot;
use crate::seen::{DATA, Seen};
use crate::trajectories::Case;

/// A number as hostile tables have them.
fn number() -> impl Strategy<Value = f64> {
    let odd = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        -5.0,
        1e-300,
        1e-12,
        1e12,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
    ];
    prop_oneof![
        4 => 1.0..50.0_f64,
        2 => (-12.0..12.0_f64).prop_map(|e| 10f64.powf(e)),
        1 => prop::sample::select(odd.to_vec()),
    ]
}

fn step() -> impl Strategy<Value = u64> {
    prop_oneof![0..1000_u64, 0..=1_000_000_000_000_000_u64, Just(u64::MAX)]
}

prop_compose! {
    fn hostile()(
        points in prop::collection::vec((step(), number()), 0..20),
        sem in prop::collection::vec(number(), 0..20),
        curve in prop::collection::vec(
            (number(), number(), prop::option::of(number()), prop::option::of(number())), 0..20),
        ends in prop::array::uniform8(prop::option::of(number())),
        status in ".{0,80}", name in ".{0,20}",
    ) -> Case {
        let outlier = points.first().map_or(0, |p| p.0);
        let [t_peak, t_peak_lo, t_peak_hi, weight, aicc, r2, p_peak, f_max] = ends;
        let (steps, ratios) = points.into_iter().unzip();
        let row = |(i, (step, value, value_lo, value_hi)): (usize, (f64, f64, _, _))| CurvePoint {
            hypothesis: ["emergence", &name][i % 2].into(),
            step, value, value_lo, value_hi,
            ..CurvePoint::default()
        };
        let fit = Fit {
            hypothesis: "emergence".into(),
            status: format!("{status}; outlier at step {outlier}"), weight, aicc, r2,
            quantities: [Quantity::new("t_peak", t_peak).between(t_peak_lo, t_peak_hi), Quantity::new("p_peak", p_peak), Quantity::new("f_max", f_max)].into(),
            ..Fit::default()
        };
        Case {
            trajectory: Trajectory { steps, ratios, sem, ..Trajectory::default() },
            curves: curve.into_iter().enumerate().map(row).collect(),
            fits: vec![fit],
        }
    }
}

proptest! {
    #[test]
    fn no_table_makes_a_plot_fail_or_hide_a_point(case in hostile(), cut in step()) {
        let finite = case.trajectory.ratios.iter().filter(|r| r.is_finite()).count();
        let shown = |seen: &Seen| {
            let dots = seen.filled("circle", DATA) + seen.rings();
            dots + seen.filled("polygon", DATA) + seen.filled("polygon", "#222222")
        };
        let fit = Seen::new(&plot(&case));
        prop_assert!(shown(&fit) >= finite);
        prop_assert!(finite > 0 || fit.says("no finite ratio"));
        prop_assert!(finite == case.trajectory.ratios.len() || fit.says("not finite and not drawn"));
        let forecast = Seen::new(&forecast_plot(&case.trajectory, cut, &case.curves));
        prop_assert!(shown(&forecast) >= finite);
    }
}
