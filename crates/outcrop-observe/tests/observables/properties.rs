//! What must not change: under scale, shift, permutation of channels and of positions.

use crate::helpers::normal;
use outcrop_observe::{Companion, OBSERVABLES, Observable, Sample, View};
use proptest::prelude::*;

/// Numbers in the unit of the activations: they are multiplied with them.
const WITH_UNIT: &str = "activation";
/// Numbers without that unit that depend on the scale: their thresholds are absolute.
const ABSOLUTE: [&str; 2] = ["tweo", "near_zero"];

/// The observables of hidden states, which take any tensor.
fn of_states() -> impl Iterator<Item = &'static Observable> {
    let families = [
        "tails",
        "tokens",
        "channels",
        "spectrum",
        "sublayers",
        "geometry",
        "concepts",
    ];
    let all = OBSERVABLES.into_iter();
    all.filter(move |one| families.contains(&one.family) && one.name != "layer_steps")
}

struct State {
    values: Vec<f32>,
    columns: usize,
}

impl State {
    fn new(seed: u64, rows: usize, columns: usize) -> Self {
        let mut values = normal(seed, rows * columns);
        values[columns / 2] = 40.0;
        Self { values, columns }
    }

    /// Scalars in another order: `from(row, column)` is where each was.
    fn ordered(&self, from: impl Fn(usize, usize) -> (usize, usize)) -> Self {
        let columns = self.columns;
        let at = |i: usize| {
            let (row, column) = from(i / columns, i % columns);
            self.values[row * columns + column]
        };
        Self {
            values: (0..self.values.len()).map(at).collect(),
            columns,
        }
    }

    fn mapped(&self, by: impl Fn(f32) -> f32) -> Self {
        Self {
            values: self.values.iter().map(|x| by(*x)).collect(),
            columns: self.columns,
        }
    }

    fn view(&self) -> View<'_> {
        View::new(&self.values, self.columns).unwrap()
    }
}

/// Every number of `state` with `other` and labels beside it.
fn numbers(state: &State, other: &State) -> Vec<(&'static str, &'static str, Option<f64>)> {
    let rows = state.view().rows();
    let labels: Vec<u32> = (0..rows as u32).map(|i| i % 2).collect();
    let mut sample = Sample::new(state.view()).with_labels(&labels).unwrap();
    for companion in Companion::ALL {
        sample = sample.with(companion, other.view()).unwrap();
    }
    let found = of_states().flat_map(|one| one.columns.iter().zip(one.observe(&sample)));
    found
        .map(|(column, found)| (column.name, column.unit, found.ok()))
        .collect()
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-5 * a.abs().max(1.0),
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Powers of 2 are exact: numbers with the unit of activations scale with them, the others stay.
    #[test]
    fn scale(seed in 0u64..1000, rows in 5usize..50, columns in 11usize..30, power in -6i32..6) {
        let (state, other) = (State::new(seed, rows, columns), State::new(seed + 7, rows, columns));
        let factor = 2f32.powi(power);
        let (before, after) = (numbers(&state, &other), numbers(&state.mapped(|x| x * factor), &other.mapped(|x| x * factor)));
        for ((name, unit, before), (_, _, after)) in before.into_iter().zip(after) {
            let scale = if unit == WITH_UNIT { f64::from(factor) } else { 1.0 };
            prop_assert!(ABSOLUTE.contains(&name) || near(before.map(|x| x * scale), after), "{name} {before:?} {after:?}");
        }
    }

    /// The order of channels does not matter, if it is the same everywhere.
    #[test]
    fn channels_in_another_order(seed in 0u64..1000, rows in 5usize..50, columns in 11usize..30, by in 1usize..10) {
        let (state, other) = (State::new(seed, rows, columns), State::new(seed + 7, rows, columns));
        let turned = |state: &State| state.ordered(|row, column| (row, (column + by) % columns));
        let (before, after) = (numbers(&state, &other), numbers(&turned(&state), &turned(&other)));
        for ((name, _, before), (_, _, after)) in before.into_iter().zip(after) {
            prop_assert!(near(before, after), "{name} {before:?} {after:?}");
        }
    }

    /// Nor that of positions from 1 on, where an observable does not look at the sequence. Labels stay with their rows.
    #[test]
    fn positions_in_another_order(seed in 0u64..1000, pairs in 3usize..20, columns in 11usize..30) {
        let rows = 2 * pairs;
        let (state, other) = (State::new(seed, rows, columns), State::new(seed + 7, rows, columns));
        let from = |row: usize| if row == 0 { 0 } else if row.is_multiple_of(2) { rows - row } else { (row + 2) % rows };
        let turned = |state: &State| state.ordered(|row, column| (from(row), column));
        let (before, after) = (numbers(&state, &other), numbers(&turned(&state), &turned(&other)));
        for ((name, _, before), (_, _, after)) in before.into_iter().zip(after) {
            prop_assert!(name.starts_with("prefix_") || near(before, after), "{name} {before:?} {after:?}");
        }
    }

    /// What is centred does not change when a vector is added to every row.
    #[test]
    fn shift(seed in 0u64..1000, rows in 5usize..50, columns in 11usize..30) {
        let (state, other) = (State::new(seed, rows, columns), State::new(seed + 7, rows, columns));
        let moved = State { values: (0..state.values.len()).map(|i| state.values[i] + (i % columns) as f32 * 0.25).collect(), columns };
        for ((name, _, before), (_, _, after)) in numbers(&state, &other).into_iter().zip(numbers(&moved, &other)) {
            let centred = ["cka_", "alignment_", "participation_", "concept_", "prefix_"];
            prop_assert!(!centred.iter().any(|start| name.starts_with(start)) || near(before, after), "{name} {before:?} {after:?}");
        }
    }
}
