//! Rows of tables as named numbers and histograms.

use outcrop_core::{Detail, LayerStats, LossPoint, Measurement, Observation, Place, Stage, Top};
use outcrop_export::{Bucket, Snapshot, runs};

fn measurement(step: u64, sequence: u32, top: [f32; 3], median: f32) -> Measurement {
    let place = Place {
        position: 0,
        channel: 0,
    };
    Measurement {
        model: "m".into(),
        step,
        sequence,
        layer: 2,
        stats: LayerStats {
            top: top.map(|magnitude| Some(Top { magnitude, place })),
            median: Some(median),
            count: 101,
            non_finite: 1,
            first_non_finite: None,
        },
        detail: Detail::default(),
        suspect: None,
        stage: None,
    }
}

fn scalar(snapshot: &Snapshot, name: &str) -> Option<f64> {
    let mut all = snapshot.scalars.iter();
    all.find(|(known, _)| known == name).map(|(_, x)| *x)
}

#[test]
fn numbers_of_a_step_stand_under_their_names() {
    let loss = LossPoint {
        model: "m".into(),
        step: 8,
        tokens: 64,
        loss: None,
        held_out_loss: 2.0,
        learning_rate: Some(0.1),
        gradient_norm: None,
    };
    let rows = [
        measurement(8, 0, [8.0, 3.0, 2.0], 1.0),
        measurement(8, 1, [4.0, 3.0, 2.0], 3.0),
    ];
    let observation = |head, value, sequence| Observation {
        model: "m".into(),
        step: 8,
        layer: 1,
        head,
        place: "attention".into(),
        observable: "entropy".into(),
        value,
        n: 2,
        sequence,
        ..Observation::default()
    };
    let observed = [
        observation(Some(3), Some(0.5), None),
        observation(None, None, None),
        observation(None, Some(7.0), Some(1)),
    ];
    let all = runs(&[loss], &rows, &observed);
    assert_eq!((all.len(), all[0].name.as_str()), (1, "m"));
    let step = &all[0].snapshots[0];
    let names: Vec<&str> = step.scalars.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "loss/held_out",
            "learning_rate",
            "ratio/layer_2",
            "top1/layer_2",
            "median/layer_2",
            "entropy@attention/layer_1/head_3"
        ]
    );
    assert_eq!(scalar(step, "ratio/layer_2"), Some(6.0 / 2.0)); // mean over mean
    assert_eq!(scalar(step, "top1/layer_2"), Some(6.0));
}

/// 100 finite scalars a sequence: 50 are at most the median, one each is the first, second and third largest.
#[test]
fn a_histogram_holds_the_ranks_that_were_measured_and_no_others() {
    let rows = [
        measurement(0, 0, [8.0, 3.0, 2.0], 1.0),
        measurement(0, 1, [4.0, 3.0, 2.0], 3.0),
    ];
    let bucket = |left, right, count| Bucket { left, right, count };
    let all = runs(&[], &rows, &[]);
    let (name, histogram) = &all[0].snapshots[0].histograms[0];
    assert_eq!(name, "magnitudes/layer_2");
    let expected = [
        bucket(0.0, 2.0, 50.0),
        bucket(2.0, 2.0, 48.0),
        bucket(2.0, 3.0, 1.0),
        bucket(3.0, 6.0, 1.0),
    ];
    assert_eq!(histogram.buckets, expected);
    assert_eq!(
        histogram.buckets.iter().map(|b| b.count).sum::<f64>(),
        100.0
    );

    let quantile = Observation {
        model: "m".into(),
        layer: 2,
        place: "residual-stream".into(),
        observable: "q90".into(),
        value: Some(1.75),
        n: 2,
        ..Observation::default()
    };
    let one = [measurement(0, 0, [8.0, 3.0, 2.0], 1.0)];
    let all = runs(&[], &one, &[quantile]);
    let expected = [
        bucket(0.0, 1.0, 50.0),
        bucket(1.0, 1.75, 40.0),
        bucket(1.75, 2.0, 8.0),
        bucket(2.0, 3.0, 1.0),
        bucket(3.0, 8.0, 1.0),
    ];
    assert_eq!(all[0].snapshots[0].histograms[0].1.buckets, expected);
}

#[test]
fn without_a_count_or_a_median_there_is_no_histogram() {
    let mut row = measurement(0, 0, [8.0, 3.0, 2.0], 1.0);
    row.stats.count = 0; // a table without the column
    row.stats.non_finite = 0;
    assert!(runs(&[], &[row], &[])[0].snapshots[0].histograms.is_empty());
    let mut row = measurement(0, 0, [8.0, 3.0, 2.0], 1.0);
    row.stats.median = None;
    assert!(runs(&[], &[row], &[])[0].snapshots[0].histograms.is_empty());
}

#[test]
fn models_and_stages_are_runs_of_their_own_with_ascending_steps() {
    let mut later = measurement(3, 0, [8.0, 3.0, 2.0], 1.0);
    later.stage = Some(Stage {
        name: "anneal".into(),
        begins: Some(100),
    });
    let mut other = measurement(3, 0, [8.0, 3.0, 2.0], 1.0);
    other.model = "a".into();
    let rows = [
        measurement(10, 0, [8.0, 3.0, 2.0], 1.0),
        measurement(2, 0, [8.0, 3.0, 2.0], 1.0),
        later,
        other,
    ];
    let all = runs(&[], &rows, &[]);
    let steps = |i: usize| all[i].snapshots.iter().map(|s| s.step).collect::<Vec<_>>();
    assert_eq!(
        all.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(),
        ["a", "m", "m/anneal"]
    );
    assert_eq!(steps(1), [2, 10]);
}
