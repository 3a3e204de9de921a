//! The catalogue of public runs, and the names that they give their checkpoints.

use std::collections::BTreeSet;

use outcrop_checkpoint::{CheckpointName, Counts, Each, Listing, run_of, run_of_folder, runs};

/// Names as published, with stage, seed and number.
type Published = (
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    u64,
);

const NAMES: [Published; 35] = [
    ("step0", None, None, 0),
    ("step1", None, None, 1),
    ("step512", None, None, 512),
    ("step1000", None, None, 1000),
    ("step143000", None, None, 143_000),
    ("step0-tokens0B", None, None, 0),
    ("step1454000-tokens3048B", None, None, 1_454_000),
    ("step1000-tokens4B", None, None, 1000),
    ("step738020-tokens3094B", None, None, 738_020),
    ("stage1-step10000-tokens21B", Some("stage1"), None, 10_000),
    (
        "stage2-ingredient3-step23852-tokens51B",
        Some("stage2-ingredient3"),
        None,
        23_852,
    ),
    ("stage1-step0-tokens0B", Some("stage1"), None, 0),
    ("stage1-step1000-tokens3B", Some("stage1"), None, 1000),
    (
        "stage1-step101000-tokens424B",
        Some("stage1"),
        None,
        101_000,
    ),
    ("stage1-step0", Some("stage1"), None, 0),
    (
        "stage2-step47684-mix-round5-from-2T-ckpt",
        Some("stage2-mix-round5-from-2T-ckpt"),
        None,
        47_684,
    ),
    ("stage3-step11921", Some("stage3"), None, 11_921),
    ("step5000-tokens20B", None, None, 5000),
    ("step69369-seed-default", None, Some("default"), 69_369),
    ("step0-seed-default", None, Some("default"), 0),
    ("step5000-seed-large-aux-2", None, Some("large-aux-2"), 5000),
    ("stage1-step-40000", Some("stage1"), None, 40_000),
    ("stage3-step-4720000", Some("stage3"), None, 4_720_000),
    (
        "lc-32k-to-64k-step-20000",
        Some("lc-32k-to-64k"),
        None,
        20_000,
    ),
    ("step-125000", None, None, 125_000),
    ("step50000-tokens210B", None, None, 50_000),
    ("step2627139-tokens15T", None, None, 2_627_139),
    ("stage1-step010000-tokens21B", Some("stage1"), None, 10_000),
    (
        "stage2-step018000-tokens1002B",
        Some("stage2"),
        None,
        18_000,
    ),
    ("global_step1000", None, None, 1000),
    ("global_step10000", None, None, 10_000),
    ("step0005000", None, None, 5000),
    ("extension_step0001000", Some("extension"), None, 1000),
    (
        "CrystalCoder_phase1_checkpoint_055500",
        Some("CrystalCoder_phase1"),
        None,
        55_500,
    ),
    ("iter_0002384", None, None, 2384),
];

#[test]
fn published_names_are_read_and_print_back() {
    for (name, stage, seed, number) in NAMES {
        let read = CheckpointName::parse(name).unwrap();
        let told = (read.stage(), read.seed(), read.number());
        assert_eq!(told, (stage, seed, number), "{name}");
        assert_eq!(
            (read.counts(), read.to_string().as_str()),
            (Counts::Steps, name)
        );
    }
}

/// Numbers that count saves, repositories that are a step each, and names without a number.
#[test]
fn names_of_other_kinds_are_told_apart() {
    for name in ["ckpt_000", "ckpt_358", "ministage2_ckpt_379"] {
        let read = CheckpointName::parse(name).unwrap();
        assert_eq!(
            (read.counts(), read.step(None)),
            (Counts::Other, None),
            "{name}"
        );
    }
    for (name, step) in [
        ("TinyLlama-1.1B-step-50K-105b", 50_000),
        ("TinyLlama-1.1B-intermediate-step-1431k-3T", 1_431_000),
    ] {
        let read = CheckpointName::parse(name).unwrap();
        assert_eq!(
            (read.stage(), read.number()),
            (Some("TinyLlama-1.1B"), step)
        );
    }
    for name in [
        "main",
        "fp32",
        "it-SFT",
        "kestrel",
        "phoenix",
        "TinyLlama-1.1B-Chat-v0.1",
    ] {
        assert_eq!(CheckpointName::parse(name), None, "{name}");
    }
}

#[test]
fn every_row_is_read_and_its_names_are() {
    assert!(runs().len() > 20);
    let mut names = BTreeSet::new();
    for run in runs() {
        assert!(names.insert(&run.name), "{} is there twice", run.name);
        assert!(run.source.starts_with("https://"), "{}", run.name);
        assert!(
            run.ids.iter().all(|id| id.split('/').count() == 2),
            "{}",
            run.name
        );
        let listing = Listing::of(&run.names);
        assert_eq!(listing.others, [""; 0], "{}", run.name);
        assert_eq!(Listing::of(&run.others).named, [], "{}", run.name);
        assert!(run.names.len() + run.others.len() > 0, "{}", run.name);
        // stages that names have are those that the row orders
        for name in listing.named.iter().filter(|_| run.each == Each::Revision) {
            let stage = name.stage().unwrap_or("none");
            let known = run
                .stages
                .iter()
                .any(|known| stage.starts_with(known.as_str()));
            assert!(known || stage == "none", "{}: {stage}", run.name);
        }
        for fault in &run.faults {
            assert!(fault.source.starts_with("https://"), "{}", fault.what);
            assert!(!fault.suspect || !fault.steps.is_empty(), "{}", fault.what);
            let of = fault.of.iter().map(|id| id.replace('*', "x"));
            assert!(of.clone().all(|id| run.has(&id)), "{of:?}");
        }
    }
}

/// Tokens of a step, computed from the batch, against those that names round.
#[test]
fn tokens_agree_with_those_that_names_round() {
    let mut compared = 0;
    for run in runs() {
        // a later stage counts its tokens from its own begin, or on from the stage before
        let first = |name: &CheckpointName| name.stage().is_none_or(|s| s.starts_with("stage1"));
        for name in Listing::of(&run.names)
            .named
            .iter()
            .filter(|name| first(name))
        {
            let (Some(named), Some(tokens)) = (name.tokens(), run.tokens(name.number())) else {
                continue;
            };
            let digits = named.trim_start_matches("tokens");
            let (digits, unit) = digits.split_at(digits.len() - 1);
            let unit = if unit.eq_ignore_ascii_case("t") {
                1e12
            } else {
                1e9
            };
            let named = digits.parse::<f64>().unwrap() * unit;
            let off = (named - tokens as f64).abs();
            // rounded up, down or to the nearest
            assert!(off < unit.max(0.002 * named), "{name}: {tokens}");
            compared += 1;
        }
    }
    assert!(compared >= 4, "{compared}");
}

#[test]
fn models_and_folders_are_known_again() {
    let name = |id: &str| run_of(id).map(|run| run.name.as_str());
    assert_eq!(name("EleutherAI/pythia-410m-seed9"), Some("Pythia"));
    assert_eq!(name("allenai/OLMo-2-0425-1B"), Some("OLMo 2 1B"));
    assert_eq!(
        name("TinyLlama/TinyLlama-1.1B-step-50K-105b"),
        Some("TinyLlama")
    );
    assert_eq!(name("mine/pythia-70m"), None);
    let of = |folder: &str| run_of_folder(folder.as_ref()).map(|(_, id)| id);
    let cached = "cache/models--bigscience--bloom-1b1-intermediate";
    assert_eq!(
        of(cached).as_deref(),
        Some("bigscience/bloom-1b1-intermediate")
    );
    assert_eq!(
        of("x/pythia-2.8b").as_deref(),
        Some("EleutherAI/pythia-2.8b")
    );
    assert_eq!(of("x/mine"), None);
}

#[test]
fn faults_are_those_of_the_model() {
    let faults = |id: &str| run_of(id).unwrap().faults_of(id);
    let of = faults("EleutherAI/pythia-410m-seed9");
    let steps: Vec<_> = of.iter().flat_map(|fault| fault.steps.clone()).collect();
    assert_eq!(steps, [40_000, 1]);
    let copies = &faults("EleutherAI/pythia-2.8b")[0];
    assert_eq!((copies.steps.len(), copies.suspect), (76, true));
}
