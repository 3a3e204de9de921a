//! Catalogues that are almost right are read or refused, and what was read answers.

use std::path::Path;

use mutation::{mutate, mutations, text_mutations};
use outcrop_checkpoint::{Listing, Run};
use proptest::prelude::*;

#[derive(serde::Deserialize)]
struct Catalogue {
    run: Vec<Run>,
}

/// Whether a catalogue of these bytes is read.
fn read(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Ok(catalogue) = toml::from_str::<Catalogue>(&text) else {
        return false;
    };
    for run in &catalogue.run {
        for id in ["EleutherAI/pythia-70m", "*/*", "", "a/b-step-5"] {
            let faults = run.faults_of(id);
            assert!(faults.len() <= run.faults.len());
            assert!(run.has(id) || run.ids.iter().all(|known| known != id));
        }
        for step in [0, 1, u64::MAX] {
            let tokens = run.tokens(step);
            assert!(step > 1 || tokens == run.tokens_a_step.map(|of| of * step));
        }
        let listing = Listing::of(&run.names);
        for stage in &run.stages {
            listing.begins(stage, &run.stages);
        }
    }
    true
}

proptest! {
    #[test]
    fn mutated_catalogues_are_read_or_refused(changes in prop_oneof![mutations(), text_mutations()]) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/runs.toml");
        let mut bytes = std::fs::read(file).unwrap();
        mutate(&mut bytes, &changes);
        read(&bytes);
    }
}

#[test]
fn the_catalogue_is_read_as_it_is() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/runs.toml");
    assert!(read(&std::fs::read(file).unwrap()));
}
