//! Where a page in one folder finds a file of another.

use std::path::{Component, Path, PathBuf};

/// `file` as a link on a page in `folder`, which need not exist yet: relative, so that both may move together. None where the file
/// does not exist, or where the two have no root in common, as on two drives of Windows.
pub(super) fn address(file: &Path, folder: &Path) -> Option<String> {
    let (file, folder) = (file.canonicalize().ok()?, real(folder)?);
    let common = file.components().zip(folder.components());
    let common = common.take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Some("..".into()));
    let down = file.components().skip(common).map(|part| match part {
        Component::Normal(name) => Some(escape(name.to_str()?)),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => {
            None
        }
    });
    let parts: Vec<String> = up.chain(down).collect::<Option<_>>()?;
    Some(parts.join("/"))
}

/// `folder` without symbolic links. What does not exist has none, and stays as it is written.
fn real(folder: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(folder).ok()?;
    let there = whole.ancestors().find_map(|part| {
        let rest = whole.strip_prefix(part).ok()?;
        Some((part.canonicalize().ok()?, rest))
    });
    let (mut real, rest) = there?;
    for part in rest.components() {
        match part {
            Component::ParentDir => drop(real.pop()),
            Component::Normal(name) => real.push(name),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    Some(real)
}

/// A name in an address (RFC 3986): every byte that is not unreserved, in hexadecimal digits.
fn escape(name: &str) -> String {
    let byte = |b: u8| match b {
        b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
        _ if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_from_the_page_to_the_file() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let at = |path: &str| dir.path().join(path);
        std::fs::create_dir_all(at("a b/run#1"))?;
        std::fs::write(at("a b/run#1/fits.csv"), "")?;
        let seen = |file: &str, folder: &str| address(&at(file), &at(folder));
        for (folder, wanted) in [
            ("a b/run#1/report", "../fits.csv"),
            ("a b/run#1", "fits.csv"),
            ("pages/new", "../../a%20b/run%231/fits.csv"),
            ("pages/../a b/x", "../run%231/fits.csv"),
        ] {
            let found = seen("a b/run#1/fits.csv", folder);
            assert_eq!(found.as_deref(), Some(wanted), "{folder}");
        }
        assert_eq!(seen("absent.csv", "pages"), None);
        Ok(())
    }
}
