use std::collections::{HashMap, VecDeque};
use std::io::Read;

use super::cells::shown;
use super::once::fingerprint;
use super::problem::{Problem, Streamed};
use super::row_stream::RowStream;
use super::trajectory::{Flat, Open, rows};
use crate::{Result, Trajectory};

/// The trajectories of a table one after another, for tables of any size; made by
/// [`trajectory_stream`].
pub struct TrajectoryStream<R> {
    rows: RowStream<R, Flat, Flat>,
    current: Option<Open>,
    /// Problems of the trajectory before.
    problems: VecDeque<Problem>,
    /// Hash of each finished (model, stage, layer), and whether its return was told.
    finished: HashMap<u64, bool>,
}

/// Reads a trajectory table piece by piece. Consecutive rows of the same (model, layer) become one
/// [`Trajectory`], which comes as soon as the next begins: memory holds one trajectory and 64 bits
/// for each that came before, whatever the size of the table. Fields are read as by
/// [`trajectories`](super::trajectories).
///
/// The table must be sorted by model and layer, in any order of these: the rows of a (model, layer)
/// that comes back after another one began are left out, which is a problem of the first of them;
/// the others are not affected. After an error of the reader nothing more comes.
///
/// ```
/// use outcrop_core::table::{self, Streamed};
///
/// let csv = "model,layer,step,ratio\nm,1,0,5.5\nm,1,8,6.5\nm,2,0,4.5\nm,1,16,7.5\n";
/// let (mut points, mut problems) = (Vec::new(), Vec::new());
/// for item in table::trajectory_stream(csv.as_bytes(), "t.csv")? {
///     match item? {
///         Streamed::Row(trajectory) => points.push(trajectory.steps.len()),
///         Streamed::Problem(problem) => problems.push(problem.line),
///     }
/// }
/// assert_eq!((points, problems), (vec![2, 1], vec![5]));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Io`], [`crate::Error::MissingColumn`], [`crate::Error::Parse`] of the header;
/// [`crate::Error::Io`] while reading on.
pub fn trajectory_stream<R: Read>(reader: R, context: &str) -> Result<TrajectoryStream<R>> {
    Ok(TrajectoryStream {
        rows: rows(reader, context)?,
        current: None,
        problems: VecDeque::new(),
        finished: HashMap::new(),
    })
}

impl<R> TrajectoryStream<R> {
    /// Adds a row; gives what is complete with it.
    fn take(&mut self, line: u64, row: Flat) -> Option<Streamed<Trajectory>> {
        if let Some(open) = self.current.as_mut().filter(|open| open.has(&row)) {
            open.push(line, &row);
            return None;
        }
        if let Some(told) = self
            .finished
            .get_mut(&key(&row.model, row.stage(), row.layer))
        {
            if std::mem::replace(told, true) {
                return None;
            }
            return self.apart(line, &row).map(Streamed::Problem);
        }
        let mut next = Open::new(&row);
        next.push(line, &row);
        let complete = self.close();
        self.current = Some(next);
        complete.map(Streamed::Row)
    }

    fn apart(&mut self, line: u64, row: &Flat) -> Option<Problem> {
        let reason = format!(
            "rows of model {}, layer {} are not together, those from here on are left out; sort \
             the table by model, layer and step",
            shown(&row.model),
            row.layer
        );
        self.rows.cap.admit(line, reason)
    }

    fn close(&mut self) -> Option<Trajectory> {
        let (complete, problems) = self.current.take()?.close();
        self.problems.extend(problems);
        let stage = complete.stage.as_ref().map(|stage| stage.name.as_str());
        self.finished
            .insert(key(&complete.model, stage, complete.layer), false);
        Some(complete)
    }
}

impl<R: Read> Iterator for TrajectoryStream<R> {
    type Item = Result<Streamed<Trajectory>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(problem) = self.problems.pop_front() {
                return Some(Ok(Streamed::Problem(problem)));
            }
            match self.rows.next() {
                Some(Ok(Streamed::Row((line, row)))) => {
                    if let Some(item) = self.take(line, row) {
                        return Some(Ok(item));
                    }
                }
                Some(Ok(Streamed::Problem(problem))) => {
                    return Some(Ok(Streamed::Problem(problem)));
                }
                Some(Err(e)) => {
                    self.current = None; // it may be torn
                    return Some(Err(e));
                }
                None => return self.close().map(Streamed::Row).map(Ok),
            }
        }
    }
}

fn key(model: &str, stage: Option<&str>, layer: u32) -> u64 {
    fingerprint(&(model, stage, layer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Loaded, MAX_PROBLEMS, trajectories_from};

    const HEADER: &str = "model,layer,step,ratio,sem\n";

    fn stream(csv: &str) -> Loaded<Trajectory> {
        let (mut rows, mut problems) = (Vec::new(), Vec::new());
        for item in trajectory_stream(csv.as_bytes(), "t").unwrap() {
            match item.unwrap() {
                Streamed::Row(row) => rows.push(row),
                Streamed::Problem(problem) => problems.push(problem),
            }
        }
        Loaded { rows, problems }
    }

    #[test]
    fn a_sorted_table_gives_what_the_whole_one_does() {
        let mut csv = String::from(HEADER);
        for (i, model) in ["b", "a", "a,quoted"].iter().enumerate() {
            for row in 0..20 {
                csv += &format!("\"{model}\",{},{row},{}.5,0.25\n", row / 7 + 1, row + i);
            }
            csv += "torn,1\n";
        }
        let streamed = stream(&csv);
        assert_eq!(streamed.rows.len(), 9);
        assert_eq!(streamed, trajectories_from(csv.as_bytes(), "t").unwrap());
    }

    #[test]
    fn a_series_that_comes_back_is_told_once_and_leaves_the_others_whole() {
        let csv = format!("{HEADER}a,1,0,5,\nb,1,0,6,\na,1,1,5,\na,1,2,5,\nb,1,1,6,\na,1,3,5,\n");
        let streamed = stream(&csv);
        let steps: Vec<_> = streamed.rows.iter().map(|t| t.steps.clone()).collect();
        assert_eq!(steps, [vec![0], vec![0, 1]]);
        assert_eq!(streamed.problems.len(), 1);
        assert_eq!(streamed.problems[0].line, 4);
        assert!(streamed.problems[0].reason.contains("\"a\", layer 1"));
    }

    #[test]
    fn problems_are_capped_and_counted() {
        let csv = format!("{HEADER}{}a,1,0,5,\n", "x\n".repeat(5000));
        let streamed = stream(&csv);
        assert_eq!(streamed.rows.len(), 1);
        assert_eq!(streamed.problems.len() as u64, MAX_PROBLEMS + 1);
        let last = streamed.problems.last().unwrap().to_string();
        assert!(last.contains("line 5001: 4000 more"), "{last}");
    }

    #[test]
    fn a_reader_that_fails_is_an_error_and_the_end() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("disk gone"))
            }
        }
        let text = format!("{HEADER}a,1,0,5,\nb,1,0,5,\n");
        let mut items = trajectory_stream(text.as_bytes().chain(Failing), "t.csv").unwrap();
        assert!(matches!(items.next(), Some(Ok(Streamed::Row(_)))));
        let error = items.next().unwrap().unwrap_err().to_string();
        assert!(
            error.contains("t.csv") && error.contains("disk gone"),
            "{error}"
        );
        assert!(items.next().is_none());
    }
}
