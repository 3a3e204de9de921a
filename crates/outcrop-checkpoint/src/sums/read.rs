//! Lists of checksums as coreutils, BSD and OpenSSL write them.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use super::SUMS;
use crate::{Error, Result};

/// What comes before the name in a line that names its algorithm: BSD's and coreutils' `--tag`, then
/// OpenSSL's.
const TAGS: [&str; 3] = ["SHA256 (", "SHA256(", "SHA2-256("];

/// Checksums by path relative to the folder, in lower case.
pub(crate) fn read_sums(folder: &Path) -> Result<BTreeMap<String, String>> {
    let path = folder.join(SUMS);
    let invalid = |reason: String| Error::Invalid {
        folder: folder.into(),
        file: SUMS.into(),
        reason,
    };
    let bytes = match std::fs::read(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(invalid("is missing; the folder is incomplete".into()));
        }
        Err(e) => return Err(Error::io("read", path, e)),
        Ok(bytes) => bytes,
    };
    let text = String::from_utf8(bytes).map_err(|_| invalid("is no UTF-8 text".into()))?;
    let mut sums = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (sum, name) = entry(line).ok_or_else(|| {
            invalid(format!(
                "line {number} is not 64 hexadecimal digits, two blanks and a path within the \
                 folder, nor `SHA256 (PATH) = DIGITS`: `{line}`"
            ))
        })?;
        let sum = sum.to_lowercase();
        if sums
            .insert(name.clone(), sum.clone())
            .is_some_and(|other| other != sum)
        {
            return Err(invalid(format!("line {number} lists `{name}` again")));
        }
    }
    Ok(sums)
}

/// Checksum and path of a line.
fn entry(line: &str) -> Option<(&str, String)> {
    // A backslash before all of it says that the path is escaped.
    let (line, escaped) = match line.strip_prefix('\\') {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let (sum, name) = tagged(line).or_else(|| plain(line))?;
    let is_sum = sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
    let name = match escaped {
        true => unescaped(name)?,
        false => name.to_owned(),
    };
    let parts = Path::new(&name).components();
    let mut parts = parts.filter(|part| *part != Component::CurDir).peekable();
    let is_below = parts.peek().is_some();
    let normal = |part: Component<'_>| match part {
        Component::Normal(part) => part.to_str().map(str::to_owned),
        _ => None,
    };
    let parts: Vec<String> = parts.map(normal).collect::<Option<_>>()?;
    (is_sum && is_below).then(|| (sum, parts.join("/")))
}

/// `DIGITS  PATH`; a star in place of the second blank marks what was read as binary.
fn plain(line: &str) -> Option<(&str, &str)> {
    let (sum, rest) = line.split_at_checked(64)?;
    let name = rest.strip_prefix("  ").or(rest.strip_prefix(" *"))?;
    Some((sum, name))
}

/// `SHA256 (PATH) = DIGITS`.
fn tagged(line: &str) -> Option<(&str, &str)> {
    let rest = TAGS.iter().find_map(|tag| line.strip_prefix(tag))?;
    let (name, sum) = rest.rsplit_once(')')?;
    let sum = sum.trim_start().strip_prefix('=')?;
    Some((sum.trim(), name))
}

fn unescaped(name: &str) -> Option<String> {
    let (mut plain, mut chars) = (String::new(), name.chars());
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::entry;

    #[test]
    fn lines_of_every_tool_are_read() {
        let (lower, upper) = ("0a".repeat(32), "0A".repeat(32));
        for (line, name) in [
            (format!("{lower}  model.safetensors"), "model.safetensors"),
            (format!("{upper} *model.safetensors"), "model.safetensors"),
            (format!("{lower}  ./resume//a b"), "resume/a b"),
            (format!("{lower}  (odd)  name"), "(odd)  name"),
            (format!("\\{lower}  a\\\\b\\nc"), "a\\b\nc"),
            (format!("{lower}  a\\b"), "a\\b"),
            (format!("SHA256 (a (1).bin) = {lower}"), "a (1).bin"),
            (format!("SHA256(a.bin)= {upper}"), "a.bin"),
            (format!("SHA2-256(a.bin)= {lower}"), "a.bin"),
            (format!("\\SHA256 (a\\\\b) = {lower}"), "a\\b"),
        ] {
            let (sum, found) = entry(&line).unwrap();
            assert_eq!((&*sum.to_lowercase(), &*found), (&*lower, name), "{line}");
        }
        for line in [
            format!("{lower} name"),
            format!("{lower}  "),
            format!("{lower}  ."),
            format!("{lower}  ../name"),
            format!("{lower}  /name"),
            format!("{}  name", &lower[1..]),
            format!("{lower}0a  name"),
            format!("SHA512 (name) = {lower}{lower}"),
            format!("\\{lower}  a\\tb"),
            "torn".into(),
        ] {
            assert_eq!(entry(&line), None, "{line}");
        }
    }
}
