//! The cache of the Hugging Face hub.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop_checkpoint::{CheckpointSeries, Select};

use crate::{model, open, refused, steps};

#[test]
fn the_hubs_cache_is_read_by_revision() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("models--EleutherAI--pythia-14m");
    let refer = |name: &str, text: &str| {
        fs::create_dir_all(cache.join("refs")).unwrap();
        fs::write(cache.join("refs").join(name), text).unwrap();
    };
    let hash = |i: u8| format!("{i:040x}");
    for i in 0..3 {
        model(&cache.join("snapshots").join(hash(i)));
    }
    refer("main", &hash(2));
    assert_eq!(steps(&CheckpointSeries::open(&cache).unwrap()), [None]);
    refer("step1000", &hash(1));
    refer("step8", &hash(0));
    refer("step9", &hash(9));
    refer("step10", "../../..");
    let series = CheckpointSeries::open(&cache).unwrap();
    assert_eq!(steps(&series), [Some(8), Some(1000)]);
    assert!(series.get(8).unwrap().folder.ends_with(hash(0)));
    let reasons: Vec<_> = series.problems.iter().map(|p| &*p.reason).collect();
    let absent = "its snapshot is not in the cache";
    let main = "the revision names no step; --revision main measures it";
    assert_eq!(reasons, [main, absent, absent]);
}

fn hash(i: u8) -> String {
    format!("{i:040x}")
}

/// A model in the cache: refs, each with the snapshot that it names.
fn cached(dir: &Path, refs: &[(&str, u8)]) -> PathBuf {
    let cache = dir.join("models--org--tiny");
    for (name, snapshot) in refs {
        model(&cache.join("snapshots").join(hash(*snapshot)));
        let file = cache.join("refs").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, hash(*snapshot)).unwrap();
    }
    cache
}

fn revisions(names: &[&str]) -> Select {
    Select {
        revisions: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Select::default()
    }
}

/// Names without a step are no step 0.
#[test]
fn revisions_without_steps_have_to_be_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let cache = cached(dir.path(), &[("float16", 1), ("main", 2)]);
    refused(
        &cache,
        &Select::default(),
        &["--revision", "`float16`, `main`"],
    );
    let chosen = CheckpointSeries::open_with(&cache, &revisions(&["float16"])).unwrap();
    assert_eq!(steps(&chosen), [None]);
    assert!(chosen.entries[0].folder.ends_with(hash(1)));
    let by_commit = CheckpointSeries::open_with(&cache, &revisions(&[&hash(2)])).unwrap();
    assert!(by_commit.entries[0].folder.ends_with(hash(2)));
    refused(&cache, &revisions(&["absent"]), &["no `absent`", "`main`"]);
    refused(&cache, &revisions(&["main", "float16"]), &["by itself"]);
}

/// Both name one snapshot, whose path would say nothing.
#[test]
fn two_refs_of_one_step_are_both_named() {
    let dir = tempfile::tempdir().unwrap();
    let cache = cached(dir.path(), &[("step-5", 1), ("step5", 1)]);
    let parts = [
        "refs/step-5 and",
        "refs/step5 are both step 5",
        "--revision",
    ];
    refused(&cache, &Select::default(), &parts);
    assert_eq!(open(&cache, &revisions(&["step5"])), Ok(vec![Some(5)]));
}

#[test]
fn main_is_taken_where_nothing_else_is_sensible() {
    let dir = tempfile::tempdir().unwrap();
    let cache = cached(dir.path(), &[("main", 2), ("refs/pr/7", 3), ("v1.0", 2)]);
    model(&cache.join("snapshots").join(hash(4)));
    let series = CheckpointSeries::open(&cache).unwrap();
    assert!(series.entries[0].folder.ends_with(hash(2)));
    assert!(
        series.notes[0].contains("`main` is taken"),
        "{:?}",
        series.notes
    );
    let others: Vec<_> = series.problems.iter().map(|p| &*p.reason).collect();
    assert_eq!(others.len(), 2, "{others:?}");
    assert!(others[0].contains("--revision refs/pr/7"), "{others:?}");
    // with a tokenizer alone
    let empty = tempfile::tempdir().unwrap();
    let cache = cached(empty.path(), &[("main", 2), ("a/b", 3)]);
    for i in [2, 3] {
        fs::remove_file(
            cache
                .join("snapshots")
                .join(hash(i))
                .join("model.safetensors"),
        )
        .unwrap();
    }
    let parts = ["`a/b` without weights", "`main` without weights"];
    refused(&cache, &Select::default(), &parts);
    // fetched by its commit, a model has no ref
    let dir = tempfile::tempdir().unwrap();
    let cache = cached(dir.path(), &[("main", 2)]);
    fs::remove_dir_all(cache.join("refs")).unwrap();
    fs::create_dir(cache.join("blobs")).unwrap();
    assert_eq!(open(&cache, &Select::default()).unwrap(), [None]);
}

#[test]
fn nested_revisions_are_listed_and_steps_are_one_each() {
    let dir = tempfile::tempdir().unwrap();
    let cache = cached(
        dir.path(),
        &[("step8", 1), ("step16", 2), ("fp32/final", 3)],
    );
    let series = CheckpointSeries::open(&cache).unwrap();
    assert_eq!(steps(&series), [Some(8), Some(16)]);
    assert!(series.problems[0].reason.contains("--revision fp32/final"));
    cached(dir.path(), &[("step-000016", 4)]);
    refused(&cache, &Select::default(), &["both step 16"]);
    let pair = revisions(&["step8", "step16"]);
    assert_eq!(open(&cache, &pair).unwrap(), [Some(8), Some(16)]);
    cached(dir.path(), &[("stage2/step16", 3)]);
    refused(&cache, &Select::default(), &["`none` (3), `stage2` (1)"]);
}
