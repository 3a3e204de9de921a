//! A row as serde reads it: each cell by the type that its field asks for, as pandas, R and
//! spreadsheets leave it.

use std::fmt::Display;

use csv::StringRecord;
use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Cells that mean "empty" in tables of pandas, R and spreadsheets.
const MISSING: [&str; 10] = [
    "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None",
];
/// Truth values, in lower case.
const TRUE: [&str; 4] = ["true", "t", "1", "1.0"];
const FALSE: [&str; 4] = ["false", "f", "0", "0.0"];
/// Up to here every whole number is one of its own in f64, as which other tools may have held it.
pub(super) const MAX_WHOLE_FLOAT: u64 = 1 << 53;

/// Whether a cell means "empty".
pub(super) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || MISSING.contains(&cell)
}

/// A value as in the table, in quotes and shortened if it is long.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(40) {
        Some((at, _)) => format!("{:?}...", &value[..at]),
        None => format!("{value:?}"),
    }
}

/// The number of a cell; nothing where that stands for nothing.
pub(super) fn number(column: &str, text: &str) -> Result<Option<f64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(number) if !number.is_nan() => Ok(Some(number)),
        _ if is_missing(text) => Ok(None),
        _ => {
            let read = Cell { column, text }.number(f64::NAN);
            read.map(Some).map_err(|e| e.to_string())
        }
    }
}

/// The cells of one row by the header's names.
pub(super) struct Cells<'r> {
    header: &'r StringRecord,
    record: &'r StringRecord,
    /// The columns that are left out.
    skipped: &'r [bool],
    at: usize,
}

impl<'r> Cells<'r> {
    /// Without the columns that `skipped` says, by place; where it says nothing, with the column.
    pub(super) fn without(
        skipped: &'r [bool],
        header: &'r StringRecord,
        record: &'r StringRecord,
    ) -> Self {
        Self {
            header,
            record,
            skipped,
            at: 0,
        }
    }
}

impl<'de> MapAccess<'de> for Cells<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        while self.skipped.get(self.at) == Some(&true) {
            self.at += 1;
        }
        let Some(name) = self.header.get(self.at) else {
            return Ok(None);
        };
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let cell = Cell {
            column: &self.header[self.at],
            text: self.record.get(self.at).unwrap_or_default(),
        };
        self.at += 1;
        seed.deserialize(cell)
    }
}

impl<'de> Deserializer<'de> for Cells<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[derive(Clone, Copy)]
struct Cell<'r> {
    column: &'r str,
    text: &'r str,
}

impl Cell<'_> {
    fn refused(self, allowed: impl Display) -> Error {
        let (column, value) = (self.column, shown(self.text));
        Error::custom(format!("{column} = {value}, allowed is {allowed}"))
    }

    fn whole(self, max: u64) -> Result<u64, Error> {
        whole(self.text)
            .filter(|value| *value <= max)
            .ok_or_else(|| self.refused(format!("a whole number from 0 to {max}{}", self.comma())))
    }

    fn number<T: std::str::FromStr>(self, nothing: T) -> Result<T, Error> {
        if is_missing(self.text) {
            return Ok(nothing);
        }
        let parsed = self.text.parse();
        parsed.map_err(|_| self.refused(format!("a number{}", self.comma())))
    }

    /// What to say of a comma within a number.
    fn comma(self) -> &'static str {
        match self.text.contains(',') {
            true => ", with a decimal point and without thousands separators",
            false => "",
        }
    }
}

/// A whole number, also written as `1000.0` or `1e+05`, never rounded.
pub(super) fn whole(text: &str) -> Option<u64> {
    let as_float = || {
        let value: f64 = text.parse().ok()?;
        let fits = value.fract() == 0.0 && (0.0..=MAX_WHOLE_FLOAT as f64).contains(&value);
        fits.then_some(value as u64)
    };
    text.parse().ok().or_else(as_float)
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.whole(<$type>::MAX as u64)? as $type)
        })*
    };
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match is_missing(self.text) {
            true => visitor.visit_borrowed_str(""),
            false => visitor.visit_borrowed_str(self.text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let lower = self.text.to_ascii_lowercase();
        match (TRUE.contains(&&*lower), FALSE.contains(&&*lower)) {
            (true, _) => visitor.visit_bool(true),
            (_, true) => visitor.visit_bool(false),
            _ => Err(self.refused("true or false")),
        }
    }

    whole_numbers!(
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64
    );

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f32(self.number(f32::NAN)?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.number(f64::NAN)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match is_missing(self.text) {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        allowed: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if !allowed.contains(&self.text) {
            return Err(self.refused(allowed.join(", ")));
        }
        visitor.visit_enum(self.text.into_deserializer())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        best: bool,
        step: u32,
        r2: f64,
        peak: Option<f64>,
        status: String,
        rule: Option<String>,
    }

    fn read(cells: [&str; 6]) -> Result<Row, String> {
        let header = StringRecord::from(vec!["best", "step", "r2", "peak", "status", "rule"]);
        Row::deserialize(Cells::without(&[], &header, &cells.to_vec().into()))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn cells_are_read_as_other_tools_write_them() {
        let row = |best, peak| Row {
            best,
            step: 100_000,
            r2: 0.5,
            peak,
            status: String::new(),
            rule: None,
        };
        for (best, step, nothing) in [
            ("true", "100000", ""),
            ("True", "100000.0", "nan"),
            ("TRUE", "1e+05", "NA"),
            ("1", "1E+05", "NULL"),
        ] {
            let cells = [best, step, ".5", nothing, nothing, nothing];
            assert_eq!(read(cells), Ok(row(true, None)), "{cells:?}");
        }
        let cells = ["F", "1e5", "5e-1", "-Inf", "", "None"];
        assert_eq!(read(cells), Ok(row(false, Some(f64::NEG_INFINITY))));
        assert!(read(["0", "1", "NA", "", "", ""]).unwrap().r2.is_nan());
    }

    #[test]
    fn what_cannot_be_read_names_column_value_and_what_is_allowed() {
        for (cells, parts) in [
            (
                ["WAHR", "1", "1", "", "", ""],
                ["best = \"WAHR\"", "true or false"],
            ),
            (["", "1", "1", "", "", ""], ["best = \"\"", "true or false"]),
            (
                ["1", "0.5", "1", "", "", ""],
                ["step = \"0.5\"", "whole number"],
            ),
            (
                ["1", "1,000", "1", "", "", ""],
                ["step = \"1,000\"", "thousands"],
            ),
            (
                ["1", "-1", "1", "", "", ""],
                ["step = \"-1\"", "4294967295"],
            ),
            (["1", "", "1", "", "", ""], ["step = \"\"", "whole number"]),
            (
                ["1", "1", "0,5", "", "", ""],
                ["r2 = \"0,5\"", "decimal point"],
            ),
            (
                ["1", "1", "1", "#VALUE!", "", ""],
                ["peak = \"#VALUE!\"", "a number"],
            ),
        ] {
            let said = read(cells).unwrap_err();
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
    }

    #[test]
    fn whole_numbers_are_never_rounded() {
        for (text, value) in [
            ("0", 0),
            ("143000", 143_000),
            ("1000.0", 1000),
            ("1e3", 1000),
        ] {
            assert_eq!(whole(text), Some(value), "{text}");
        }
        for text in [
            "-1",
            "0.5",
            "",
            "nan",
            "inf",
            "1e400",
            "0x10",
            "1_000",
            "9007199254740994.0",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
        assert_eq!(whole("18446744073709551615"), Some(u64::MAX));
    }
}
