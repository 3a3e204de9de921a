use std::path::Path;

use super::{PublishedData, read_each};
use crate::table::{self, Columns, MeasurementWriter, Problem};
use crate::{AtomicFile, Ratio, Result, write_atomic};

/// The files that [`import`] writes.
pub const FILES: [&str; 4] = [
    "measurements.csv",
    "trajectories.csv",
    "fits-published.csv",
    "problems.txt",
];

/// Reads the data set at `path` as [`read`](super::read) does and writes what it holds into `folder`
/// as the other commands read it: [`FILES`], each completely or not at all. The places of magnitudes are
/// not published, so those columns are not there; `problems.txt` has a problem a line. No more than one
/// file and the trajectories are held.
///
/// ```
/// use outcrop_core::{Ratio, published};
///
/// let folder = tempfile::tempdir()?;
/// let set = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/published");
/// let found = published::import(set.as_ref(), Ratio::default(), folder.path())?;
/// assert!(published::FILES.iter().all(|name| folder.path().join(name).is_file()));
/// assert_eq!(found.trajectories[0].model, "pythia-14m");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`read`](super::read), and [`crate::Error::Io`] with the path that cannot be written.
pub fn import(path: &Path, ratio: Ratio, folder: &Path) -> Result<PublishedData> {
    crate::check_writable(folder)?;
    let [measurements, trajectories, fits, problems] = FILES.map(|name| folder.join(name));
    let mut writer =
        MeasurementWriter::new(AtomicFile::create(&measurements)?, Columns::Magnitudes)?;
    let found = read_each(path, ratio, |measurement| writer.write(measurement))?;
    writer.finish()?.finish()?;
    table::write_trajectories(&trajectories, &found.trajectories)?;
    table::write_rows(&fits, &found.fits)?;
    let line = |problem: &Problem| problem.to_string().replace(['\n', '\r'], " ") + "\n";
    let lines: String = found.problems.iter().map(line).collect();
    write_atomic(&problems, lines.as_bytes())?;
    Ok(found)
}
