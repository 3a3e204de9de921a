//! Tables as CSV: fixed headers, extra columns allowed, bad rows named and left out.
//!
//! ```
//! use outcrop_core::table;
//! use outcrop_core::Trajectory;
//!
//! let csv = "model,layer,step,ratio\nm,1,0,5.5\nm,1,torn\nm,1,8,6.5\n";
//! let loaded = table::trajectories_from(csv.as_bytes(), "t.csv")?;
//! assert_eq!(loaded.rows[0].ratios, [5.5, 6.5]);
//! assert_eq!(loaded.problems[0].line, 3);
//! # Ok::<(), outcrop_core::Error>(())
//! ```

pub(crate) mod architecture;
mod csv_io;
pub(crate) mod fit;
mod measurement;
mod rows;
mod trajectory;

pub use architecture::{architectures, architectures_from, write_architectures};
pub use csv_io::{Loaded, Problem};
pub use measurement::{append_measurements, measurements, measurements_from, write_measurements};
pub use rows::{Row, append_rows, read_rows, read_rows_from, rows_to_csv, write_rows};
pub use trajectory::{trajectories, trajectories_from, write_trajectories};
