use outcrop_arch::ArchSpec;
use serde_json::{Map, Value};

use crate::words;

/// One architecture under a name.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its key in the table, or the word that it varies.
    pub name: String,
    /// What is computed.
    pub arch: ArchSpec,
}

/// The rows of `cases.json`, in order; PyTorch computes each.
///
/// # Panics
/// Where one of them is no architecture.
pub fn table() -> Vec<Case> {
    let text = include_str!("../cases.json");
    let rows: Map<String, Value> = serde_json::from_str(text).expect("a table of architectures");
    let case = |(name, row): (String, Value)| {
        let unknown = |key: &&String| !outcrop_arch::KEYS.contains(&key.as_str());
        let unknown = row.as_object().and_then(|row| row.keys().find(unknown));
        assert_eq!(unknown, None, "{name} of cases.json");
        match read(row) {
            Ok(arch) => Case { name, arch },
            Err(why) => panic!("{name} of cases.json: {why}"),
        }
    };
    rows.into_iter().map(case).collect()
}

/// The first row of the table with each word of each switch in turn, as far as that is an architecture: a word that
/// asks for numbers beside it, or for another switch, needs a row of its own.
///
/// # Panics
/// Where the table is empty.
pub fn varied() -> Vec<Case> {
    let base = table().swap_remove(0).arch;
    let varied = words().into_iter().filter_map(|word| {
        let arch = read(word.set_in(&base)?).ok()?;
        (arch != base).then(|| Case {
            name: word.to_string(),
            arch,
        })
    });
    varied.collect()
}

/// The table, then its first row varied.
pub fn cases() -> Vec<Case> {
    table().into_iter().chain(varied()).collect()
}

fn read(value: Value) -> Result<ArchSpec, String> {
    let arch: ArchSpec = serde_json::from_value(value).map_err(|e| e.to_string())?;
    arch.check().map_err(|e| e.to_string())?;
    Ok(arch)
}
