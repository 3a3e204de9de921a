//! Trajectories from any input that a user names.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use crate::table::{self, Loaded, Problem, Streamed, Table, TableKind};
use crate::trajectory::Seen;
use crate::{Error, Fit, Result, Stages, Trajectory, TrajectoryOptions, published};

/// A trajectory table up to this size is read as a whole, with rows in any order; a larger one is streamed.
pub const WHOLE_TABLE_BYTES: usize = 16 << 20;
/// Enough to see the header of a table.
const START_BYTES: u64 = 64 << 10;

type Items = Box<dyn Iterator<Item = Result<Streamed<Trajectory>>> + Send>;

/// The trajectories of an input, one after another; made by [`open_trajectories`].
pub struct Trajectories {
    /// The fits that came with the input: those of the published data set, none otherwise.
    pub fits: Vec<Fit>,
    items: Items,
    /// Whether they are read as they come.
    is_streamed: bool,
}

impl std::fmt::Debug for Trajectories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trajectories").finish_non_exhaustive()
    }
}

impl Iterator for Trajectories {
    type Item = Result<Streamed<Trajectory>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.next()
    }
}

impl Trajectories {
    /// Those of the stages that are wanted. Stages are joined when all of them were read.
    fn of(self, stages: Stages) -> Result<Self> {
        if self.is_streamed && !stages.join {
            return Ok(Self {
                items: Box::new(OfStages::new(self.items, stages)),
                ..self
            });
        }
        let (mut rows, mut problems) = (Vec::new(), Vec::new());
        for item in self.items {
            match item? {
                Streamed::Row(row) => rows.push(row),
                Streamed::Problem(problem) => problems.push(problem),
            }
        }
        Ok(Self {
            fits: self.fits,
            ..whole(stages.choose(rows)?, problems)
        })
    }
}

/// Trajectories as they come, but for those of other stages than are wanted.
struct OfStages {
    items: Items,
    stages: Stages,
    seen: Seen,
    found: bool,
}

impl OfStages {
    fn new(items: Items, stages: Stages) -> Self {
        Self {
            items,
            stages,
            seen: Seen::new(),
            found: false,
        }
    }
}

impl Iterator for OfStages {
    type Item = Result<Streamed<Trajectory>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.items.next() {
                Some(Ok(Streamed::Row(row))) => match self.stages.admits(&row, &mut self.seen) {
                    Ok(false) => {}
                    Ok(true) => {
                        self.found = true;
                        return Some(Ok(Streamed::Row(row)));
                    }
                    Err(error) => return Some(Err(error)),
                },
                None if !self.found => {
                    self.found = true;
                    return self.stages.check_found(&self.seen).err().map(Err);
                }
                other => return other,
            }
        }
    }
}

/// The trajectories at `path`:
///
/// | input | trajectories |
/// |---|---|
/// | a measurements table | its trajectories, folded while it is read |
/// | a trajectory table | as given; above [`WHOLE_TABLE_BYTES`] streamed, and must be sorted |
/// | a run directory | its `measurements.csv` |
/// | a folder of results | its `measurements.csv`, or else `trajectories.csv`, or else `runs/*/measurements.csv`; each may end in `.csv.gz` |
/// | the published data set, or a part | see [`published::read`] |
///
/// Measurements are averaged over sequences by `options`, which also choose the stages; suspect steps that are left out are reported as a problem.
/// Problems name their file.
///
/// # Errors
/// [`Error::Io`]; [`Error::MissingColumn`] and [`Error::Parse`] for a table of neither kind or a
/// folder with none of these; [`Error::Stages`] as [`Stages::choose`]. While a table is streamed, [`Error::Io`] comes as an item.
pub fn open_trajectories(
    path: &Path,
    options: impl Into<TrajectoryOptions>,
) -> Result<Trajectories> {
    let options = options.into();
    let stages = options.stages.clone();
    at(path, options)?.of(stages)
}

fn at(path: &Path, options: TrajectoryOptions) -> Result<Trajectories> {
    if published::recognise(path) {
        let found = published::read(path, options.ratio)?;
        return Ok(Trajectories {
            fits: found.fits,
            ..whole(found.trajectories, found.problems)
        });
    }
    if !path.is_dir() {
        return open_table(path, options);
    }
    for name in ["measurements", "trajectories"] {
        if let Some(table) = table::in_folder(path, name) {
            return open_table(&table, options);
        }
    }
    let runs = runs(&path.join("runs"))?;
    if runs.is_empty() {
        let reason = "the folder has no measurements.csv, trajectories.csv or \
             runs/*/measurements.csv, and is no part of the published data set";
        return Err(Error::parse(path.display().to_string(), reason));
    }
    fold(&runs, options)
}

/// The trajectories of a table in a file.
fn open_table(path: &Path, options: TrajectoryOptions) -> Result<Trajectories> {
    let context = path.display().to_string();
    let mut file = table::open(path)?;
    let start = start(&mut file, &context)?;
    // a pipe can be read once only
    let again = std::fs::metadata(path).is_ok_and(|of| of.is_file());
    match table::kind_of(start.as_slice(), &context)? {
        TableKind::Measurements if again => fold(&[path.to_owned()], options),
        _ => from_reader(Cursor::new(start).chain(file), &context, options),
    }
}

/// As [`open_trajectories`], from a reader such as standard input; `context` names it.
///
/// # Errors
/// As [`open_trajectories`].
pub fn open_trajectories_from(
    reader: impl Read + Send + 'static,
    context: &str,
    options: impl Into<TrajectoryOptions>,
) -> Result<Trajectories> {
    let options = options.into();
    let stages = options.stages.clone();
    from_reader(reader, context, options)?.of(stages)
}

fn from_reader(
    mut reader: impl Read + Send + 'static,
    context: &str,
    options: TrajectoryOptions,
) -> Result<Trajectories> {
    let mut start = start(&mut reader, context)?;
    let kind = table::kind_of(start.as_slice(), context)?;
    let room = WHOLE_TABLE_BYTES as u64 - START_BYTES;
    let read = reader.by_ref().take(room + 1).read_to_end(&mut start);
    let read = read.map_err(|e| Error::io("read", context, e))?;
    match (kind, read as u64 > room) {
        (TableKind::Measurements, true) => {
            let all = Cursor::new(start).chain(reader);
            let loaded = table::fold_measurements(all, context, options)?;
            Ok(whole(loaded.rows, loaded.problems))
        }
        (TableKind::Measurements, false) => {
            let held = Table {
                context: context.to_owned(),
                open: Box::new(|| Ok(Box::new(start.as_slice()))),
            };
            let loaded = table::fold_tables(&[held], options)?;
            Ok(whole(loaded.rows, loaded.problems))
        }
        (TableKind::Trajectories, true) => streamed(Cursor::new(start).chain(reader), context),
        (TableKind::Trajectories, false) => {
            let Loaded { rows, problems } = table::trajectories_from(start.as_slice(), context)?;
            Ok(whole(rows, named(problems, context)))
        }
        (other, _) => {
            let reason = format!("a table of {other}, needed are measurements or trajectories");
            Err(Error::parse(context, reason))
        }
    }
}

/// Enough of a table to see its header.
fn start(reader: &mut impl Read, context: &str) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    let read = reader.take(START_BYTES).read_to_end(&mut start);
    read.map_err(|e| Error::io("read", context, e))?;
    Ok(start)
}

fn streamed(reader: impl Read + Send + 'static, context: &str) -> Result<Trajectories> {
    let name = context.to_owned();
    let items = table::trajectory_stream(reader, context)?.map(move |item| {
        item.map(|item| match item {
            Streamed::Problem(problem) => Streamed::Problem(Problem {
                context: name.clone(),
                ..problem
            }),
            row => row,
        })
    });
    Ok(Trajectories {
        fits: Vec::new(),
        items: Box::new(items),
        is_streamed: true,
    })
}

/// Everything from a table that was read as a whole, problems first.
fn whole(trajectories: Vec<Trajectory>, problems: Vec<Problem>) -> Trajectories {
    let problems = problems.into_iter().map(Streamed::Problem);
    let rows = trajectories.into_iter().map(Streamed::Row);
    Trajectories {
        fits: Vec::new(),
        items: Box::new(problems.chain(rows).map(Ok)),
        is_streamed: false,
    }
}

fn named(mut problems: Vec<Problem>, context: &str) -> Vec<Problem> {
    for problem in &mut problems {
        problem.context = context.to_owned();
    }
    problems
}

/// The measurements of each run in `folder`, by name; none if there is no such folder.
fn runs(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let io = |e| Error::io("read", folder, e);
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        tables.extend(table::in_folder(&entry.map_err(io)?.path(), "measurements"));
    }
    tables.sort();
    Ok(tables)
}

/// The measurements of all `tables` together.
fn fold(tables: &[PathBuf], options: TrajectoryOptions) -> Result<Trajectories> {
    let table = |path: &PathBuf| {
        let opened = path.clone();
        Table {
            context: path.display().to_string(),
            open: Box::new(move || Ok(table::open(&opened)? as Box<dyn Read>)),
        }
    };
    let tables: Vec<Table<'_>> = tables.iter().map(table).collect();
    let loaded = table::fold_tables(&tables, options)?;
    Ok(whole(loaded.rows, loaded.problems))
}
