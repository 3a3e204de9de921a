//! The pipeline behind `outcrop reproduce`: train every architecture of a profile, measure while
//! training, fit every layer, predict, report. Each stage reads tables and writes tables.

mod analysis;
mod atlas;
mod before;
mod copies;
mod design;
mod environment;
mod explained;
mod manifest;
mod profile;
mod results;
mod short;
mod sweep;

pub(crate) use analysis::in_order;
pub use analysis::{Analysis, analyse, fit_all};
pub use atlas::{Atlas, FORMAT, Recipe};
pub use before::Before;
pub(crate) use before::recipe_of;
pub use design::{Correlation, Cost, Drawn, LeftOut};
pub(crate) use environment::corpora;
pub use environment::{environment, workspace};
pub use manifest::{About, Line, LineHead, Manifest, heads, lines};
pub(crate) use manifest::{check_extends, heads_at, write_lines};
pub use profile::{PROFILES, Profile};
pub use results::{Gathered, Results};
pub use sweep::{FailedRun, Jobs, Order, Progress, sweep};
