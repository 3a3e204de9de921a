use std::io::Read;
use std::path::Path;

use csv::StringRecord;

use super::lines::Lines;
use super::problem::Problem;
use crate::{Error, Result, nearest, refuse_lfs_pointer};

/// The columns of a table.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    /// Those that must be there.
    pub(super) required: &'a [&'a str],
    /// Others that may be.
    pub(super) optional: &'a [&'a str],
    /// Those in which every row must have something.
    pub(super) named: &'a [&'a str],
}

/// The header: the first line that is not blank, nor a spreadsheet's word about its separator.
pub(super) fn read<R: Read>(lines: &mut Lines<R>, context: &str) -> Result<StringRecord> {
    let mut header = StringRecord::new();
    loop {
        let read = lines.next(&mut header, None);
        match read.map_err(|e| Error::io("read", context, e))? {
            Some((1, Ok(()))) if header.get(0).is_some_and(|h| h.starts_with("sep=")) => {}
            Some((_, Ok(()))) => {
                let first = header.get(0).unwrap_or_default();
                refuse_lfs_pointer(Path::new(context), first.as_bytes())?;
                return Ok(header);
            }
            Some((_, Err(reason))) => {
                return Err(Error::parse(context, format!("the header: {reason}")));
            }
            None => return Err(Error::parse(context, "the table is empty")),
        }
    }
}

/// Checks that every `required` column is in the header, and none that is known twice.
pub(super) fn check(
    context: &str,
    header: &StringRecord,
    required: &[&str],
    optional: &[&str],
) -> Result<()> {
    for column in required {
        if header.iter().any(|h| h == *column) {
            continue;
        }
        separated_by_commas(context, header)?;
        let unknown = || header.iter().filter(|h| !required.contains(h));
        let same = unknown().find(|h| h.eq_ignore_ascii_case(column));
        let nearest = same.or_else(|| nearest(column, unknown()));
        return Err(Error::MissingColumn {
            context: context.into(),
            column: (*column).into(),
            nearest: nearest.map(str::to_owned),
            header: joined(header),
        });
    }
    for column in required.iter().chain(optional) {
        if header.iter().filter(|h| h == column).count() > 1 {
            let header = joined(header);
            let reason = format!("column `{column}` is twice in the header `{header}`");
            return Err(Error::parse(context, reason));
        }
    }
    Ok(())
}

/// Names the separator of a header that is one word to a reader of commas.
pub(super) fn separated_by_commas(context: &str, header: &StringRecord) -> Result<()> {
    let inside = |c: char| header.iter().any(|h| h.contains(c));
    let Some(separator) = [';', '\t'].into_iter().find(|c| inside(*c)) else {
        return Ok(());
    };
    let header = joined(header);
    let reason = format!(
        "it is separated by {separator:?}; write the table with commas, and numbers with a decimal \
         point: write.csv in R (not write.csv2), to_csv without sep and decimal in pandas, an English \
         number format in a spreadsheet; its header is `{header}`"
    );
    Err(Error::parse(context, reason))
}

/// The header as one line that can be shown: cut where it is long, without control characters.
pub(super) fn joined(header: &StringRecord) -> String {
    let text = header.iter().collect::<Vec<_>>().join(",");
    let shown = text.chars().map(|c| match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    });
    shown.take(400).collect()
}

/// A problem of line 1 for each column that may be an `optional` one misspelt. Other columns that
/// no table knows are skipped.
pub(super) fn hints(header: &StringRecord, required: &[&str], optional: &[&str]) -> Vec<Problem> {
    let known = |h: &&str| required.contains(h) || optional.contains(h);
    let absent = || optional.iter().filter(|o| !header.iter().any(|h| h == **o));
    let hint = |unknown: &str| {
        let meant = absent()
            .map(|o| (distance(unknown, o), o))
            .filter(|(d, o)| *d <= o.len().max(unknown.len()) / 3)
            .min_by_key(|(d, _)| *d)?
            .1;
        Some(Problem {
            line: 1,
            reason: format!("unknown column `{unknown}`: did you mean `{meant}`?"),
            ..Problem::default()
        })
    };
    let unknown = header.iter().filter(|h| !known(h));
    unknown.filter_map(hint).collect()
}

fn distance(a: &str, b: &str) -> usize {
    strsim::damerau_levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> StringRecord {
        text.split(',').collect::<Vec<_>>().into()
    }

    #[test]
    fn a_misspelt_optional_column_is_told_and_a_foreign_one_is_not() {
        let hinted = |text| hints(&header(text), &["model", "ratio"], &["sem", "K"]);
        let found = hinted("model,ratio,sme");
        assert_eq!(found[0].line, 1);
        assert_eq!(found[0].reason, "unknown column `sme`: did you mean `sem`?");
        assert_eq!(hinted("model,ratio,SEM,k").len(), 2);
        for fine in [
            "model,ratio,sem,sme",
            "model,ratio,seed,note,x,a",
            "model,ratio",
        ] {
            assert_eq!(hinted(fine), [], "{fine}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_is_named() {
        let said = |text| {
            let outcome = check("t.csv", &header(text), &["model", "step"], &["sem"]);
            outcome.unwrap_err().to_string()
        };
        assert!(said("model,Step").contains("did you mean `Step`"));
        assert!(said("model,stp").contains("did you mean `stp`"));
        assert!(said("model;step").contains("separated by ';'"));
        assert!(said("model,step,sem,sem").contains("`sem` is twice"));
    }
}
