//! Weights along a series.

use outcrop_checkpoint::{
    AuditOptions, Auditor, BufferPool, CheckpointSeries, Code, Weights, audit,
};

use crate::synthetic::{Noise, audited, model, pythia, suspects, trained, walk, write};

#[test]
fn an_honest_series_on_pythias_schedule_has_no_finding() {
    for seed in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let steps = pythia(20_000);
        for (step, model) in steps.iter().zip(trained(&steps, seed)) {
            write(dir.path(), *step, &model);
        }
        assert_eq!(audited(dir.path()).findings, []);
    }
}

#[test]
fn walks_that_stand_still_or_wander_have_no_jump() {
    for (seed, pull) in [(1, 0.0), (2, 0.0), (3, 0.5), (4, 1.0)] {
        let mut noise = Noise(seed);
        let start = model(&mut noise);
        let mut now = start.clone();
        let dir = tempfile::tempdir().unwrap();
        for step in 0..20 {
            now = walk(&now, 0.1, &mut noise);
            for (now, start) in now.iter_mut().zip(&start) {
                let both = now.data.iter_mut().zip(&start.data);
                both.for_each(|(v, s)| *v += pull * (s - *v) * 0.9);
            }
            write(dir.path(), 100 * step, &now);
        }
        assert_eq!(audited(dir.path()).findings, [], "pull {pull}");
    }
}

#[test]
fn a_step_with_the_weights_of_elsewhere_is_a_jump_and_its_neighbours_are_not() {
    for seed in 0..5 {
        let mut noise = Noise(seed);
        let mut models = vec![model(&mut noise)];
        for _ in 1..30 {
            models.push(walk(models.last().unwrap(), 0.1, &mut noise));
        }
        // Close to the weights of another step, but not equal.
        models[10] = walk(&models[22], 0.02, &mut noise);
        let dir = tempfile::tempdir().unwrap();
        for (i, model) in models.iter().enumerate() {
            write(dir.path(), 1000 * i as u64, model);
        }
        let audit = audited(dir.path());
        let codes: Vec<_> = audit
            .findings
            .iter()
            .map(|f| (f.code, f.steps.clone()))
            .collect();
        assert_eq!(codes, [(Code::Jump, vec![10_000])]);
        assert!(
            audit.findings[0].words.contains("from step 9000"),
            "{}",
            audit.findings[0].words
        );
        assert_eq!(suspects(&audit), [10_000]);
    }
}

/// Distances of weights that are held are found as they come; the audit is that of files.
#[test]
fn weights_that_are_held_have_the_same_jumps() {
    let mut noise = Noise(3);
    let mut models = vec![model(&mut noise)];
    for _ in 1..12 {
        models.push(walk(models.last().unwrap(), 0.1, &mut noise));
    }
    models[5] = walk(&models[11], 0.02, &mut noise);
    let dir = tempfile::tempdir().unwrap();
    for (i, model) in models.iter().enumerate() {
        write(dir.path(), 1000 * i as u64, model);
    }
    let series = CheckpointSeries::open(dir.path()).unwrap();
    let options = AuditOptions::default();
    let (pool, mut auditor) = (BufferPool::default(), Auditor::new(&options));
    for entry in &series.entries {
        let mut weights = Weights::open(&entry.folder).unwrap();
        assert!(weights.hold(u64::MAX, &pool).unwrap());
        auditor.scan_opened(entry, &Ok(weights));
    }
    let held = auditor.finish(&series);
    assert_eq!(held, audit(&series, &options));
    assert_eq!(suspects(&held), [5000]);
}
