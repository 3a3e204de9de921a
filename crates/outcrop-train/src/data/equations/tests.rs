use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn named(name: &str) -> BinaryOperation {
    BinaryOperation::named(name).unwrap()
}

fn equations(task: &Equations, pool: Pool, count: usize) -> BTreeSet<[u32; EQUATION]> {
    let (mut rng, mut row) = (stream(Purpose::Training, 7, 3), Vec::new());
    task.draw(&mut rng, pool, EQUATION * count, &mut row);
    let (equations, rest) = row.as_chunks();
    assert!(rest.is_empty());
    equations.iter().copied().collect()
}

/// c for every pair for which it is defined.
fn table(name: &str, size: usize) -> BTreeMap<(usize, usize), usize> {
    let operation = named(name);
    let n = (operation.elements)(size);
    let pairs = (0..n).flat_map(|a| (0..n).map(move |b| (a, b)));
    let defined = pairs.filter_map(|(a, b)| Some(((a, b), (operation.apply)(a, b, size)?)));
    defined.collect()
}

#[test]
fn equations_are_right_and_no_held_out_pair_is_trained_on() {
    for (name, size, percent, pairs) in [
        ("modular-addition", 2, 50, 4),
        ("modular-addition", 7, 30, 49),
        ("modular-addition", 97, 50, 97 * 97),
        ("modular-division", 11, 40, 11 * 10),
        ("permutations", 3, 60, 36),
    ] {
        let (operation, task) = (named(name), Equations::new(named(name), size, percent));
        let [training, held_out] =
            [Pool::Training, Pool::HeldOut].map(|pool| equations(&task, pool, 20 * pairs));
        for [a, sign, b, equals, c] in training.union(&held_out) {
            let n = task.elements as u32;
            assert_eq!([*sign, *equals], [n, n + 1]);
            let expected = (operation.apply)(*a as usize, *b as usize, size);
            assert_eq!(expected, Some(*c as usize), "{name}");
        }
        assert!(training.is_disjoint(&held_out));
        assert_eq!(training.len() + held_out.len(), pairs, "each pair is drawn");
        assert_eq!(training.len(), (pairs * percent / 100).max(1));
    }
}

/// Z_p under addition, the numbers 1 to p - 1 under multiplication, and S_n: closed, associative, with a neutral
/// element and inverses. S_n for n > 2 does not commute.
#[test]
fn groups_are_groups() {
    for (name, size, first, commutes) in [
        ("modular-addition", 12, 0, true),
        ("modular-multiplication", 13, 1, true),
        ("permutations", 3, 0, false),
        ("permutations", 4, 0, false),
    ] {
        let table = table(name, size);
        let n = (named(name).elements)(size);
        let times = |a: usize, b: usize| table[&(a, b)];
        let neutral = first; // 0 for addition, 1 for multiplication, the identity
        for a in first..n {
            assert_eq!([times(a, neutral), times(neutral, a)], [a, a]);
            let row: BTreeSet<usize> = (first..n).map(|b| times(a, b)).collect();
            assert_eq!(row, (first..n).collect(), "{name} {size}: each once");
            for (b, c) in (first..n).flat_map(|b| (first..n).map(move |c| (b, c))) {
                assert_eq!(times(times(a, b), c), times(a, times(b, c)));
            }
        }
        let both = |a: usize, b: usize| times(a, b) == times(b, a);
        let all = (first..n).all(|a| (first..n).all(|b| both(a, b)));
        assert_eq!(all, commutes, "{name} {size}");
    }
    assert_eq!((named("permutations").elements)(5), 120);
    assert_eq!((named("permutations").elements)(6), 720);
}

/// Orders of the elements of S5 by their cycles: 1 + 25 of order 2, 20 of 3, 30 of 4, 24 of 5, 20 of 6.
#[test]
fn s5_has_the_orders_of_its_cycles() {
    let compose = named("permutations").apply;
    let order = |a: usize| {
        let next = |b: &usize| compose(*b, a, 5);
        std::iter::successors(Some(a), next).position(|b| b == 0)
    };
    let mut orders = BTreeMap::new();
    for a in 0..120 {
        *orders.entry(order(a).unwrap() + 1).or_insert(0) += 1;
    }
    let expected = [(1, 1), (2, 25), (3, 20), (4, 30), (5, 24), (6, 20)];
    assert_eq!(orders, BTreeMap::from(expected));
}

#[test]
fn operations_undo_each_other() {
    for (back, there) in [
        ("modular-subtraction", "modular-addition"),
        ("modular-division", "modular-multiplication"),
    ] {
        let (back, there) = (table(back, 31), table(there, 31));
        for ((a, b), c) in back {
            assert_eq!(there[&(c, b)], a);
        }
    }
    assert_eq!(table("modular-division", 31).len(), 31 * 30);
    let polynomial = table("modular-polynomial", 5);
    assert_eq!(polynomial[&(2, 4)], 28 % 5);
    assert!(
        polynomial
            .iter()
            .all(|((a, b), c)| polynomial[&(*b, *a)] == *c)
    );
}

#[test]
fn a_row_may_end_within_an_equation() {
    let (task, mut row) = (Equations::new(named("modular-addition"), 5, 50), vec![7]);
    let mut rng = stream(Purpose::Training, 0, 0);
    task.draw(&mut rng, Pool::Training, 8, &mut row);
    assert_eq!((row.len(), row[2], row[4], row[7]), (9, 5, 6, 5));
}

#[test]
fn numbers_that_are_drawn_cost_their_entropy() {
    let task = Equations::new(named("modular-addition"), 97, 50);
    let nats = 97f64.ln();
    let loss: Vec<f64> = (0..6).map(|at| task.optimal_loss_at(at, 6)).collect();
    assert_eq!(loss, [nats, 0.0, nats, 0.0, 0.0, nats]);
    let answers: Vec<usize> = (0..10).filter(|at| task.is_answer(*at, 10)).collect();
    assert_eq!(answers, [4, 9]);
    let division = Equations::new(named("modular-division"), 7, 50);
    assert!((division.optimal_loss_at(2, 5) - 6f64.ln()).abs() < 1e-15);
}

#[test]
fn the_operations_have_names_and_streams_of_their_own() {
    let names: BTreeSet<&str> = OPERATIONS.iter().map(|one| one.name).collect();
    let streams: BTreeSet<u64> = OPERATIONS.iter().map(|one| one.stream).collect();
    assert_eq!([names.len(), streams.len()], [OPERATIONS.len(); 2]);
    assert!(OPERATIONS.iter().all(|one| !one.meaning.is_empty()));
}
