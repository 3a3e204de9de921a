use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Error;
use super::documents::Documents;
use super::files::io;

/// Where the text of the `crates` corpus is.
///
/// Its documents are the `.rs` and `.md` files of every registry package that the lock file names,
/// in the order of the lock file and by path within a package; files that are not UTF-8 are left
/// out. The lock file's checksums pin them, so every platform with the same lock file has the same
/// corpus.
///
/// A limit on the bytes is shared out evenly: each package gives all it has or an equal share,
/// whichever is less, so that a few generated bindings do not crowd out the rest. Within a package
/// that has more, files are chosen in the order of the hash of their path, and the last one is cut
/// at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CratesSource {
    /// A `Cargo.lock`.
    pub lock: PathBuf,
    /// The folder of unpacked sources, `$CARGO_HOME/registry/src` as a rule: packages are found as
    /// `NAME-VERSION` in it or in one of its folders. `cargo fetch --locked` fills it.
    pub sources: PathBuf,
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
}

/// The text files of one package: path within it with `/`, path on disk, bytes.
type Files = Vec<(String, PathBuf, u64)>;

/// The documents of `source`, at most about `max_bytes` of them.
pub(super) fn read_crates(source: &CratesSource, max_bytes: u64) -> Result<Documents, Error> {
    let packages = find(source)?
        .iter()
        .map(|folder| text_files(folder))
        .collect::<Result<Vec<Files>, Error>>()?;
    let sizes: Vec<u64> = packages
        .iter()
        .map(|files| files.iter().map(|f| f.2).sum())
        .collect();
    let share = equal_share(&sizes, max_bytes);
    let mut documents = Documents::default();
    for files in packages {
        read_package(files, share, &mut documents)?;
    }
    if documents.is_empty() {
        return Err(Error::Empty {
            path: source.lock.clone(),
        });
    }
    Ok(documents)
}

/// The folder of every registry package of the lock file, in its order.
fn find(source: &CratesSource) -> Result<Vec<PathBuf>, Error> {
    let lock = std::fs::read_to_string(&source.lock).map_err(|e| io(&source.lock, e))?;
    let lock: Lock = toml::from_str(&lock)
        .map_err(|e| outcrop_core::Error::parse(source.lock.display().to_string(), e))?;
    let from_registry = |p: &&Package| {
        p.source
            .as_ref()
            .is_some_and(|s| s.starts_with("registry+") || s.starts_with("sparse+"))
    };
    let names: Vec<String> = lock
        .package
        .iter()
        .filter(from_registry)
        .map(|p| format!("{}-{}", p.name, p.version))
        .collect();
    let roots = roots(&source.sources);
    let folder = |name: &String| roots.iter().map(|r| r.join(name)).find(|p| p.is_dir());
    let (found, missing): (Vec<_>, Vec<_>) = names
        .iter()
        .map(|n| (n, folder(n)))
        .partition(|(_, folder)| folder.is_some());
    match missing.first() {
        None => Ok(found.into_iter().filter_map(|(_, folder)| folder).collect()),
        Some((first, _)) => Err(Error::MissingCrates {
            lock: source.lock.clone(),
            sources: source.sources.clone(),
            missing: missing.len(),
            packages: names.len(),
            first: (*first).clone(),
        }),
    }
}

/// `sources` and the folders in it, sorted; one that cannot be read holds no packages.
fn roots(sources: &Path) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = std::fs::read_dir(sources)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    roots.push(sources.to_owned());
    roots.sort();
    roots
}

fn text_files(folder: &Path) -> Result<Files, Error> {
    let mut files = Files::new();
    for path in outcrop_tokens::files_in(folder)? {
        if path.extension().is_some_and(|e| e == "rs" || e == "md") {
            let bytes = std::fs::metadata(&path).map_err(|e| io(&path, e))?.len();
            let within = path.strip_prefix(folder).unwrap_or(&path);
            let name = within.to_string_lossy().replace('\\', "/");
            files.push((name, path, bytes));
        }
    }
    files.sort();
    Ok(files)
}

/// The most that each of `sizes` may give so that all together give at most `max`.
fn equal_share(sizes: &[u64], max: u64) -> u64 {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let mut left = max;
    for (i, size) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - i) as u64;
        if *size > share {
            return share;
        }
        left -= size;
    }
    u64::MAX
}

fn read_package(mut files: Files, share: u64, documents: &mut Documents) -> Result<(), Error> {
    let mut left = share;
    if files.iter().map(|f| f.2).sum::<u64>() > share {
        files.sort_by_cached_key(|(name, ..)| outcrop_core::sha256_hex(name.as_bytes()));
        files.retain_mut(|(.., bytes)| {
            *bytes = left.min(*bytes);
            left -= *bytes;
            *bytes > 0
        });
        files.sort();
    }
    for (_, path, bytes) in files {
        let content = std::fs::read(&path).map_err(|e| io(&path, e))?;
        let text = std::str::from_utf8(&content).ok();
        if let Some(text) = text.filter(|text| !text.contains('\0')) {
            documents.push(first_lines(text, bytes));
        }
    }
    Ok(())
}

/// The first whole lines of `text` that fit into `bytes`.
fn first_lines(text: &str, bytes: u64) -> &str {
    match usize::try_from(bytes) {
        Ok(bytes) if bytes < text.len() => {
            let end = text.as_bytes()[..bytes].iter().rposition(|b| *b == b'\n');
            &text[..end.map_or(0, |i| i + 1)]
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4
[[package]]
name = "alpha"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "beta"
version = "0.2.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "own"
version = "0.1.0"
"#;

    fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, CratesSource) {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = dir.path().join("src/index").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let lock = dir.path().join("Cargo.lock");
        std::fs::write(&lock, LOCK).unwrap();
        let sources = dir.path().join("src");
        (dir, CratesSource { lock, sources })
    }

    #[test]
    fn packages_come_in_lock_order_and_only_with_their_text() {
        let (_dir, source) = fixture(&[
            ("beta-0.2.0/README.md", "beta\n"),
            ("alpha-1.0.0/src/lib.rs", "lib\n"),
            ("alpha-1.0.0/src/data.bin", "no"),
            ("alpha-1.0.0/Cargo.toml", "no"),
            ("alpha-1.0.0/a.rs", "a\n"),
            ("other-1.0.0/lib.rs", "no"),
        ]);
        let documents = read_crates(&source, u64::MAX).unwrap();
        let expected = "a\n\n\nlib\n\n\nbeta\n";
        assert_eq!(
            documents.sha256(),
            outcrop_core::sha256_hex(expected.as_bytes())
        );
    }

    #[test]
    fn a_limit_is_shared_evenly_between_packages() {
        let big = "line\n".repeat(1000);
        let (_dir, source) = fixture(&[
            ("alpha-1.0.0/src/lib.rs", &big),
            ("alpha-1.0.0/src/more.rs", &big.replace("line", "more")),
            ("beta-0.2.0/README.md", "small\n"),
        ]);
        let documents = read_crates(&source, 506).unwrap();
        assert_eq!(documents.len(), 500 + "\n\n".len() + 6);
    }

    #[test]
    fn the_share_fills_small_packages_first() {
        assert_eq!(equal_share(&[10, 100, 1000], 1110), u64::MAX);
        assert_eq!(equal_share(&[10, 100, 1000], 310), 200);
        assert_eq!(equal_share(&[10, 100, 1000], 60), 25);
        assert_eq!(equal_share(&[], 60), u64::MAX);
    }

    #[test]
    fn a_missing_package_says_how_to_get_it() {
        let (_dir, source) = fixture(&[("alpha-1.0.0/lib.rs", "a")]);
        let error = read_crates(&source, 100)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        let wanted = [
            "1 of the 2",
            "beta-0.2.0",
            "cargo fetch --locked",
            "Cargo.lock",
        ];
        assert!(wanted.iter().all(|w| error.contains(w)), "{error}");
    }

    #[test]
    fn a_lock_file_that_is_none_is_named() {
        let (_dir, source) = fixture(&[]);
        std::fs::write(&source.lock, "package = 3").unwrap();
        let error = read_crates(&source, 100)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("Cargo.lock"), "{error}");
        std::fs::remove_file(&source.lock).unwrap();
        let error = read_crates(&source, 100)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("Cargo.lock"), "{error}");
    }
}
