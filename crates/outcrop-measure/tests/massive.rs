//! Massive scalars against the rules, written out over every scalar.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_measure::{MassiveRule, Meter};
use proptest::prelude::*;

fn found(hidden: &[f32], d_model: usize, rule: MassiveRule) -> Vec<(u32, u32)> {
    let stats = Meter::new().measure(hidden, d_model).unwrap();
    let found = rule.find(hidden, d_model, &stats).unwrap();
    assert!(found.is_sorted_by(|a, b| a.magnitude >= b.magnitude));
    let mut places: Vec<_> = found
        .iter()
        .map(|top| (top.place.position, top.place.channel))
        .collect();
    places.sort_unstable();
    places
}

fn median(hidden: &[f32]) -> f64 {
    let mut finite: Vec<f32> = hidden.iter().map(|h| h.abs()).collect();
    finite.retain(|h| h.is_finite());
    finite.sort_by(f32::total_cmp);
    finite
        .get(finite.len().saturating_sub(1) / 2)
        .map_or(f64::NAN, |m| f64::from(*m))
}

fn scalar() -> impl Strategy<Value = f32> {
    prop_oneof![
        20 => -1f32..1.0,
        2 => (50f32..3000.0).prop_map(|h| -h),
        1 => Just(0.0),
        1 => prop_oneof![Just(f32::NAN), Just(f32::NEG_INFINITY)],
    ]
}

proptest! {
    #[test]
    fn every_scalar_that_the_rules_name_and_no_other(
        rows in prop::collection::vec(prop::array::uniform4(scalar()), 1..40),
        k in 0usize..6,
    ) {
        let hidden = rows.concat();
        let median = median(&hidden);
        let places = |is: &dyn Fn(f64) -> bool| -> Vec<(u32, u32)> {
            let all = hidden.iter().enumerate().filter(|(_, h)| h.is_finite());
            let massive = all.filter(|(_, h)| is(f64::from(h.abs())));
            massive.map(|(i, _)| (i as u32 / 4, i as u32 % 4)).collect()
        };
        let sun = places(&|m| m > 100.0 && m >= 1000.0 * median);
        prop_assert_eq!(found(&hidden, 4, MassiveRule::Sun), sun);
        let top = found(&hidden, 4, MassiveRule::Top { k, ratio: 20.0 });
        let all = places(&|m| median > 0.0 && m >= 20.0 * median);
        prop_assert_eq!(top.len(), all.len().min(k));
        prop_assert!(top.iter().all(|place| all.contains(place)));
    }
}

#[test]
fn nothing_is_massive_in_zeros_or_where_nothing_is_finite() {
    for hidden in [[0.0; 4], [f32::NAN; 4]] {
        for rule in [MassiveRule::Sun, MassiveRule::TOP] {
            assert_eq!(found(&hidden, 2, rule), []);
        }
    }
}

#[test]
fn rules_have_short_names() {
    let rules = [MassiveRule::default(), MassiveRule::TOP];
    assert_eq!(rules.map(|rule| rule.to_string()), ["sun", "top3"]);
}
