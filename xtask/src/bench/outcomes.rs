//! The outcome of each fit, and the scores of a procedure: the same code for both sides.

use std::collections::BTreeMap;

/// A line of the tables that both sides write.
pub(super) struct Row {
    pub(super) series: String,
    pub(super) method: String,
    pub(super) form: String,
    /// The sum of squares, or why there is none.
    pub(super) sse: Result<f64, String>,
    pub(super) seconds: f64,
}

/// The best sum of squares known for each series, and its sum of squares about the mean.
pub(super) type Known = BTreeMap<String, (f64, f64)>;

/// One series by one procedure: the smaller sum of squares of its forms that did not fail.
#[derive(Debug, PartialEq)]
pub(super) struct Attempt {
    pub(super) sse: Option<f64>,
    pub(super) seconds: f64,
}

/// How a procedure did over all series.
#[derive(Debug, PartialEq)]
pub(super) struct Score {
    pub(super) series: usize,
    /// Series at the optimum.
    pub(super) reached: usize,
    pub(super) failed: usize,
    /// Mean R2, a failure being 0.
    pub(super) r2: f64,
    /// Mean R2 of what did not fail.
    pub(super) r2_of_converged: f64,
    /// Seconds a series: mean and median.
    pub(super) seconds: (f64, f64),
}

/// At the optimum: no more than this share of the best sum of squares above it,
const EXCESS: f64 = 1e-6;
/// nor, where that is nearly 0, than this share of the sum of squares about the mean.
const ROUNDING: f64 = 1e-10;

/// Reads the lines `series,method,form,outcome,sse,seconds` of a table with a header.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, String> {
    text.lines().skip(1).map(row).collect()
}

fn row(line: &str) -> Result<Row, String> {
    let bad = || format!("read the line `{line}` of a table of outcomes");
    let cells: Vec<&str> = line.split(',').collect();
    let &[series, method, form, outcome, sse, seconds] = &cells[..] else {
        return Err(bad());
    };
    Ok(Row {
        series: series.into(),
        method: method.into(),
        form: form.into(),
        sse: match outcome {
            "converged" => Ok(sse.parse().map_err(|_| bad())?),
            failure => Err(failure.into()),
        },
        seconds: seconds.parse().map_err(|_| bad())?,
    })
}

/// Reads the lines `series,best_sse,sst` of a table with a header.
pub(super) fn known(text: &str) -> Result<Known, String> {
    let line = |line: &str| {
        let mut cells = line.split(',');
        let name = cells.next()?.to_owned();
        let mut number = || cells.next()?.parse::<f64>().ok();
        Some((name, (number()?, number()?)))
    };
    let read = text.lines().skip(1).map(line).collect::<Option<_>>();
    read.ok_or_else(|| "read the table of the best sums of squares".into())
}

/// The attempts of a procedure: `method`, its `forms` taken together.
pub(super) fn attempts<'a>(
    rows: &'a [Row],
    method: &str,
    forms: &[&str],
) -> BTreeMap<&'a str, Attempt> {
    let mut attempts: BTreeMap<&str, Attempt> = BTreeMap::new();
    let ours = |row: &&Row| row.method == method && forms.contains(&row.form.as_str());
    for row in rows.iter().filter(ours) {
        let attempt = attempts.entry(&row.series).or_insert(Attempt {
            sse: None,
            seconds: 0.0,
        });
        let smaller = |&sse: &f64| attempt.sse.is_none_or(|before| sse < before);
        attempt.sse = row
            .sse
            .as_ref()
            .ok()
            .copied()
            .filter(smaller)
            .or(attempt.sse);
        attempt.seconds += row.seconds;
    }
    attempts
}

/// Whether `sse` is at the optimum, given the best known and the sum of squares about the mean.
fn at_optimum(sse: f64, (best, total): (f64, f64)) -> bool {
    sse <= best * (1.0 + EXCESS) + ROUNDING * total
}

/// Scores a procedure.
pub(super) fn score(attempts: &BTreeMap<&str, Attempt>, known: &Known) -> Score {
    let n = attempts.len().max(1) as f64;
    let converged = attempts
        .iter()
        .filter_map(|(name, a)| Some((*name, a.sse?)));
    let r2: Vec<f64> = converged
        .map(|(name, sse)| 1.0 - sse / known[name].1)
        .collect();
    let sum = r2.iter().sum::<f64>();
    let mut seconds: Vec<f64> = attempts.values().map(|a| a.seconds).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    Score {
        series: attempts.len(),
        reached: attempts.len() - missed(attempts, known).len(),
        failed: attempts.len() - r2.len(),
        r2: sum / n,
        r2_of_converged: sum / r2.len().max(1) as f64,
        seconds: (
            seconds.iter().sum::<f64>() / n,
            seconds.get(seconds.len() / 2).copied().unwrap_or(0.0),
        ),
    }
}

/// The series that a procedure leaves above the optimum, or without a fit.
pub(super) fn missed<'a>(attempts: &BTreeMap<&'a str, Attempt>, known: &Known) -> Vec<&'a str> {
    let reached = |name: &str, a: &Attempt| a.sse.is_some_and(|sse| at_optimum(sse, known[name]));
    let missed = attempts.iter().filter(|(name, a)| !reached(name, a));
    missed.map(|(name, _)| *name).collect()
}

/// The series of which a procedure finds a better optimum than is known.
pub(super) fn improved<'a>(attempts: &BTreeMap<&'a str, Attempt>, known: &Known) -> Vec<&'a str> {
    let better = |name: &str, sse: f64| {
        let (best, total) = known[name];
        !at_optimum(best, (sse, total))
    };
    let improved = attempts.iter();
    let improved = improved.filter(|(name, a)| a.sse.is_some_and(|sse| better(name, sse)));
    improved.map(|(name, _)| *name).collect()
}

/// Why fits of a form have failed, with numbers left out, and how often.
pub(super) fn failures(rows: &[Row], method: &str, form: &str) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    let ours = |row: &&Row| row.method == method && row.form == form;
    for reason in rows
        .iter()
        .filter(ours)
        .filter_map(|row| row.sse.as_ref().err())
    {
        let words = reason.split(' ').map(|word| {
            let number = word.parse::<f64>().is_ok();
            if number { "N" } else { word }
        });
        let reason = words.collect::<Vec<_>>().join(" ");
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}

/// How two procedures agree.
#[derive(Debug, PartialEq)]
pub(super) struct Agreement {
    /// Series that both fit or both fail at.
    pub(super) alike: usize,
    /// Series that both fit.
    pub(super) both: usize,
    /// Of these, the sums of squares within 1e-3 of each other (and 1e-10 of that about the mean).
    pub(super) equal: usize,
}

/// Compares two procedures series by series.
pub(super) fn agreement(
    a: &BTreeMap<&str, Attempt>,
    b: &BTreeMap<&str, Attempt>,
    known: &Known,
) -> Agreement {
    let pairs = || {
        a.iter()
            .filter_map(|(name, a)| Some((*name, a.sse, b.get(name)?.sse)))
    };
    let both = || pairs().filter_map(|(name, a, b)| Some((name, a?, b?)));
    let equal =
        |&(name, a, b): &(&str, f64, f64)| (a - b).abs() <= 1e-3 * b + ROUNDING * known[name].1;
    Agreement {
        alike: pairs()
            .filter(|(_, a, b)| a.is_some() == b.is_some())
            .count(),
        both: both().count(),
        equal: both().filter(equal).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "series,method,form,outcome,sse,seconds\n\
        a,m,x,converged,1.0000001,0.1\na,m,y,converged,2,0.2\n\
        b,m,x,stop after 7 turns,,0.3\nb,m,y,converged,5,0.3\n\
        c,m,x,stop after 9 turns,,0.1\nc,m,y,stop after 3 turns,,0.1\n";
    const KNOWN: &str = "model,best_sse,sst\na,1,10\nb,4,10\nc,1,10\n";

    #[test]
    fn a_failure_counts_as_zero_and_the_better_form_counts() {
        let (rows, known) = (rows(ROWS).unwrap(), known(KNOWN).unwrap());
        let score = score(&attempts(&rows, "m", &["x", "y"]), &known);
        assert_eq!((score.series, score.reached, score.failed), (3, 1, 1));
        assert!((score.r2 - (0.9 + 0.5) / 3.0).abs() < 1e-6);
        assert!((score.r2_of_converged - 0.7).abs() < 1e-6);
        assert!((score.seconds.0 - 1.1 / 3.0).abs() < 1e-12);
        assert!((score.seconds.1 - 0.3).abs() < 1e-12);
    }

    #[test]
    fn what_is_better_than_known_is_named() {
        let (rows, known) = (
            rows(ROWS).unwrap(),
            known("model,best,sst\na,1.5,10\nb,5,10\nc,1,1\n").unwrap(),
        );
        assert_eq!(improved(&attempts(&rows, "m", &["x", "y"]), &known), ["a"]);
    }

    #[test]
    fn reasons_are_counted_without_their_numbers() {
        let rows = rows(ROWS).unwrap();
        let reasons = failures(&rows, "m", "x");
        assert_eq!(reasons, [("stop after N turns".to_owned(), 2)].into());
    }

    #[test]
    fn agreement_is_of_outcomes_and_of_sums() {
        let (rows, known) = (rows(ROWS).unwrap(), known(KNOWN).unwrap());
        let (x, y) = (attempts(&rows, "m", &["x"]), attempts(&rows, "m", &["y"]));
        let expected = Agreement {
            alike: 2,
            both: 1,
            equal: 0,
        };
        assert_eq!(agreement(&x, &y, &known), expected);
    }

    #[test]
    fn a_broken_line_is_an_error() {
        assert!(rows("header\na,b,c\n").is_err());
        assert!(rows("header\na,m,x,converged,one,0.1\n").is_err());
        assert!(known("header\na,1\n").is_err());
    }
}
