//! Every statistic against a plain sort, and the cases that rank badly.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_core::{LayerStats, Place, Top};
use outcrop_measure::{Error, Meter};
use proptest::prelude::*;

/// The statistics by the book: collect, sort, index.
fn naive(hidden: &[f32], d_model: usize) -> (Vec<Top>, LayerStats) {
    let place = |i: usize| Place {
        position: (i / d_model) as u32,
        channel: (i % d_model) as u32,
    };
    let mut tops: Vec<Top> = (0..hidden.len())
        .filter(|i| hidden[*i].is_finite())
        .map(|i| Top {
            magnitude: hidden[i].abs(),
            place: place(i),
        })
        .collect();
    // A stable sort, so that of equal ones the first stays in front.
    tops.sort_by(|a, b| b.magnitude.total_cmp(&a.magnitude));
    let ascending: Vec<f32> = tops.iter().rev().map(|t| t.magnitude).collect();
    let stats = LayerStats {
        top: [0, 1, 2].map(|i| tops.get(i).copied()),
        median: ascending
            .len()
            .checked_sub(1)
            .map(|last| ascending[last / 2]),
        count: hidden.len() as u64,
        non_finite: (hidden.len() - tops.len()) as u64,
        first_non_finite: hidden.iter().position(|h| !h.is_finite()).map(place),
    };
    (tops, stats)
}

#[track_caller]
fn check(meter: &mut Meter, hidden: &[f32], d_model: usize) {
    let (tops, stats) = naive(hidden, d_model);
    let measured = meter.measure(hidden, d_model).unwrap();
    assert_eq!(measured, stats);
    // -0.0 == 0.0, but a magnitude has no sign.
    assert!(measured.median.is_none_or(|m| m.is_sign_positive()));
    for k in [0, 1, 17, usize::MAX] {
        let expected = &tops[..k.min(tops.len())];
        assert_eq!(meter.top_k(hidden, d_model, k).unwrap(), expected);
    }
}

/// Reproducible noise, standard normal enough.
fn noise(n: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..n).map(|_| (0..6).map(|_| uniform()).sum()).collect()
}

#[test]
fn long_inputs_of_many_kinds() {
    let mut meter = Meter::new();
    for n in [1024, 8192, 8193, 20_000, 65_536, 300_000] {
        let noise = noise(n);
        let with = |f: &dyn Fn(usize, f32) -> f32| -> Vec<f32> {
            noise.iter().enumerate().map(|(i, h)| f(i, *h)).collect()
        };
        for hidden in [
            with(&|_, h| h),
            with(&|i, h| if i == n / 2 { -4000.0 } else { h }),
            with(&|_, h| h.max(0.0)),
            with(&|_, h| (h * 8.0).round() / 8.0),
            with(&|i, _| i as f32),
            with(&|i, _| -((n - i) as f32)),
            with(&|_, _| -1.5),
            with(&|_, _| -0.0),
            with(&|_, h| h * f32::MIN_POSITIVE),
            with(&|i, h| if i % 3 == 0 { f32::NAN } else { h }),
            with(&|i, h| if i % 64 == 5 { h * 1e3 } else { h }),
            with(&|i, h| if i < n * 2 / 3 { f32::NEG_INFINITY } else { h }),
            with(&|i, h| if i == n - 1 { h } else { -f32::NAN }),
            with(&|_, _| f32::INFINITY),
        ] {
            check(&mut meter, &hidden, 1);
        }
    }
}

/// An input made so that the sample sees only what is far above the median.
#[test]
fn a_sample_that_misleads_costs_time_alone() {
    let n = 100_000;
    let mut hidden = noise(n);
    for i in 1..=(n / 64) as u64 {
        let turn = u128::from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        hidden[((turn * n as u128) >> 64) as usize] = 1e6 + i as f32;
    }
    check(&mut Meter::new(), &hidden, 100);
}

/// Medians that lie far from the one before, and between two clusters with nothing in between.
#[test]
fn what_was_measured_before_leaves_nothing_behind() {
    let mut meter = Meter::new();
    let noise = noise(5000);
    for n in [1, 2, 3, 15, 16, 17, 512, 513, 1000, 4095, 4096, 4097, 5000] {
        for scale in [1.0, 1.05, 1e-3, 1e30, 0.0, f32::INFINITY, 1e-42] {
            let scaled: Vec<f32> = noise[..n].iter().map(|h| h * scale).collect();
            check(&mut meter, &scaled, 1);
            for below in [n / 2, n.div_ceil(2), n / 2 + 1] {
                let cluster = |(i, h): (usize, &f32)| match i * 7919 % n < below {
                    true => h * 0.01,
                    false => scale + h,
                };
                let hidden: Vec<f32> = noise[..n].iter().enumerate().map(cluster).collect();
                check(&mut meter, &hidden, 1);
            }
        }
    }
}

/// Of equal ones the first stands in front, also across blocks.
#[test]
fn ties_go_to_the_first_place() {
    let mut hidden = vec![0.5; 10_000];
    for i in [9_999, 4_000, 1_023, 1_024, 7] {
        hidden[i] = if i % 2 == 0 { 9.0 } else { -9.0 };
    }
    let stats = Meter::new().measure(&hidden, 1000).unwrap();
    let places = stats
        .top
        .map(|t| t.map(|t| (t.place.position, t.place.channel)));
    assert_eq!(places, [Some((0, 7)), Some((1, 23)), Some((1, 24))]);
    check(&mut Meter::new(), &hidden, 1000);
}

#[test]
fn what_is_no_hidden_state_is_refused() {
    let mut meter = Meter::new();
    let error = |hidden: &[f32], d_model| Meter::new().measure(hidden, d_model).unwrap_err();
    assert_eq!(error(&[], 4), Error::Empty);
    assert_eq!(error(&[1.0], 0), Error::Channels { d_model: 0 });
    assert_eq!(
        error(&[1.0; 6], 4),
        Error::Length {
            length: 6,
            d_model: 4
        }
    );
    assert_eq!(
        error(&[1.0], 4).to_string(),
        "measure a hidden state of 1 scalars: no multiple of d_model = 4"
    );
    assert_eq!(meter.top_k(&[], 4, 1), Err(Error::Empty));
}

fn scalar() -> impl Strategy<Value = f32> {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        1e-45,
        -1e-40,
    ];
    prop_oneof![
        4 => any::<u32>().prop_map(f32::from_bits),
        2 => prop::sample::select(special.to_vec()),
        3 => -3.0f32..3.0,
    ]
}

proptest! {
    #[test]
    fn as_a_sort_has_it(
        d_model in 1usize..9,
        mut hidden in prop::collection::vec(scalar(), 1..3000),
        before in prop::collection::vec(scalar(), 8..2000),
    ) {
        hidden.resize(hidden.len().next_multiple_of(d_model), 0.25);
        let mut meter = Meter::new();
        // What was measured before leaves nothing behind.
        meter.measure(&before, 1).unwrap();
        check(&mut meter, &hidden, d_model);
    }

    #[test]
    fn one_after_another_as_a_sort_has_them(
        inputs in prop::collection::vec((1usize..5000, 0.5f32..2.0, 0usize..4), 1..6),
        few in prop::collection::vec(scalar(), 1..9),
    ) {
        let mut meter = Meter::new();
        for (n, scale, kind) in inputs {
            let with = |(i, h): (usize, f32)| match kind {
                0 => h * scale,
                1 => (h * 4.0).round() * scale,
                2 if i % 10 == 3 => few[i % few.len()],
                3 if i % 3 > 0 => few[i % few.len()],
                _ => h,
            };
            let hidden: Vec<f32> = noise(n).into_iter().enumerate().map(with).collect();
            check(&mut meter, &hidden, 1);
        }
    }

    #[test]
    fn long_inputs_as_a_sort_has_them(few in prop::collection::vec(scalar(), 1..50), n in 8193usize..30_000, mix in 1usize..40) {
        let noise = noise(n);
        let hidden: Vec<f32> = (0..n).map(|i| if i % mix == 0 { few[i / mix % few.len()] } else { noise[i] }).collect();
        check(&mut Meter::new(), &hidden, 1);
    }
}
