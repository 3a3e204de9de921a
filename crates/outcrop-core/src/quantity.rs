use std::ops::Deref;
use std::sync::Arc;

/// A number that a fit says, with its interval: a column `name` of `fits.csv`, and where it has an interval the
/// columns `name_lo` and `name_hi`. Unit and range are those that the hypothesis declares.
///
/// ```
/// use outcrop_core::Quantity;
///
/// let peak = Quantity::new("t_peak", 6010.0).between(5200.0, None);
/// assert_eq!((peak.value, peak.lo, peak.hi), (Some(6010.0), Some(5200.0), None));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Its name: a letter, then letters, digits and `_`; it ends neither in `_lo` nor in `_hi`.
    pub name: Arc<str>,
    /// Its value; empty where the data do not identify it.
    pub value: Option<f64>,
    /// Lower end of its interval; empty where it is open below or there is no interval.
    pub lo: Option<f64>,
    /// Upper end of its interval; empty where it is open above or there is no interval.
    pub hi: Option<f64>,
}

impl Quantity {
    /// A quantity without an interval; empty for `None`.
    pub fn new(name: impl Into<Arc<str>>, value: impl Into<Option<f64>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            lo: None,
            hi: None,
        }
    }

    /// The same with an interval; an end that is `None` is open.
    #[must_use]
    pub fn between(mut self, lo: impl Into<Option<f64>>, hi: impl Into<Option<f64>>) -> Self {
        (self.lo, self.hi) = (lo.into(), hi.into());
        self
    }

    /// Whether it has neither a value nor an end of an interval.
    pub fn is_empty(&self) -> bool {
        self.value.is_none() && self.lo.is_none() && self.hi.is_none()
    }
}

/// The quantities of one fit, in order, each name once. Two lists are equal where they say the same: their order
/// and quantities that are empty do not count.
///
/// ```
/// use outcrop_core::{Quantities, Quantity};
///
/// let mut quantities = Quantities::from([("f_last", 12.5), ("t_half", 400.0)]);
/// quantities.set(Quantity::new("f_last", 13.0).between(12.0, 14.0));
/// assert_eq!(quantities.value("f_last"), Some(13.0));
/// assert_eq!(quantities.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Quantities(Vec<Quantity>);

impl Quantities {
    /// The quantity of that name.
    pub fn get(&self, name: &str) -> Option<&Quantity> {
        self.0.iter().find(|quantity| &*quantity.name == name)
    }

    /// Its value; none where it is empty or not there.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.get(name)?.value
    }

    /// Puts a quantity into the place of the one of its name, or at the end.
    pub fn set(&mut self, quantity: Quantity) {
        match self.0.iter_mut().find(|held| held.name == quantity.name) {
            Some(held) => *held = quantity,
            None => self.0.push(quantity),
        }
    }

    /// Sets a value and leaves the interval as it is.
    pub fn set_value(&mut self, name: &str, value: impl Into<Option<f64>>) {
        match self.0.iter_mut().find(|held| &*held.name == name) {
            Some(held) => held.value = value.into(),
            None => self.0.push(Quantity::new(name, value)),
        }
    }

    /// Adds a quantity whose name is known to be none of those that are there.
    #[cfg(feature = "tables")]
    pub(crate) fn push(&mut self, quantity: Quantity) {
        self.0.push(quantity);
    }

    /// Makes room for as many more.
    #[cfg(feature = "tables")]
    pub(crate) fn reserve(&mut self, more: usize) {
        self.0.reserve_exact(more);
    }
}

impl Deref for Quantities {
    type Target = [Quantity];

    fn deref(&self) -> &[Quantity] {
        &self.0
    }
}

impl PartialEq for Quantities {
    fn eq(&self, other: &Self) -> bool {
        let said = |list: &Self| list.iter().filter(|q| !q.is_empty()).count();
        let mut ours = self.iter().filter(|q| !q.is_empty());
        said(self) == said(other) && ours.all(|q| other.get(&q.name) == Some(q))
    }
}

impl FromIterator<Quantity> for Quantities {
    fn from_iter<I: IntoIterator<Item = Quantity>>(quantities: I) -> Self {
        let mut list = Self::default();
        quantities.into_iter().for_each(|q| list.set(q));
        list
    }
}

impl<const N: usize> From<[Quantity; N]> for Quantities {
    fn from(quantities: [Quantity; N]) -> Self {
        quantities.into_iter().collect()
    }
}

impl<const N: usize> From<[(&str, f64); N]> for Quantities {
    fn from(values: [(&str, f64); N]) -> Self {
        let quantity = |(name, value)| Quantity::new(name, value);
        values.into_iter().map(quantity).collect()
    }
}

impl<const N: usize> From<[(&str, Option<f64>); N]> for Quantities {
    fn from(values: [(&str, Option<f64>); N]) -> Self {
        let quantity = |(name, value)| Quantity::new(name, value);
        values.into_iter().map(quantity).collect()
    }
}

/// The columns of a quantity in a table: `name` and, with an interval, `name_lo` and `name_hi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityColumn {
    /// Name of the quantity.
    pub name: Arc<str>,
    /// Whether it has the columns of an interval.
    pub interval: bool,
}

/// Endings of the columns of an interval.
#[cfg(feature = "serde")]
pub(crate) const ENDS: [&str; 2] = ["_lo", "_hi"];

/// The quantity that a column is of, and which of its columns: 0 the value, 1 and 2 the ends of the interval.
#[cfg(feature = "serde")]
pub(crate) fn part(column: &str) -> (&str, usize) {
    for (end, part) in ENDS.iter().zip(1..) {
        if let Some(name) = column.strip_suffix(end).filter(|name| !name.is_empty()) {
            return (name, part);
        }
    }
    (column, 0)
}

/// Whether a quantity may have this name.
#[cfg(feature = "tables")]
pub(crate) fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    name.starts_with(char::is_alphabetic) && name.chars().all(word) && part(name).1 == 0
}

#[cfg(feature = "serde")]
mod as_map {
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
    use serde::ser::{Serialize, SerializeMap, Serializer};

    use super::{ENDS, Quantities, Quantity, part};

    /// A map: `name` and, where they are there, `name_lo` and `name_hi`.
    impl Serialize for Quantities {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for quantity in self.iter() {
                map.serialize_entry(&*quantity.name, &quantity.value)?;
                for (end, value) in ENDS.iter().zip([quantity.lo, quantity.hi]) {
                    if value.is_some() {
                        map.serialize_entry(&format!("{}{end}", quantity.name), &value)?;
                    }
                }
            }
            map.end()
        }
    }

    impl<'de> Deserialize<'de> for Quantities {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(MapVisitor)
        }
    }

    struct MapVisitor;

    impl<'de> Visitor<'de> for MapVisitor {
        type Value = Quantities;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("quantities by name, each a number or null")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Quantities, A::Error> {
            let mut quantities = Quantities::default();
            while let Some((column, number)) = map.next_entry::<String, Option<f64>>()? {
                let (name, part) = part(&column);
                let held = quantities.get(name).cloned();
                let mut quantity = held.unwrap_or_else(|| Quantity::new(name, None));
                *[&mut quantity.value, &mut quantity.lo, &mut quantity.hi][part] = number;
                quantities.set(quantity);
            }
            Ok(quantities)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_say_the_same_are_equal() {
        let list = Quantities::from([("A", 1.0), ("K", 2.0)]);
        let other = Quantities::from([("K", Some(2.0)), ("tau", None), ("A", Some(1.0))]);
        assert_eq!(list, other);
        assert_eq!(other, list);
        for different in [
            Quantities::from([("A", 1.0)]),
            Quantities::from([("A", 1.0), ("K", 3.0)]),
            Quantities::from([("A", 1.0), ("K", 2.0), ("tau", 3.0)]),
            Quantities::from([
                Quantity::new("A", 1.0),
                Quantity::new("K", 2.0).between(1.0, None),
            ]),
        ] {
            assert_ne!(list, different);
            assert_ne!(different, list);
        }
    }

    #[cfg(feature = "json")]
    #[test]
    fn a_list_reads_back_from_json() {
        let list = Quantities::from([
            Quantity::new("A", 1.5).between(1.0, None),
            Quantity::new("t_peak", None).between(None, 8.0),
        ]);
        let json = serde_json::to_string(&list).unwrap();
        assert_eq!(
            json,
            r#"{"A":1.5,"A_lo":1.0,"t_peak":null,"t_peak_hi":8.0}"#
        );
        assert_eq!(serde_json::from_str::<Quantities>(&json).unwrap(), list);
        assert!(serde_json::from_str::<Quantities>(r#"{"A":"high"}"#).is_err());
    }

    #[cfg(feature = "tables")]
    #[test]
    fn names_are_words_that_no_interval_takes() {
        for name in ["A", "t_peak", "λ", "tau0", "b2_low"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "2nd", "...1", "Unnamed: 0", "A_lo", "x y", "_hi"] {
            assert!(!is_name(name), "{name}");
        }
        assert_eq!(
            (part("A_lo"), part("A_hi"), part("_lo")),
            (("A", 1), ("A", 2), ("_lo", 0))
        );
    }
}
