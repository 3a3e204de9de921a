//! Which type each column of a table has, by asking the type of its rows.

use std::cell::Cell;

use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The type of a column. Every cell may also be nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnType {
    Truth,
    Whole,
    Number,
    Text,
}

/// The types of the columns `header` of a row `T`.
pub(super) fn types<T: DeserializeOwned>(header: &[&'static str]) -> Vec<ColumnType> {
    let of_column = |column: &&'static str| {
        let asked = Cell::new(ColumnType::Text);
        let _ = T::deserialize(Probe {
            column: Some(*column),
            asked: &asked,
        });
        asked.get()
    };
    header.iter().map(of_column).collect()
}

/// Gives a row one column, whose cell notes which type it is asked for and gives nothing.
struct Probe<'a> {
    column: Option<&'static str>,
    asked: &'a Cell<ColumnType>,
}

impl<'de> MapAccess<'de> for Probe<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let key = self.column.take().map(BorrowedStrDeserializer::new);
        key.map(|key| seed.deserialize(key)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Asked(self.asked))
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Asked<'a>(&'a Cell<ColumnType>);

macro_rules! note {
    ($($type:ident: $($method:ident)*;)*) => {
        $($(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            self.0.set(ColumnType::$type);
            Err(Error::custom("asked"))
        })*)*
    };
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    note! {
        Text: deserialize_any;
        Truth: deserialize_bool;
        Number: deserialize_f32 deserialize_f64;
        Whole: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct newtype_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{MeasurementRow, Row};
    use crate::{Comparison, Fit, Intervention};

    fn of<T: Row>(column: &str) -> ColumnType {
        let at = T::HEADER.iter().position(|name| *name == column);
        types::<T>(T::HEADER)[at.unwrap()]
    }

    #[test]
    fn columns_have_the_types_of_their_fields() {
        assert_eq!(of::<Fit>("model"), ColumnType::Text);
        assert_eq!(of::<Fit>("layer"), ColumnType::Whole);
        assert_eq!(of::<Fit>("best"), ColumnType::Truth);
        assert_eq!(of::<Fit>("condition"), ColumnType::Number);
        assert_eq!(of::<Comparison>("verdict"), ColumnType::Text);
        assert_eq!(of::<Intervention>("layer"), ColumnType::Whole);
        assert_eq!(of::<MeasurementRow>("step"), ColumnType::Whole);
        assert_eq!(of::<MeasurementRow>("top1"), ColumnType::Number);
        assert_eq!(of::<MeasurementRow>("suspect"), ColumnType::Text);
    }
}
