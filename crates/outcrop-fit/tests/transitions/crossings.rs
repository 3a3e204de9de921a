//! Crossings of known curves, and how often intervals contain the truth.

use outcrop_fit::{Crossing, Error, Onset, onset, over_seeds};

use crate::noise::{Noise, logistic, steps};

/// Where a logistic curve of this width (decades) crosses 10 %, 50 % and 90 %.
fn truth(half: f64, width: f64) -> [f64; 3] {
    [-0.5, 0.0, 0.5].map(|by| half * 10f64.powf(by * width))
}

fn crossings(found: &Onset) -> [Crossing; 3] {
    [found.onset, found.half, found.ninety]
}

/// Without noise every crossing lies between its checkpoints, and the width within its range.
#[test]
fn a_curve_without_noise() {
    let steps: Vec<f64> = (0..60).map(|i| 10f64.powf(f64::from(i) / 10.0)).collect();
    for (half, width) in [(1e3, 1.0), (2345.0, 0.6), (777.0, 2.0)] {
        for scale in [1.0, -40.0] {
            let values: Vec<f64> = steps
                .iter()
                .map(|t| 5.0 + scale * logistic(*t, half, width))
                .collect();
            let found = onset("curve", &steps, &values).unwrap();
            for (crossing, truth) in crossings(&found).iter().zip(truth(half, width)) {
                // the levels are not quite those of the curve, which has no end
                let [after, by] = [crossing.after * 0.97, crossing.by * 1.03];
                assert!(after < truth && truth < by, "{crossing:?} {truth}");
                assert!(crossing.lo <= crossing.after && crossing.by <= crossing.hi);
            }
            assert!(found.width.least <= width && width <= found.width.most.unwrap() * 1.1);
            assert!((found.width.floor.unwrap() - 0.1).abs() < 1e-9);
            assert_eq!(found.rises(), scale > 0.0);
        }
    }
}

/// A switch between two checkpoints is an interval and has no width beyond the grid.
#[test]
fn a_switch_between_two_checkpoints() {
    let steps = steps(20);
    let values: Vec<f64> = steps
        .iter()
        .map(|t| if *t < 300.0 { 0.1 } else { 0.9 })
        .collect();
    let found = onset("switch", &steps, &values).unwrap();
    for crossing in crossings(&found) {
        assert_eq!((crossing.after, crossing.by), (256.0, 512.0));
    }
    assert_eq!(
        (found.width.least, found.width.most),
        (0.0, Some(2f64.log10()))
    );
    assert!((found.from - 0.1).abs() < 1e-12 && (found.to - 0.9).abs() < 1e-12);
    // it may start at step 0: the width is open
    let values: Vec<f64> = steps
        .iter()
        .map(|t| f64::from(u8::from(*t > 0.0)))
        .collect();
    let found = onset("switch", &steps, &values).unwrap();
    assert_eq!(
        (found.onset.after, found.width.most, found.width.floor),
        (0.0, None, None)
    );
}

/// How often 95 % intervals contain the truth: nearly as often as they say.
#[test]
fn coverage() {
    for (n, phi, sigma) in [
        (60, 0.0, 0.05),
        (60, 0.0, 0.15),
        (150, 0.0, 0.15),
        (60, 0.5, 0.1),
        (150, 0.7, 0.1),
    ] {
        let steps: Vec<f64> = (0..n)
            .map(|i| 10f64.powf(6.0 * f64::from(i) / f64::from(n)))
            .collect();
        let (half, width, rounds) = (1e3, 1.0, 200);
        let (mut inside, mut inside_width) = ([0; 3], 0);
        for round in 0..rounds {
            let noise = Noise::new(round + 1).autoregressive(phi, n as usize);
            let value = |(t, e): (&f64, f64)| logistic(*t, half, width) + sigma * e;
            let values: Vec<f64> = steps.iter().zip(noise).map(value).collect();
            let found = onset("simulated", &steps, &values).unwrap();
            for ((count, crossing), truth) in inside
                .iter_mut()
                .zip(crossings(&found))
                .zip(truth(half, width))
            {
                *count += i32::from(crossing.lo <= truth && truth <= crossing.hi);
            }
            inside_width +=
                i32::from(found.width.lo <= width && found.width.hi.is_some_and(|hi| width <= hi));
        }
        let share = |count: i32| f64::from(count) / rounds as f64;
        println!(
            "n {n}, AR(1) {phi}, sigma {sigma}: {:?}, width {}",
            inside.map(share),
            share(inside_width)
        );
        // 95 % less three standard errors of 200 rounds
        let least = inside
            .into_iter()
            .chain([inside_width])
            .map(share)
            .fold(1.0, f64::min);
        assert!(least > 0.904, "{least}");
    }
}

#[test]
fn over_no_and_many_seeds() {
    assert_eq!(over_seeds(&[]), None);
    let crossing = |after: f64, by: f64| Crossing {
        after,
        by,
        lo: after,
        hi: by,
    };
    let found = over_seeds(&[
        crossing(1.0, 2.0),
        crossing(4.0, 8.0),
        crossing(2.0, 4.0),
        crossing(4.0, 8.0),
    ])
    .unwrap();
    assert_eq!(
        (found.after, found.by, found.lo, found.hi),
        (2.0, 8.0, 1.0, 8.0)
    );
    assert_eq!((found.seeds, found.confidence), (4, 0.875));
}

#[test]
fn what_has_no_onset() {
    let steps = steps(9);
    let mut values: Vec<f64> = steps.iter().map(|t| t.sqrt()).collect();
    values[3] = f64::INFINITY;
    assert!(matches!(
        onset("a", &steps, &values),
        Err(Error::NotFinite { step: 4.0, .. })
    ));
    assert!(matches!(
        onset("a", &steps, &values[1..]),
        Err(Error::Lengths { .. })
    ));
    assert!(matches!(
        onset("a", &steps, &[2.0; 9]),
        Err(Error::Constant { .. })
    ));
    let mut twice = steps.clone();
    twice[4] = twice[3];
    assert!(matches!(
        onset("a", &twice, &[2.0; 9]),
        Err(Error::Step { .. })
    ));
}
