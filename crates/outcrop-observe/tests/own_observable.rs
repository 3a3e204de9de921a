//! An observable from outside the crate.

use outcrop_observe::{Collector, Column, Compute, Found, Missing, Observable, Sample, Site, View};

/// The share of scalars above 0.
static POSITIVE: Observable = Observable {
    name: "positive",
    family: "signs",
    columns: &[Column {
        name: "positive",
        unit: "share",
        range: [0.0, 1.0],
        meaning: "share of the scalars above 0",
    }],
    sites: &[Site::MlpWrite],
    needs: "",
    convention: "0 is not above 0",
    cost: "O(n d) time, no memory",
    source: "this test",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let values = sample.tensor().values();
    let positive = values.iter().filter(|x| **x > 0.0).count();
    vec![Ok(positive as f64 / values.len() as f64)]
}

#[test]
fn it_is_collected_where_it_is_meant_for() {
    let mut collector = Collector::new(vec![&POSITIVE]);
    let states: [[f32; 4]; 3] = [[1.0, 2.0, -1.0, 0.0], [1.0; 4], [f32::NAN; 4]];
    for state in &states {
        let sample = Sample::new(View::new(state, 2).unwrap());
        collector.observe(3, None, Site::MlpWrite, &sample);
        collector.observe(3, None, Site::Keys, &sample);
    }
    let rows: Vec<_> = collector.rows().collect();
    assert_eq!(rows.len(), 1);
    let tally = rows[0].tally;
    assert_eq!(
        (tally.n(), tally.value(), tally.sem()),
        (2, Ok(0.75), Some(0.25))
    );
    assert_eq!(tally.missing(Missing::NotFinite), 1);
}
