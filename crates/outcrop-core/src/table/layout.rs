use std::marker::PhantomData;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::columns::columns;
use super::row::Row;
use crate::quantity::{ENDS, is_name};
use crate::{Error, Quantity, QuantityColumn, Result};

/// The columns of a table of `T`: those that every row has and, where rows have quantities of their own, as a
/// [`Fit`](crate::Fit) has, one or three for each of these.
///
/// ```
/// use outcrop_core::table::TableLayout;
/// use outcrop_core::{Fit, QuantityColumn};
///
/// let peak = QuantityColumn { name: "t_peak".into(), interval: true };
/// let layout = TableLayout::<Fit>::new(vec![peak])?;
/// assert!(layout.header().ends_with(&["condition", "t_peak", "t_peak_lo", "t_peak_hi"].map(String::from)));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLayout<T> {
    quantities: Vec<QuantityColumn>,
    row: PhantomData<fn() -> T>,
}

impl<T> Default for TableLayout<T> {
    fn default() -> Self {
        Self {
            quantities: Vec::new(),
            row: PhantomData,
        }
    }
}

impl<T: Row> TableLayout<T> {
    /// The columns of every row, and then those of `quantities` in this order.
    ///
    /// # Errors
    /// [`Error::Parse`] for a name that is no [`Quantity::name`], that of another column, or there twice; for any
    /// where rows have no quantities.
    pub fn new(quantities: Vec<QuantityColumn>) -> Result<Self> {
        for (at, column) in quantities.iter().enumerate() {
            let name = &*column.name;
            let taken = quantities[..at]
                .iter()
                .any(|other| other.name == column.name);
            let reason = match () {
                () if T::QUANTITIES.is_none() => "its rows have no quantities",
                () if !is_name(name) => {
                    "allowed are a letter, then letters, digits and _, not _lo or _hi at the end"
                }
                () if taken || T::HEADER.contains(&name) => "it is the name of another column",
                () => continue,
            };
            return Err(Error::parse(
                "columns of a table",
                format!("{name}: {reason}; rename it"),
            ));
        }
        let row = PhantomData;
        Ok(Self { quantities, row })
    }

    /// The columns of these rows: each quantity that one of them has, in the order in which they come, with an
    /// interval where one of them has an end of it.
    ///
    /// # Errors
    /// As [`TableLayout::new`].
    pub fn of(rows: &[T]) -> Result<Self> {
        let mut columns: Vec<QuantityColumn> = Vec::new();
        let access = T::QUANTITIES.iter();
        let lists = access.flat_map(|access| rows.iter().map(|row| (access.get)(row)));
        for list in lists {
            for (at, quantity) in list.iter().enumerate() {
                let interval = quantity.lo.is_some() || quantity.hi.is_some();
                match place(&columns, at, |column| &column.name, &quantity.name) {
                    Some(at) => columns[at].interval |= interval,
                    None => columns.push(QuantityColumn {
                        name: Arc::clone(&quantity.name),
                        interval,
                    }),
                }
            }
        }
        Self::new(columns)
    }

    /// The columns of the quantities.
    pub fn quantities(&self) -> &[QuantityColumn] {
        &self.quantities
    }

    /// The columns that every row has, in the order in which they are written.
    pub(super) fn fixed() -> &'static [&'static str] {
        match T::QUANTITIES {
            Some(_) => T::HEADER,
            None => columns::<T>(),
        }
    }

    /// The names of all columns, in order.
    pub fn header(&self) -> Vec<String> {
        let fixed = Self::fixed().iter().map(|name| (*name).to_owned());
        let of = |column: &QuantityColumn| {
            let ends = ENDS.iter().take(if column.interval { 2 } else { 0 });
            let ends = ends.map(|end| format!("{}{end}", column.name));
            std::iter::once(column.name.to_string())
                .chain(ends)
                .collect::<Vec<_>>()
        };
        fixed.chain(self.quantities.iter().flat_map(of)).collect()
    }

    /// A row with a place for each of the columns, for writing: serialised it is a map with every column.
    ///
    /// # Errors
    /// [`Error::Parse`] for a row with a quantity, or an end of an interval, that has no column.
    pub fn record<'a>(&'a self, row: &'a T) -> Result<Record<'a, T>> {
        let mut record = Record {
            row,
            cells: Vec::with_capacity(self.quantities.len()),
        };
        let Some(access) = T::QUANTITIES else {
            return Ok(record);
        };
        let list = (access.get)(row);
        let mut next = 0;
        let mut placed = 0;
        for column in &self.quantities {
            let at = place(list, next, |quantity| &quantity.name, &column.name);
            next = at.map_or(next, |at| at + 1);
            placed += usize::from(at.is_some());
            record.cells.push((column, at.map(|at| &list[at])));
        }
        let open = |q: &Quantity| q.lo.is_some() || q.hi.is_some();
        let cut = |(column, cell): &(&QuantityColumn, Option<&Quantity>)| {
            !column.interval && cell.is_some_and(open)
        };
        match placed < list.len() || record.cells.iter().any(cut) {
            true => self.check(&row.key(), list).map(|()| record),
            false => Ok(record),
        }
    }

    /// Names what has no column.
    fn check(&self, key: &str, list: &[Quantity]) -> Result<()> {
        for quantity in list.iter().filter(|q| !q.is_empty()) {
            let name = &quantity.name;
            let column = self.quantities.iter().find(|column| column.name == *name);
            let what = match column {
                None => name.to_string(),
                Some(c) if !c.interval && (quantity.lo.is_some() || quantity.hi.is_some()) => {
                    format!("the interval of {name}")
                }
                Some(_) => continue,
            };
            let reason = format!("{key}: {what} has no column; name it in the layout of the table");
            return Err(Error::parse("table to write", reason));
        }
        Ok(())
    }
}

/// Where the one of that name stands; `likely` is looked at first.
fn place<Q>(
    list: &[Q],
    likely: usize,
    of: impl Fn(&Q) -> &Arc<str>,
    name: &Arc<str>,
) -> Option<usize> {
    match list.get(likely) {
        Some(there) if of(there) == name => Some(likely),
        _ => list.iter().position(|there| of(there) == name),
    }
}

/// A row with a place for each column of its table ([`TableLayout::record`]); serialised it is a map with every column,
/// null where nothing is.
#[derive(Clone, Debug)]
pub struct Record<'a, T> {
    row: &'a T,
    cells: Vec<(&'a QuantityColumn, Option<&'a Quantity>)>,
}

impl<T: Row> Record<'_, T> {
    /// The cells in the order of the header, for CSV.
    pub(super) fn cells(&self) -> impl Serialize {
        (self.row.fixed(), Numbers(&self.cells))
    }
}

/// The numbers of the quantities, one or three for each.
struct Numbers<'a>(&'a [(&'a QuantityColumn, Option<&'a Quantity>)]);

/// Value and ends.
fn parts(cell: Option<&Quantity>) -> [Option<f64>; 3] {
    cell.map_or([None; 3], |q| [q.value, q.lo, q.hi])
}

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = self.0.iter().flat_map(|(column, cell)| {
            let of = if column.interval { 3 } else { 1 };
            parts(*cell).into_iter().take(of)
        });
        serializer.collect_seq(numbers)
    }
}

/// The numbers under their names.
struct Named<'a>(&'a [(&'a QuantityColumn, Option<&'a Quantity>)]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (column, cell) in self.0 {
            let [value, lo, hi] = parts(*cell);
            map.serialize_entry(&*column.name, &value)?;
            if column.interval {
                for (end, number) in ENDS.iter().zip([lo, hi]) {
                    map.serialize_entry(&format!("{}{end}", column.name), &number)?;
                }
            }
        }
        map.end()
    }
}

impl<T: Row> Serialize for Record<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Flat<R, N> {
            #[serde(flatten)]
            fixed: R,
            #[serde(flatten)]
            named: N,
        }
        let flat = Flat {
            fixed: self.row.fixed(),
            named: Named(&self.cells),
        };
        flat.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::rows_to_csv;
    use crate::{CurvePoint, Fit};

    fn column(name: &str, interval: bool) -> QuantityColumn {
        QuantityColumn {
            name: name.into(),
            interval,
        }
    }

    fn fit(quantities: impl Into<crate::Quantities>) -> Fit {
        Fit {
            model: "m".into(),
            layer: 1,
            hypothesis: "mine".into(),
            quantities: quantities.into(),
            ..Fit::default()
        }
    }

    #[test]
    fn a_table_has_the_columns_of_its_rows() {
        let rows = [
            fit([Quantity::new("K", 1.5), Quantity::new("q", 2.0)]),
            fit([
                Quantity::new("q", None),
                Quantity::new("K", 2.5).between(None, 3.0),
            ]),
        ];
        let csv = String::from_utf8(rows_to_csv(&rows).unwrap()).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].ends_with(",condition,K,K_lo,K_hi,q"), "{csv}");
        assert!(
            lines[1].ends_with(",1.5,,,2.0") && lines[2].ends_with(",2.5,,3.0,"),
            "{csv}"
        );
    }

    #[test]
    fn as_a_map_a_row_has_every_column() {
        let layout = TableLayout::new(vec![column("K", true), column("q", false)]).unwrap();
        let fit = fit([("q", 2.0)]);
        let json = serde_json::to_value(layout.record(&fit).unwrap()).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, layout.header().iter().collect::<Vec<_>>());
        assert!(json["K_lo"].is_null() && json["q"] == 2.0 && json["layer"] == 1);
        assert_eq!(serde_json::from_value::<Fit>(json).unwrap(), fit);
    }

    #[test]
    fn what_has_no_column_is_named_and_nothing_is_lost() {
        let layout = TableLayout::new(vec![column("K", false)]).unwrap();
        let said = |row: &Fit| {
            layout
                .record(row)
                .err()
                .map(|e| e.to_string())
                .unwrap_or_default()
        };
        assert_eq!(said(&fit([("K", Some(1.0)), ("q", None)])), "");
        assert!(
            said(&fit([("K", 1.0), ("q", 2.0)])).contains("hypothesis \"mine\": q has no column")
        );
        let bounded = fit([Quantity::new("K", 1.0).between(0.5, None)]);
        assert!(said(&bounded).contains("the interval of K has no column"));
    }

    #[test]
    fn names_of_columns_are_refused_where_they_are_taken() {
        for (names, part) in [
            (&["r2"][..], "r2: it is the name of another column"),
            (&["q", "q"], "q: it is the name of another column"),
            (&["q_lo"], "q_lo: allowed are a letter"),
            (&["two words"], "allowed are a letter"),
        ] {
            let columns = names.iter().map(|name| column(name, false)).collect();
            let said = TableLayout::<Fit>::new(columns).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
        let said = TableLayout::<CurvePoint>::new(vec![column("q", false)]).unwrap_err();
        assert!(said.to_string().contains("no quantities"), "{said}");
    }
}
