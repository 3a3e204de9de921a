//! Separable least squares by variable projection, for curves that are linear in M coefficients
//! once N coordinates are given, f(t) = sum_j c_j phi_j(t; p).
//!
//! For each p the coefficients are solved exactly, so that only the N coordinates are left to
//! search: a grid covers their bounds and a bounded Levenberg-Marquardt method, a [`Solver`] of
//! argmin, polishes every local minimum of the grid (Golub and Pereyra, 1973, SIAM Journal on
//! Numerical Analysis 10:413).
//!
//! | item | what it is |
//! |---|---|
//! | [`Separable`] | a family of curves: its columns phi_j and their derivatives by p |
//! | [`Bounds`] | where the coordinates lie |
//! | [`Data`], [`Projection`] | observations with weights, and the projected problem |
//! | [`BoundedLevenbergMarquardt`] | the solver, for argmin's `Executor` and its observers |
//! | [`search`] | the global optimum |
//!
//! [`Solver`]: argmin::core::Solver

mod columns;
mod grid;
mod levenberg_marquardt;
mod model;
mod projection;
mod search;

pub use levenberg_marquardt::{BoundedLevenbergMarquardt, Linearization, Linearize, SearchState};
pub use model::{Bounds, Columns, Separable, Slopes};
pub use projection::{Data, Inner, Projection};
pub use search::{Optimum, search};

pub(crate) use columns::norm;
pub(crate) use grid::{axis, squares};
pub(crate) use search::{descend, search_within};

#[cfg(test)]
pub(crate) use model::tests::check_slopes;
