use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Quantities;

/// A noun that is one row of its table as it stands.
pub trait Row: Serialize + DeserializeOwned {
    /// The columns that a table must have; others may be absent.
    const REQUIRED: &'static [&'static str];
    /// All columns that are known.
    const HEADER: &'static [&'static str];
    /// Text columns in which every row must have something.
    const NAMED: &'static [&'static str];

    /// Where a row has quantities of its own; a table then has columns for these behind [`Row::HEADER`].
    const QUANTITIES: Option<QuantitiesOf<Self>> = None;

    /// What the row is about, such as `model "m", step 8`: no two rows of a table are about the same.
    fn key(&self) -> String;

    /// The row without its quantities.
    fn fixed(&self) -> impl Serialize {
        self
    }
}

/// Where a row has its quantities.
#[derive(Clone, Copy, Debug)]
pub struct QuantitiesOf<T> {
    /// The quantities of a row.
    pub get: fn(&T) -> &Quantities,
    /// The same, to be changed.
    pub get_mut: fn(&mut T) -> &mut Quantities,
}
