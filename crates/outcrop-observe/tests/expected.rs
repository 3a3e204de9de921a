//! Quantiles that are expected near those of earlier samples are the same numbers.

use outcrop_observe::{Collector, OBSERVABLES, Sample, Site, View};

const COLUMNS: usize = 64;

/// Scalars that are alike for all seeds, times `scale`.
fn tensor(seed: u32, rows: usize, scale: f32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let scalar = |_| scale * ((0..6).map(|_| next()).sum::<f32>() - 3.0);
    (0..rows * COLUMNS).map(scalar).collect()
}

/// Of samples that are alike, one that is not, and those after it.
#[test]
fn what_is_expected_changes_no_number() {
    let mut collector = Collector::new(OBSERVABLES.to_vec());
    let scales = [1.0, 1.0, 1.0, 1.0, 1.3, 1.0, 0.0, 1.0];
    for (seed, scale) in (0..).zip(scales) {
        for (site, head, rows) in [(Site::MlpWrite, None, 600), (Site::Keys, Some(2), 150)] {
            let values = tensor(seed, rows, scale);
            let view = View::new(&values, COLUMNS).unwrap();
            let plain = collector.found(site, &Sample::new(view));
            let expecting = collector.expecting(3, head, site, Sample::new(view));
            assert_eq!(collector.found(site, &expecting), plain, "{seed} {site}");
            collector.add(3, head, site, &plain);
        }
    }
}
