//! TOML documents that know where each key stands, so that errors can say it.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{Error, Result};

/// A TOML document with the place of every key, such as `mine.toml, line 7`.
///
/// ```
/// use outcrop_core::Document;
///
/// let mut run = Document::parse("[train]\nsteps = 800\n", "mine.toml")?;
/// assert_eq!(run.place("train.steps"), "mine.toml, line 2");
/// run.set("train.steps=100")?;
/// assert_eq!(run.table()["train"]["steps"].as_integer(), Some(100));
/// assert_eq!(run.place("train.steps"), "--set train.steps=100");
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Document {
    table: toml::Table,
    name: String,
    /// By path, as in `arch.heads` or `runs[2].model`.
    places: BTreeMap<String, String>,
}

impl Document {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::LfsPointer`]; [`Error::Parse`] with the line for what is no TOML.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
        crate::refuse_lfs_pointer(path, text.as_bytes())?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads `text`; `name` names it in errors.
    ///
    /// # Errors
    /// [`Error::Parse`] with the line for what is no TOML.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let syntax = |e: toml::de::Error| match e.span() {
            Some(span) => Error::parse(line(text, span.start, name), e.message()),
            None => Error::parse(name, e.message()),
        };
        let mut places = BTreeMap::new();
        let spanned = DeTable::parse(text).map_err(syntax)?;
        collect(spanned.get_ref(), "", &mut places, &|at| {
            line(text, at, name)
        });
        Ok(Self {
            table: text.parse().map_err(syntax)?,
            name: name.into(),
            places,
        })
    }

    /// A document that is not in a file; `name` names it in errors.
    pub fn of(table: toml::Table, name: &str) -> Self {
        Self {
            table,
            name: name.into(),
            places: BTreeMap::new(),
        }
    }

    /// Its content.
    pub fn table(&self) -> &toml::Table {
        &self.table
    }

    /// Sets one field by an assignment of TOML, such as `train.steps=100` or
    /// `arch.position={kind="learned"}`. A value that is no TOML is taken as text, so that a word
    /// needs no quotes.
    ///
    /// # Errors
    /// [`Error::Parse`] for what is no assignment.
    pub fn set(&mut self, assignment: &str) -> Result<()> {
        let place = format!("--set {assignment}");
        let parsed = Self::parse(assignment, &place);
        let parsed = match as_text(assignment) {
            Some(text) => parsed.or_else(|_| Self::parse(&text, &place)),
            None => parsed,
        };
        let mut top = parsed.map_err(|_| not_an_assignment(&place))?;
        if top.table.is_empty() {
            return Err(not_an_assignment(&place));
        }
        top.places.values_mut().for_each(|p| p.clone_from(&place));
        self.overlay(top);
        Ok(())
    }

    /// Sets the field at `path`, such as `arch.heads`, to `value`, which stands at `place`.
    ///
    /// ```
    /// use outcrop_core::Document;
    ///
    /// let mut run = Document::parse("[arch]\nlayers = 3\n", "mine.toml")?;
    /// run.assign("arch.layers", 2.into(), "sweep.toml, line 9");
    /// assert_eq!((run.table()["arch"].to_string(), run.place("arch.layers")), ("{ layers = 2 }".into(), "sweep.toml, line 9"));
    /// # Ok::<(), outcrop_core::Error>(())
    /// ```
    pub fn assign(&mut self, path: &str, value: toml::Value, place: &str) {
        let inside = |value, key: &str| {
            toml::Value::Table(toml::Table::from_iter([(key.to_owned(), value)]))
        };
        let (sections, key) = path.rsplit_once('.').unwrap_or(("", path));
        let sections = sections.rsplit('.').filter(|section| !section.is_empty());
        let table = toml::Table::from_iter([(key.to_owned(), value)]);
        let top = sections.fold(toml::Value::Table(table), inside);
        let toml::Value::Table(table) = top else {
            return;
        };
        let mut top = Self::of(table, place);
        top.places.insert(path.to_owned(), place.to_owned());
        self.overlay(top);
    }

    /// The section at `path`, such as `base` or `runs[2]`, as a document of its own.
    pub fn part(&self, path: &str) -> Option<Self> {
        let (key, index) = match path.strip_suffix(']').and_then(|p| p.split_once('[')) {
            Some((key, index)) => (key, Some(index.parse::<usize>().ok()?)),
            None => (path, None),
        };
        let value = self.table.get(key)?;
        let value = match index {
            Some(index) => value.as_array()?.get(index)?,
            None => value,
        };
        let inside = |(key, place): (&String, &String)| {
            let rest = key.strip_prefix(path)?.strip_prefix('.')?;
            Some((rest.to_owned(), place.clone()))
        };
        Some(Self {
            table: value.as_table()?.clone(),
            name: self.place(path).to_owned(),
            places: self.places.iter().filter_map(inside).collect(),
        })
    }

    /// Puts `top` over it, section by section. A section with a `kind` replaces the other as a
    /// whole, since its fields belong to that kind.
    pub fn overlay(&mut self, top: Self) {
        let mut replaced = Vec::new();
        overlay(&mut self.table, &top.table, "", &mut replaced);
        let below = |key: &str, of: &String| within(key, of);
        self.places
            .retain(|key, _| !replaced.iter().any(|of| below(key, of)));
        self.places.extend(top.places);
    }

    /// Puts the content of `top` in the place of `section`; nothing that was in it stays.
    ///
    /// ```
    /// use outcrop_core::Document;
    ///
    /// let mut run = Document::parse("[arch]\nlayers = 3\ntied = true\n", "mine.toml")?;
    /// run.replace("arch", Document::parse("layers = 2", "other.toml")?);
    /// assert_eq!((run.table()["arch"].to_string(), run.place("arch.layers")), ("{ layers = 2 }".into(), "other.toml, line 1"));
    /// # Ok::<(), outcrop_core::Error>(())
    /// ```
    pub fn replace(&mut self, section: &str, top: Self) {
        self.table.remove(section);
        self.places.retain(|key, _| !within(key, section));
        let table = toml::Value::Table(top.table);
        self.table.insert(section.to_owned(), table);
        self.places.insert(section.to_owned(), top.name);
        let places = top.places.into_iter();
        self.places
            .extend(places.map(|(key, place)| (join(section, &key), place)));
    }

    /// Where the key at `path` stands, or else the section around it, or else the document's name.
    pub fn place(&self, path: &str) -> &str {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return place;
            }
            let Some(end) = path.rfind(['.', '[']) else {
                return &self.name;
            };
            path = &path[..end];
        }
    }

    /// `error` with the place of its `key`, which is relative to `section` or stands as it would in
    /// the whole document.
    pub fn locate(
        &self,
        section: &str,
        key: Option<&str>,
        error: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Error {
        let key = key.unwrap_or_default();
        let inside = join(section, key);
        let tail = key.split_once('.').map_or(key, |(_, tail)| tail);
        let known = [&inside, key, tail].into_iter();
        let mut known = known.filter(|path| self.places.contains_key(*path));
        Error::At {
            place: self.place(known.next().unwrap_or(&inside)).to_owned(),
            source: error.into(),
        }
    }
}

fn not_an_assignment(place: &str) -> Error {
    let reason = "expected KEY=VALUE as in TOML, such as train.steps=100 or \
                  arch.position={kind=\"learned\"}";
    Error::parse(place, reason)
}

/// The assignment with its value in quotes, unless it looks like a text, a list or a section.
fn as_text(assignment: &str) -> Option<String> {
    let (key, value) = assignment.split_once('=')?;
    let value = value.trim();
    let bare = !value.is_empty() && !value.starts_with(['"', '\'', '[', '{']);
    bare.then(|| format!("{key} = {}", toml::Value::from(value)))
}

fn line(text: &str, at: usize, name: &str) -> String {
    let before = text.as_bytes().iter().take(at);
    format!(
        "{name}, line {}",
        before.filter(|b| **b == b'\n').count() + 1
    )
}

fn join(section: &str, key: &str) -> String {
    match (section, key) {
        ("", _) => key.to_owned(),
        (_, "") => section.to_owned(),
        _ => format!("{section}.{key}"),
    }
}

/// Whether `key` is `of` or stands within it.
fn within(key: &str, of: &str) -> bool {
    key.strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The positions of all keys of `table`, which is at `path`.
fn collect(
    table: &DeTable<'_>,
    path: &str,
    places: &mut BTreeMap<String, String>,
    at: &dyn Fn(usize) -> String,
) {
    for (key, value) in table.iter() {
        let path = join(path, key.get_ref());
        places.insert(path.clone(), at(key.span().start));
        collect_value(value, &path, places, at);
    }
}

fn collect_value(
    value: &Spanned<DeValue<'_>>,
    path: &str,
    places: &mut BTreeMap<String, String>,
    at: &dyn Fn(usize) -> String,
) {
    match value.get_ref() {
        DeValue::Table(inner) => collect(inner, path, places, at),
        DeValue::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let path = format!("{path}[{i}]");
                places.insert(path.clone(), at(item.span().start));
                collect_value(item, &path, places, at);
            }
        }
        _ => {}
    }
}

/// Puts `top` over `bottom`; `replaced` takes the paths of values that are gone.
fn overlay(bottom: &mut toml::Table, top: &toml::Table, path: &str, replaced: &mut Vec<String>) {
    for (key, value) in top {
        let path = join(path, key);
        match (bottom.get_mut(key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above))
                if !above.contains_key("kind") =>
            {
                overlay(below, above, &path, replaced);
            }
            _ => {
                bottom.insert(key.clone(), value.clone());
                replaced.push(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = 'p'\n[base.arch]\nlayers = 1\nposition = { kind = 'rotary', base = 2 }\n\
                        [[runs]]\nmodel = 'a'\n\n[[runs]]\nmodel = 'b'\narch = { layers = 3 }\n";

    #[test]
    fn every_key_knows_its_line() {
        let document = Document::parse(TEXT, "p.toml").unwrap();
        for (path, line) in [
            ("name", 1),
            ("base.arch", 2),
            ("base.arch.layers", 3),
            ("base.arch.position.base", 4),
            ("base.arch.position.absent", 4),
            ("runs[0]", 5),
            ("runs[0].model", 6),
            ("runs[1].model", 9),
            ("runs[1].arch.layers", 10),
            ("runs[1].arch.absent", 10),
        ] {
            assert_eq!(
                document.place(path),
                format!("p.toml, line {line}"),
                "{path}"
            );
        }
        assert_eq!(document.place("absent"), "p.toml");
    }

    #[test]
    fn what_lies_over_it_brings_its_places() {
        let document = Document::parse(TEXT, "p.toml").unwrap();
        let mut run = document.part("base").unwrap();
        run.overlay(document.part("runs[1]").unwrap());
        assert_eq!(run.table()["arch"]["layers"].as_integer(), Some(3));
        assert_eq!(run.place("arch.layers"), "p.toml, line 10");
        assert_eq!(run.place("arch.position"), "p.toml, line 4");
        run.set("arch.position={kind=\"learned\"}").unwrap();
        assert_eq!(run.table()["arch"]["position"].as_table().unwrap().len(), 1);
        let place = "--set arch.position={kind=\"learned\"}";
        assert_eq!(run.place("arch.position.base"), place);
    }

    #[test]
    fn a_word_needs_no_quotes_and_what_is_no_assignment_is_refused() {
        let mut document = Document::default();
        for (assignment, expected) in [
            ("a.b=relu", toml::Value::from("relu")),
            ("a.b=text:books/", "text:books/".into()),
            ("a.b=0,every:5", "0,every:5".into()),
            ("a.b='a b'", "a b".into()),
            ("a.b=4", 4.into()),
            ("a.b = 1e-3", 1e-3.into()),
            ("a.b=true", true.into()),
            ("a.b=[0.9, 0.95]", vec![0.9, 0.95].into()),
        ] {
            document.set(assignment).unwrap();
            assert_eq!(document.table()["a"]["b"], expected, "{assignment}");
        }
        for bad in [
            "", "steps", "a.b=", "a.b='x", "=3", "# a=1", "a b=3", "a.b=[1",
        ] {
            let error = document.set(bad).unwrap_err().to_string();
            assert!(error.contains("KEY=VALUE"), "{bad}: {error}");
        }
    }

    #[test]
    fn what_is_no_toml_has_its_line() {
        let error = Document::parse("a = 1\n[b\nc = 2\n", "x.toml").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("x.toml, line 2") && !text.contains('\n'),
            "{text}"
        );
    }
}
