//! Columns beyond those that a table is known to have, read as quantities.

use std::collections::VecDeque;
use std::sync::Arc;

use csv::StringRecord;

use super::cells::{is_missing, number};
use super::problem::Problem;
use crate::quantity::{is_name, part};
use crate::{Error, Quantities, Quantity, QuantityColumn, Result};

/// One quantity of a header.
struct Places {
    name: Arc<str>,
    /// The columns of the value and of the ends.
    at: [Option<usize>; 3],
    column: Column,
}

/// What a column that stands alone holds, as far as was read.
enum Column {
    /// Numbers: whatever else stands there is a fault.
    Numbers,
    /// Nothing yet.
    Nothing,
    /// Text, since this problem of its first cell: no quantity, unless a number comes.
    Text(Problem),
}

/// The quantities of a table. A column is known to be one where it is among those that the reader was told of or
/// has an end of an interval beside it; another is one as soon as a number stands in it. What holds text alone
/// is none.
pub(super) struct Columns(Vec<Places>);

impl Columns {
    /// Those of `header` beyond the columns `fixed`.
    ///
    /// # Errors
    /// [`Error::Parse`] for a column that stands there twice.
    pub(super) fn new(
        context: &str,
        header: &StringRecord,
        fixed: &[&str],
        known: &[QuantityColumn],
    ) -> Result<Self> {
        let mut all: Vec<Places> = Vec::new();
        for (at, column) in header.iter().enumerate() {
            let (name, part) = part(column);
            if fixed.contains(&column) || !is_name(name) {
                continue;
            }
            let found = all.iter().position(|places| &*places.name == name);
            let index = found.unwrap_or(all.len());
            if found.is_none() {
                let is_known = known.iter().any(|known| &*known.name == name);
                all.push(Places {
                    name: name.into(),
                    at: [None; 3],
                    column: if is_known {
                        Column::Numbers
                    } else {
                        Column::Nothing
                    },
                });
            }
            let places = &mut all[index];
            if places.at[part].replace(at).is_some() {
                let reason =
                    format!("column `{column}` stands twice in the header; rename one of them");
                return Err(Error::parse(context, reason));
            }
            if part > 0 {
                places.column = Column::Numbers;
            }
        }
        Ok(Self(all))
    }

    /// The columns move one to the right.
    pub(super) fn shift(&mut self) {
        let places = self.0.iter_mut().flat_map(|places| &mut places.at);
        places.flatten().for_each(|place| *place += 1);
    }

    /// Reads the quantities of one row; `told` takes what is found out about earlier rows.
    pub(super) fn read(
        &mut self,
        line: u64,
        header: &StringRecord,
        record: &StringRecord,
        told: &mut VecDeque<Problem>,
        into: &mut Quantities,
    ) -> Result<(), String> {
        into.reserve(self.0.len());
        for places in &mut self.0 {
            let number = |place: Option<usize>| match place {
                Some(at) => number(&header[at], &record[at]),
                None => Ok(None),
            };
            if !matches!(places.column, Column::Numbers) {
                let value = places.at[0].map(|at| (number(Some(at)), is_missing(&record[at])));
                match value {
                    Some((Err(reason), _)) => {
                        places.column.hold_text(line, reason);
                        continue;
                    }
                    Some((Ok(_), true)) | None => {}
                    Some((Ok(_), false)) => told.extend(places.column.hold_numbers()),
                }
                if matches!(places.column, Column::Text(_)) {
                    continue;
                }
            }
            let [value, lo, hi] = places.at.map(number);
            into.push(Quantity {
                name: Arc::clone(&places.name),
                value: value?,
                lo: lo?,
                hi: hi?,
            });
        }
        Ok(())
    }
}

impl Column {
    /// The first text is remembered.
    fn hold_text(&mut self, line: u64, reason: String) {
        if let Self::Nothing = self {
            *self = Self::Text(Problem {
                line,
                reason,
                ..Problem::default()
            });
        }
    }

    /// From here on it is a quantity; text before was a fault.
    fn hold_numbers(&mut self) -> Option<Problem> {
        match std::mem::replace(self, Self::Numbers) {
            Self::Text(problem) => Some(problem),
            Self::Numbers | Self::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Fit;
    use crate::table::{Loaded, TableLayout, read_rows_from, read_rows_from_with};

    const START: &str = "model,layer,hypothesis,n,";

    fn table(columns: &str, cells: &[&str]) -> String {
        let row = |(layer, cells): (usize, &&str)| format!("m,{layer},mine,9,{cells}\n");
        let rows: String = cells.iter().enumerate().map(row).collect();
        format!("{START}{columns}\n{rows}")
    }

    fn read(columns: &str, cells: &[&str]) -> Loaded<Fit> {
        read_rows_from(table(columns, cells).as_bytes(), "t").unwrap()
    }

    #[test]
    fn columns_that_nobody_knows_are_quantities() {
        let loaded = read("q_hi,x,q,q_lo,status", &["3,inf,2,1,ok", ",NA,,0.5,"]);
        assert_eq!(loaded.problems, []);
        let [first, second] = &loaded.rows[..] else {
            panic!()
        };
        let q = first.quantity("q").unwrap();
        assert_eq!((q.value, q.lo, q.hi), (Some(2.0), Some(1.0), Some(3.0)));
        assert_eq!(
            (first.value("x"), second.value("x")),
            (Some(f64::INFINITY), None)
        );
        assert_eq!(
            (second.value("q"), second.interval("q")),
            (None, [Some(0.5), None])
        );
        assert_eq!(first.status, "ok");
    }

    #[test]
    fn text_is_no_quantity_but_a_fault_among_numbers() {
        let note = read("note,q", &["good,1", ",2", "bad,3"]);
        assert_eq!(note.problems, []);
        assert!(note.rows.iter().all(|row| row.value("note").is_none()));

        let later = read("q", &["1", "#VALUE!"]);
        assert_eq!((later.rows.len(), later.problems[0].line), (1, 3));
        assert!(
            later.problems[0]
                .reason
                .contains("q = \"#VALUE!\", allowed is a number")
        );

        let before = read("q", &["#VALUE!", "1"]);
        assert_eq!((before.rows.len(), before.problems[0].line), (2, 2));
        assert_eq!(before.rows[1].value("q"), Some(1.0));

        let bounded = read("q,q_lo", &["#VALUE!,1"]);
        assert_eq!((bounded.rows.len(), bounded.problems[0].line), (0, 2));
    }

    #[test]
    fn known_columns_are_numbers_from_the_first_row_and_may_be_misspelt() {
        let like = Fit {
            quantities: [("tau", 1.0), ("t_mid", 2.0)].into(),
            ..Fit::default()
        };
        let layout = TableLayout::of(&[like]).unwrap();
        let text = table("tau,t_mdi", &["x,1", "2,3"]);
        let loaded = read_rows_from_with(text.as_bytes(), "t", &layout).unwrap();
        let said: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        assert!(
            said[0].contains("line 1: unknown column `t_mdi`: did you mean `t_mid`?"),
            "{said:?}"
        );
        assert!(said[1].contains("line 2: tau = \"x\""), "{said:?}");
        assert_eq!(loaded.rows[0].value("t_mdi"), Some(3.0));
    }

    #[test]
    fn a_column_given_twice_is_refused() {
        let text = table("q,q_lo,q", &["1,2,3"]);
        let said = read_rows_from::<Fit>(text.as_bytes(), "t")
            .unwrap_err()
            .to_string();
        assert!(said.contains("`q` stands twice"), "{said}");
    }

    #[test]
    fn row_names_move_the_columns() {
        let text = format!("{START}q,q_lo\n1,m,1,mine,9,2,1.5\n2,m,2,mine,9,4,3.5\n");
        let loaded = read_rows_from::<Fit>(text.as_bytes(), "t").unwrap();
        assert_eq!(loaded.problems, []);
        assert_eq!(loaded.rows[1].value("q"), Some(4.0));
        assert_eq!(loaded.rows[1].interval("q"), [Some(3.5), None]);
    }
}
