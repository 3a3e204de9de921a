//! The columns of a table in the order in which its rows are written, by asking the type of its rows.

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The names of the fields of `T`.
pub(super) fn columns<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    let _ = T::deserialize(Names(&mut names));
    names
}

/// Notes which fields a row asks for, and gives none.
struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("asked"))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{MeasurementRow, Row, rows_to_csv};
    use crate::{CurvePoint, Forecast};

    fn written<T: Row + Default>() -> bool {
        let csv = rows_to_csv(&[T::default()]).unwrap();
        let header = String::from_utf8(csv).unwrap();
        header.lines().next().unwrap() == columns::<T>().join(",")
    }

    #[test]
    fn columns_are_those_that_are_written() {
        assert!(written::<CurvePoint>() && written::<Forecast>());
        assert_eq!(columns::<MeasurementRow>(), MeasurementRow::HEADER);
    }
}
