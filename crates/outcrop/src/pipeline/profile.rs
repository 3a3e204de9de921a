use std::collections::HashMap;
use std::path::Path;

use outcrop_core::{Document, Error as CoreError, nearest, reject_unknown_keys, sha256_hex};
use outcrop_train::RunSpec;

use super::copies::nameless;
use super::design::{Design, Drawn};
use crate::{Error, Result};

/// The embedded profiles: name and text.
pub const PROFILES: [(&str, &str); 8] = [
    ("tiny", include_str!("../../profiles/tiny.toml")),
    ("quick", include_str!("../../profiles/quick.toml")),
    ("small", include_str!("../../profiles/small.toml")),
    ("atlas2", include_str!("../../profiles/atlas2.toml")),
    ("atlas3", include_str!("../../profiles/atlas3.toml")),
    ("control", include_str!("../../profiles/control.toml")),
    ("full", include_str!("../../profiles/full.toml")),
    ("grokking", include_str!("../../profiles/grokking.toml")),
];

/// The keys of a profile.
const KEYS: [&str; 6] = ["name", "description", "seeds", "base", "runs", "design"];

/// The runs of `outcrop reproduce` and `outcrop sweep`: a base that every run shares, and what each changes, or a design
/// from which they are drawn (`docs/sweeps.md`). With `seeds` every run is made
/// once for each of them, as `NAME-sSEED`.
///
/// ```toml
/// name = "mine"
/// description = "two depths, three seeds each"
/// seeds = [1, 2, 3]
/// [base.arch]
/// d_model = 64
/// heads = 2
/// [[runs]]
/// model = "shallow"
/// arch = { layers = 2 }
/// [[runs]]
/// model = "deep"
/// arch = { layers = 4 }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name, also of the folder with its results.
    pub name: String,
    /// Its purpose, in one sentence.
    pub description: String,
    /// Its runs, in order; model names are distinct.
    pub runs: Vec<RunSpec>,
    /// What became of its design, if it has one.
    pub design: Option<Drawn>,
}

impl Profile {
    /// The embedded profile of that name, or the one in the TOML file at that path.
    ///
    /// # Errors
    /// [`Error::NoProfile`], and as [`Profile::from_document`].
    pub fn load(name: &str) -> Result<Self> {
        if let Some((_, text)) = PROFILES.iter().find(|(n, _)| *n == name) {
            return Self::from_toml(text, name);
        }
        let path = Path::new(name);
        if path.is_file() {
            return Self::from_document(&Document::read(path)?);
        }
        let names = PROFILES.map(|(n, _)| n);
        let hint = nearest(name, names).map(|n| format!(", did you mean `{n}`?"));
        Err(Error::NoProfile {
            name: name.into(),
            hint: hint.unwrap_or_default(),
            known: names.join(", "),
        })
    }

    /// Reads a profile; `context` names it in errors.
    ///
    /// # Errors
    /// As [`Profile::from_document`].
    pub fn from_toml(text: &str, context: &str) -> Result<Self> {
        Self::from_document(&Document::parse(text, context)?)
    }

    /// Checks a profile and every run in it. Every error names the position of the key at fault.
    ///
    /// # Errors
    /// [`Error::Core`] for an unknown key or a missing field, [`Error::Train`] for a run that is
    /// out of range.
    pub fn from_document(document: &Document) -> Result<Self> {
        let table = document.table();
        let wrong = |key: &str, reason: String| -> Error {
            let error = CoreError::parse("profile", reason);
            document.locate("", Some(key), error).into()
        };
        let keys = table.keys().map(String::as_str);
        reject_unknown_keys("profile", keys, &KEYS).map_err(|e| {
            let key = e.key().map(str::to_owned);
            document.locate("", key.as_deref(), e)
        })?;
        let text = |key: &str| match table.get(key) {
            Some(toml::Value::String(s)) => Ok(s.clone()),
            _ => Err(wrong(key, format!("`{key}` must be a text"))),
        };
        let base = match table.get("base") {
            None => Document::default(),
            Some(_) => document
                .part("base")
                .ok_or_else(|| wrong("base", "`base` must be a section".into()))?,
        };
        let design = Design::read(document)?;
        let mut bases = over_base(document, &base)?;
        if design.is_some() && bases.is_empty() {
            let mut only = base;
            only.assign("model", text("name")?.into(), document.place("name"));
            bases.push(only);
        }
        if bases.is_empty() {
            return Err(wrong("runs", "no [[runs]] and no [design] in it".into()));
        }
        let (runs, drawn, every) = match design {
            None => (resolved(&bases)?, None, 1),
            Some(design) => {
                let (runs, drawn) = design.draw(&bases, document)?;
                (runs, Some(drawn), design.all_seeds_every)
            }
        };
        let points = drawn.as_ref().map_or(1, |drawn| drawn.points.max(1));
        let has_all = |run: usize| (run % points).is_multiple_of(every);
        let profile = Self {
            name: text("name")?,
            description: text("description")?,
            runs: over_seeds(runs, &seeds(document)?, has_all),
            design: drawn,
        };
        profile.check(document)?;
        Ok(profile)
    }

    /// Checks that no two runs have one name, and that none is a copy of another.
    fn check(&self, document: &Document) -> Result<()> {
        let refuse = |i: usize, reason: String| -> Error {
            let key = format!("runs[{i}].model");
            let error = CoreError::parse("profile", reason);
            document.locate("", Some(&key), error).into()
        };
        let (mut names, mut specs) = (HashMap::new(), HashMap::new());
        for (i, run) in self.runs.iter().enumerate() {
            if names.insert(run.model.as_str(), i).is_some() {
                return Err(refuse(i, format!("two runs are called `{}`", run.model)));
            }
            if let Some(twin) = specs.insert(nameless(run)?, &run.model) {
                let reason = format!(
                    "the runs `{twin}` and `{}` differ in nothing but their names and would be copies of each \
                     other; give one another `train.seed` than {}",
                    run.model, run.train.seed
                );
                return Err(refuse(i, reason));
            }
        }
        Ok(())
    }

    /// SHA-256 over its resolved runs.
    ///
    /// # Errors
    /// [`Error::Train`] for a number that TOML cannot hold.
    pub fn sha256(&self) -> Result<String> {
        let texts: Result<Vec<String>, _> = self.runs.iter().map(RunSpec::to_toml).collect();
        Ok(sha256_hex(texts?.join("\n").as_bytes()))
    }
}

/// What `seeds` lists; nothing without it.
fn seeds(document: &Document) -> Result<Vec<u64>> {
    let wrong = || {
        let reason = "`seeds` must be a list of different whole numbers, 0 or more";
        let error = CoreError::parse("profile", reason);
        Error::from(document.locate("", Some("seeds"), error))
    };
    let Some(given) = document.table().get("seeds") else {
        return Ok(Vec::new());
    };
    let seed = |value: &toml::Value| u64::try_from(value.as_integer()?).ok();
    let seeds: Option<Vec<u64>> = given
        .as_array()
        .and_then(|all| all.iter().map(seed).collect());
    let seeds = seeds.ok_or_else(wrong)?;
    let different: std::collections::BTreeSet<&u64> = seeds.iter().collect();
    match different.len() == seeds.len() && !seeds.is_empty() {
        true => Ok(seeds),
        false => Err(wrong()),
    }
}

/// Each run once for every seed, or once for the first one unless `has_all` of its index; as they are without seeds.
fn over_seeds(runs: Vec<RunSpec>, seeds: &[u64], has_all: impl Fn(usize) -> bool) -> Vec<RunSpec> {
    if seeds.is_empty() {
        return runs;
    }
    let with = |run: &RunSpec, seed: u64| {
        let mut run = run.clone();
        run.model = format!("{}-s{seed}", run.model);
        run.train.seed = seed;
        run
    };
    let of_run = |(index, run): (usize, &RunSpec)| {
        let count = if has_all(index) { seeds.len() } else { 1 };
        let seeds = seeds.iter().take(count);
        seeds.map(|seed| with(run, *seed)).collect::<Vec<_>>()
    };
    runs.iter().enumerate().flat_map(of_run).collect()
}

/// Each of `runs` over the base.
fn over_base(document: &Document, base: &Document) -> Result<Vec<Document>> {
    let wrong = |path: &str| {
        let error = CoreError::parse("profile", "each of `runs` must be a section");
        Error::from(document.locate("", Some(path), error))
    };
    let count = document.table().get("runs").and_then(toml::Value::as_array);
    let one = |i: usize| {
        let path = format!("runs[{i}]");
        let run = document.part(&path).ok_or_else(|| wrong(&path))?;
        let mut resolved = base.clone();
        resolved.overlay(run);
        Ok(resolved)
    };
    (0..count.map_or(0, Vec::len)).map(one).collect()
}

fn resolved(bases: &[Document]) -> Result<Vec<RunSpec>> {
    let run = |base: &Document| Ok(RunSpec::from_document(base)?);
    bases.iter().map(run).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_embedded_profile_is_sound() {
        for (name, _) in PROFILES {
            let profile = Profile::load(name).unwrap();
            assert_eq!(profile.name, name);
        }
    }

    /// The promises of the quick profile.
    #[test]
    fn quick_varies_what_it_says() {
        let runs = Profile::load("quick").unwrap().runs;
        assert!(runs.len() >= 12);
        let bigram = runs
            .iter()
            .filter(|r| r.data.corpus.to_string() == "bigram-backcopy")
            .count();
        assert!(3 * bigram >= 2 * runs.len() && bigram < runs.len());
        assert!(
            runs.iter().all(
                |r| ["bigram-backcopy", "crates"].contains(&r.data.corpus.to_string().as_str())
            )
        );
        let different =
            |f: fn(&RunSpec) -> usize| runs.iter().map(f).collect::<BTreeSet<_>>().len();
        assert!(different(|r| r.arch.layers) > 2);
        assert!(different(|r| r.arch.d_model) > 2);
        assert!(different(|r| r.arch.heads) > 2);
        assert!(different(|r| 100 * r.arch.d_ff / r.arch.d_model) > 2);
    }

    /// Eight seeds, each with and without weight decay, and nothing else differs.
    #[test]
    fn grokking_varies_seeds_and_decay() {
        let runs = Profile::load("grokking").unwrap().runs;
        let (with, without): (Vec<&RunSpec>, Vec<&RunSpec>) =
            runs.iter().partition(|run| run.train.weight_decay > 0.0);
        for group in [&with, &without] {
            let seeds: Vec<u64> = group.iter().map(|run| run.train.seed).collect();
            assert_eq!(seeds, (1..=8).collect::<Vec<_>>());
        }
        for (a, b) in with.iter().zip(without) {
            let mut other = (*a).clone();
            other.model.clone_from(&b.model);
            other.train.weight_decay = 0.0;
            assert_eq!(other, *b);
        }
    }

    /// 1 is the default seed.
    #[test]
    fn runs_that_would_be_copies_are_refused() {
        let text = |seed: u64| {
            format!(
                "name = 'p'\ndescription = ''\n[base.arch]\nlayers = 1\nd_model = 16\nheads = 2\n\
                 [[runs]]\nmodel = 'a'\n[[runs]]\nmodel = 'b'\ntrain = {{ seed = {seed} }}\n"
            )
        };
        assert_eq!(Profile::from_toml(&text(2), "test").unwrap().runs.len(), 2);
        let said = Profile::from_toml(&text(1), "test")
            .unwrap_err()
            .to_string();
        for part in ["`a` and `b`", "copies", "another `train.seed` than 1"] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn every_run_is_made_for_every_seed() {
        let text = |seeds: &str| {
            format!(
                "name = 'p'\ndescription = ''\nseeds = {seeds}\n[base.arch]\nlayers = 1\nd_model = 16\nheads = 2\n\
                 [[runs]]\nmodel = 'a'\n[[runs]]\nmodel = 'b'\narch = {{ layers = 2 }}\n"
            )
        };
        let runs = Profile::from_toml(&text("[1, 5]"), "p").unwrap().runs;
        let made: Vec<(&str, u64, usize)> = runs
            .iter()
            .map(|r| (r.model.as_str(), r.train.seed, r.arch.layers))
            .collect();
        let expected = [
            ("a-s1", 1, 1),
            ("a-s5", 5, 1),
            ("b-s1", 1, 2),
            ("b-s5", 5, 2),
        ];
        assert_eq!(made, expected);
        for wrong in ["[]", "[1, 1]", "[-1]", "3", "['1']"] {
            let said = Profile::from_toml(&text(wrong), "p")
                .unwrap_err()
                .to_string();
            assert!(
                said.contains("line 3") && said.contains("`seeds`"),
                "{wrong}: {said}"
            );
        }
    }

    #[test]
    fn of_a_design_every_so_many_points_have_all_seeds() {
        let text = |every: u32| {
            format!(
                "name = 'p'\ndescription = ''\nseeds = [4, 9]\n[base.arch]\nd_model = 16\nheads = 2\n\
                 [design]\nkind = 'grid'\nall_seeds_every = {every}\n[design.arch]\nlayers = [1, 2, 3]\n"
            )
        };
        let runs = Profile::from_toml(&text(2), "p").unwrap().runs;
        let names: Vec<&str> = runs.iter().map(|r| r.model.as_str()).collect();
        let expected = [
            "p-0001-s4",
            "p-0001-s9",
            "p-0002-s4",
            "p-0003-s4",
            "p-0003-s9",
        ];
        assert_eq!(names, expected);
        assert_eq!(Profile::from_toml(&text(1), "p").unwrap().runs.len(), 6);
        let said = Profile::from_toml(&text(0), "p").unwrap_err().to_string();
        assert!(
            said.contains("line 9") && said.contains("at least 1"),
            "{said}"
        );
    }

    /// The promise of the profile atlas3: the design of atlas2 with another seed, each point once.
    #[test]
    fn the_third_atlas_is_another_draw_from_the_design_of_the_second() {
        let design = |name: &str| {
            let (_, text) = PROFILES.iter().find(|(n, _)| *n == name).unwrap();
            let mut table: toml::Table = text.parse().unwrap();
            for key in ["name", "description", "seeds"] {
                table.remove(key);
            }
            let design = table["design"].as_table_mut().unwrap();
            design.remove("all_seeds_every");
            (design.remove("seed"), table)
        };
        let (second, third) = (design("atlas2"), design("atlas3"));
        assert_eq!(second.1, third.1);
        assert_ne!(second.0, third.0);
        let profile = Profile::load("atlas3").unwrap();
        let largest = profile.design.unwrap().largest_correlation.unwrap();
        assert!(profile.runs.len() == 96 && largest.value.abs() < 0.2);
    }

    /// The promises of the profile atlas2.
    #[test]
    fn the_second_atlas_has_its_architectures_seeds_corpora_and_recipes() {
        let profile = Profile::load("atlas2").unwrap();
        let drawn = profile.design.unwrap();
        assert_eq!((drawn.points, profile.runs.len()), (96, 160));
        assert!(drawn.largest_correlation.unwrap().value.abs() < 0.2);
        let values = |of: fn(&RunSpec) -> String| -> BTreeSet<String> {
            profile.runs.iter().map(of).collect()
        };
        let corpora = values(|r| format!("{} {}", r.data.corpus, r.data.tokenizer));
        let expected = ["bigram-backcopy bytes", "crates bpe:512", "crates bytes"];
        assert_eq!(corpora, expected.map(str::to_owned).into());
        for (two, name) in [
            (values(|r| r.train.steps.to_string()), "steps"),
            (values(|r| r.train.batch.to_string()), "batch"),
            (values(|r| r.train.learning_rate.to_string()), "rate"),
            (values(|r| format!("{:?}", r.arch.norm)), "norm"),
        ] {
            assert_eq!(two.len(), 2, "{name}");
        }
        assert_eq!(values(|r| r.arch.layers.to_string()).len(), 7);
        assert_eq!(values(|r| r.arch.d_model.to_string()).len(), 7);
        assert_eq!(values(|r| format!("{:?}", r.arch.position)).len(), 3);
    }

    #[test]
    fn a_run_overlays_the_base() {
        let text = "name = 'p'\ndescription = ''\n[base.arch]\nlayers = 1\nd_model = 16\nheads = 2\n\
                    position = { kind = 'learned' }\n[[runs]]\nmodel = 'a'\n[[runs]]\nmodel = 'b'\n\
                    arch = { layers = 3, position = { kind = 'rotary', fraction = 0.5, base = 1e4 } }\n";
        let runs = Profile::from_toml(text, "p").unwrap().runs;
        assert_eq!((runs[0].arch.layers, runs[1].arch.layers), (1, 3));
        assert_eq!(runs[0].arch.position, outcrop_arch::Position::Learned);
        let twice = text.replace("'b'", "'a'");
        assert!(
            Profile::from_toml(&twice, "p")
                .unwrap_err()
                .to_string()
                .contains("`a`")
        );
        let unknown = text.replace("layers = 3", "layer = 3");
        let error = Profile::from_toml(&unknown, "p").unwrap_err().to_string();
        assert!(
            error.contains("p, line 12") && error.contains("did you mean `layers`"),
            "{error}"
        );
    }
}
