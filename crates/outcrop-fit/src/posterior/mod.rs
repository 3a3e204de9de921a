//! What the data say about the emergence curve: a posterior over the plane of its coordinates, from
//! which curves are drawn.
//!
//! Given (w, z) the curve is linear, so that the posterior of its coefficients is known exactly; only
//! the plane needs a grid, which zooms in on where the mass is. With a flat prior over the plane, the
//! coefficients and the logarithm of the noise, the mass of a point is SSE^(-(n - 3) / 2); the
//! determinant that integrating over the coefficients would add is left out, because it prefers
//! the corners in which the columns run into each other.

mod draws;
mod intervals;
mod plane;

pub use draws::Posterior;
pub use intervals::{Interval, Intervals};
