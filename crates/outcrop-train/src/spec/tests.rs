use super::*;

const SMALL: &str = "model = 'm'\n[arch]\nlayers = 1\nd_model = 16\nheads = 2\n";

#[test]
fn a_resolved_spec_prints_back() {
    let spec = RunSpec::from_toml(SMALL).unwrap();
    assert_eq!(spec.arch.context, 128);
    assert_eq!(spec.arch.vocab, 65); // 64 symbols and BOS
    let again = RunSpec::from_toml(&spec.to_toml().unwrap()).unwrap();
    assert_eq!(again, spec);
    assert_eq!(again.sha256().unwrap(), spec.sha256().unwrap());
}

#[test]
fn a_run_in_one_part_has_the_checksum_that_it_had_before_there_were_parts() {
    let spec = RunSpec::from_toml(SMALL).unwrap();
    assert!(!spec.to_toml().unwrap().contains("accumulate"));
    let parts = RunSpec::from_toml(&format!("{SMALL}[train]\naccumulate = 4")).unwrap();
    assert!(parts.to_toml().unwrap().contains("accumulate = 4"));
    assert_ne!(parts.sha256().unwrap(), spec.sha256().unwrap());
}

#[test]
fn every_optimiser_is_resolved_with_its_keys_and_is_in_the_schema() {
    let schema = RunSpec::schema().unwrap();
    let words = &schema["properties"]["train"]["properties"]["optimizer"]["enum"];
    for kind in crate::OptimizerKind::all() {
        let word = kind.word();
        assert!(words.as_array().unwrap().contains(&word.into()));
        let spec = format!("{SMALL}[train]\noptimizer = '{word}'");
        let spec = RunSpec::from_toml(&spec).unwrap();
        assert_eq!(spec.train.optimizer_keys(), kind.defaults());
        assert_eq!(RunSpec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
    }
    let plain = RunSpec::from_toml(SMALL).unwrap().to_toml().unwrap();
    assert!(
        plain.contains(
            "betas = [0.9, 0.95]\neps = 0.00000001\nweight_decay = 0.1\nclip = 1.0\nseed = 1\n"
        ),
        "{plain}"
    );
    for new in [
        "optimizer",
        "momentum",
        "embedding_decay",
        "vector_decay",
        "z_loss",
        "events",
    ] {
        assert!(!plain.contains(&format!("\n{new}")), "{plain}");
    }
}

#[test]
fn a_corpus_of_ids_has_one_token_more_and_text_keeps_its_checksum() {
    let data = "[data]\ncorpus = 'tokens:a.bin'\nvocab = 300\ntokens_type = 'i32'";
    let spec = RunSpec::from_toml(&format!("{SMALL}{data}")).unwrap();
    assert_eq!(spec.arch.vocab, 301);
    assert_eq!(RunSpec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
    let text = RunSpec::from_toml(&format!("{SMALL}[data]\ncorpus = 'text:a.txt'")).unwrap();
    let printed = text.to_toml().unwrap();
    assert!(
        !printed.contains("text_field") && !printed.contains("tokens_type"),
        "{printed}"
    );
    let named = format!("{SMALL}[data]\ncorpus = 'text:a.txt'\ntext_field = 'content'");
    let named = RunSpec::from_toml(&named).unwrap();
    assert!(
        named
            .to_toml()
            .unwrap()
            .contains("text_field = \"content\"")
    );
}

#[test]
fn what_is_wrong_is_named_with_the_way_out() {
    for (line, parts) in [
        (
            "[train]\nlearning_rat = 1",
            vec!["learning_rat", "did you mean `learning_rate`"],
        ),
        (
            "[train]\nlearning_rate = 7.0",
            vec!["train.learning_rate", "7", "at most 1"],
        ),
        ("[train]\nsteps = 0", vec!["train.steps", "1 to 10^9"]),
        ("[train]\nbatch = -3", vec!["[train]"]),
        (
            "[train]\nbatch = 16\naccumulate = 3",
            vec!["train.accumulate", "3", "a divisor of train.batch = 16"],
        ),
        ("[train]\naccumulate = 0", vec!["train.accumulate", "0"]),
        (
            "[train]\nsteps = 10\nwarmup = 11",
            vec!["train.warmup", "11"],
        ),
        (
            "[train]\nbetas = [0.9, 1.0]",
            vec!["train.betas", "below 1"],
        ),
        (
            "[train]\noptimizer = 'adam'",
            vec!["optimizer", "adam", "`adamw`, `muon`, `sgd`, `lion`"],
        ),
        (
            "[train]\nmomentum = 0.9",
            vec!["train.momentum", "train.optimizer = `muon` or `sgd`"],
        ),
        (
            "[train]\noptimizer = 'sgd'\nmomentum = 1.0",
            vec!["train.momentum = 1", "below 1"],
        ),
        (
            "[train]\nvector_decay = -1.0",
            vec!["train.vector_decay", "0 to 100"],
        ),
        ("[train]\nz_loss = -1.0", vec!["train.z_loss", "0 to 100"]),
        ("[data]\ncorpus = 'bigram-backcpy'", vec!["bigram-backcopy"]),
        (
            "[data]\ncorpus = 'tokens:a.bin'",
            vec!["data.vocab", "50257 for GPT-2"],
        ),
        (
            "[data]\ncorpus = 'text:a.txt'\nvocab = 300",
            vec!["data.vocab", "300", "corpus `tokens:PATH`"],
        ),
        (
            "[data]\ntext_field = 'content'",
            vec!["data.text_field", "content", "corpus `text:PATH`"],
        ),
        (
            "[data]\ncorpus = 'tokens:a.bin'\nvocab = 9\ntokens_type = 'u8'",
            vec!["u8", "u16", "i64"],
        ),
        (
            "[schedule]\nmeasure = '0,999999'",
            vec!["schedule.measure", "999999"],
        ),
        ("[measure]\nsequences = 0", vec!["measure.sequences"]),
        (
            "[measure]\nlens_positions = 8",
            vec!["measure.lens_positions", "measure.observe"],
        ),
        (
            "[measure]\nobserve = 'logit_lens'\nlens_positions = 0",
            vec!["lens_positions", "`0`", "`all`"],
        ),
        (
            "[measure]\nobserve = 'logit_lens'\nlens_positions = true",
            vec!["lens_positions", "`all` or a whole number"],
        ),
        (
            "[measure]\nobserve = 'tokns'",
            vec!["measure.observe", "tokns", "docs/observables.md", "tokens"],
        ),
        ("[trian]\nsteps = 1", vec!["trian", "did you mean `train`"]),
    ] {
        let error = RunSpec::from_toml(&format!("{SMALL}{line}"))
            .unwrap_err()
            .to_string();
        for part in parts {
            assert!(error.contains(part), "{line}: {error}");
        }
    }
    let small = SMALL.replace("heads = 2", "heads = 2\nvocab = 64");
    assert!(
        RunSpec::from_toml(&small)
            .unwrap_err()
            .to_string()
            .contains("arch.vocab")
    );
    let dots = SMALL.replace("'m'", "'../m'");
    assert!(RunSpec::from_toml(&dots).is_err());
}
