//! The quadratic model of the cost around a point, and the choice among the steps it offers.

use nalgebra::{DMatrix, DVector};

use super::bounds::{Bounds, Scaling};

/// q(s) = s'(J'J + C)s / 2 + g's, an approximation of the cost's change, where s is a step in units
/// of `scale`: the square root of Coleman and Li's distance to the bound ahead.
pub(super) struct Quadratic {
    scale: DVector<f64>,
    /// J, its columns multiplied by the scale.
    pub(super) jacobian: DMatrix<f64>,
    gradient: DVector<f64>,
    /// C, which is diagonal: the gradient times the distance's slope.
    pub(super) curvature: DVector<f64>,
}

/// Where steps may go.
pub(super) struct Region<'a> {
    pub(super) x: &'a DVector<f64>,
    pub(super) bounds: &'a Bounds,
    /// Longest scaled step.
    pub(super) radius: f64,
    /// Share of the way to a bound that may be gone, below 1.
    pub(super) share: f64,
}

/// A step that the model offers.
pub(super) struct Step {
    /// In units of the scale.
    pub(super) scaled: DVector<f64>,
    /// In units of the variables.
    pub(super) plain: DVector<f64>,
    /// q(s).
    pub(super) change: f64,
}

/// No step can be reflected: see [`super::FormFailure::Reflection`].
#[derive(Debug)]
pub(super) struct NoReflection;

/// A parabola a t^2 + b t + c.
struct Parabola {
    a: f64,
    b: f64,
    c: f64,
}

impl Parabola {
    fn value(&self, t: f64) -> f64 {
        t * (self.a * t + self.b) + self.c
    }

    /// Place and value of the minimum within [from, to].
    fn minimum(&self, from: f64, to: f64) -> (f64, f64) {
        let mut best = (from, self.value(from));
        let bottom = -0.5 * self.b / self.a;
        let inside = self.a != 0.0 && from < bottom && bottom < to;
        for t in [Some(to), inside.then_some(bottom)].into_iter().flatten() {
            let value = self.value(t);
            if value < best.1 {
                best = (t, value);
            }
        }
        best
    }
}

impl Quadratic {
    pub(super) fn new(jacobian: &DMatrix<f64>, gradient: &DVector<f64>, scaling: &Scaling) -> Self {
        let scale = scaling.distance.map(f64::sqrt);
        let mut scaled = jacobian.clone();
        for (mut column, &scale) in scaled.column_iter_mut().zip(&scale) {
            column *= scale;
        }
        Self {
            jacobian: scaled,
            gradient: scale.component_mul(gradient),
            curvature: gradient.component_mul(&scaling.slope),
            scale,
        }
    }

    fn bent(&self, s: &DVector<f64>, by: &DVector<f64>) -> f64 {
        s.component_mul(&self.curvature).dot(by)
    }

    fn value(&self, s: &DVector<f64>) -> f64 {
        let along = &self.jacobian * s;
        0.5 * (along.dot(&along) + self.bent(s, s)) + s.dot(&self.gradient)
    }

    /// q(from + t direction).
    fn along(&self, direction: &DVector<f64>, from: Option<&DVector<f64>>) -> Parabola {
        let v = &self.jacobian * direction;
        let mut line = Parabola {
            a: 0.5 * (v.dot(&v) + self.bent(direction, direction)),
            b: self.gradient.dot(direction),
            c: 0.0,
        };
        if let Some(from) = from {
            let u = &self.jacobian * from;
            line.b += u.dot(&v) + self.bent(from, direction);
            line.c = 0.5 * u.dot(&u) + self.gradient.dot(from) + 0.5 * self.bent(from, from);
        }
        line
    }

    fn step(&self, scaled: DVector<f64>, change: f64) -> Step {
        Step {
            plain: self.scale.component_mul(&scaled),
            scaled,
            change,
        }
    }

    /// `newton`, the minimum of q in the trust region, if it lies within the bounds. If not, the
    /// best of three: `newton` cut short of the bound, the path that is reflected there, and the
    /// way down the gradient.
    pub(super) fn choose(
        &self,
        newton: DVector<f64>,
        region: &Region<'_>,
    ) -> Result<Step, NoReflection> {
        let plain = self.scale.component_mul(&newton);
        if region.bounds.contain(&(region.x + &plain)) {
            let change = self.value(&newton);
            return Ok(self.step(newton, change));
        }
        let reach = region.bounds.reach(region.x, &plain);
        let to_bound = &newton * reach.stride;
        let reflected = self.reflected(newton, &to_bound, &reach.hits, reach.stride, region)?;
        let cut = to_bound * region.share;
        let change = self.value(&cut);
        let cut = self.step(cut, change);
        let downhill = self.downhill(region);
        let reflected_change = reflected.as_ref().map_or(f64::INFINITY, |s| s.change);
        if cut.change < reflected_change && cut.change < downhill.change {
            return Ok(cut);
        }
        Ok(match reflected {
            Some(step) if step.change < cut.change && step.change < downhill.change => step,
            _ => downhill,
        })
    }

    /// To the bound, then on with the direction mirrored there, as far as is best; none where the
    /// bounds leave no room for it.
    fn reflected(
        &self,
        newton: DVector<f64>,
        to_bound: &DVector<f64>,
        hits: &[bool],
        stride: f64,
        region: &Region<'_>,
    ) -> Result<Option<Step>, NoReflection> {
        let mut mirrored = newton;
        for (component, &hit) in mirrored.iter_mut().zip(hits) {
            if hit {
                *component = -*component;
            }
        }
        let to_sphere = far_crossing(to_bound, &mirrored, region.radius).ok_or(NoReflection)?;
        let at_bound = region.x + self.scale.component_mul(to_bound);
        let next = region
            .bounds
            .reach(&at_bound, &self.scale.component_mul(&mirrored))
            .stride;
        let longest = if to_sphere < next { to_sphere } else { next };
        if longest.is_nan() || longest <= 0.0 {
            return Ok(None);
        }
        let from = (1.0 - region.share) * stride / longest;
        let to = if longest == next {
            region.share * next
        } else {
            to_sphere
        };
        if from.is_nan() || from > to {
            return Ok(None);
        }
        let (t, change) = self.along(&mirrored, Some(to_bound)).minimum(from, to);
        Ok(Some(self.step(mirrored * t + to_bound, change)))
    }

    /// Down the scaled gradient to the minimum of q, the trust region's edge or short of a bound.
    fn downhill(&self, region: &Region<'_>) -> Step {
        let direction = -&self.gradient;
        let to_sphere = region.radius / direction.norm();
        let plain = self.scale.component_mul(&direction);
        let to_bound = region.bounds.reach(region.x, &plain).stride;
        let to = if to_bound < to_sphere {
            region.share * to_bound
        } else {
            to_sphere
        };
        let (t, change) = self.along(&direction, None).minimum(0.0, to);
        self.step(direction * t, change)
    }
}

/// The larger t at which |from + t direction| = radius; none where `from` lies outside already or
/// the direction has no length.
fn far_crossing(from: &DVector<f64>, direction: &DVector<f64>, radius: f64) -> Option<f64> {
    let a = direction.dot(direction);
    let b = from.dot(direction);
    let c = from.dot(from) - radius * radius;
    if a == 0.0 || c > 0.0 {
        return None;
    }
    // the root that loses no digits first, the other from their product
    let q = -(b + (b * b - a * c).sqrt().copysign(b));
    Some((q / a).max(c / q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leaves_the_sphere_where_geometry_says() {
        let from = DVector::from_vec(vec![0.5, 0.0]);
        let up = DVector::from_vec(vec![0.0, 2.0]);
        let crossing = far_crossing(&from, &up, 1.0).unwrap();
        assert!((crossing - 0.75f64.sqrt() / 2.0).abs() < 1e-15);
        assert!(far_crossing(&from, &up, 0.4).is_none());
        assert!(far_crossing(&from, &DVector::zeros(2), 1.0).is_none());
    }

    #[test]
    fn a_parabola_is_minimised_within_its_interval() {
        let up = Parabola {
            a: 1.0,
            b: -2.0,
            c: 5.0,
        };
        assert_eq!(up.minimum(0.0, 3.0), (1.0, 4.0));
        assert_eq!(up.minimum(2.0, 3.0), (2.0, 5.0));
        let down = Parabola {
            a: -1.0,
            b: 0.0,
            c: 0.0,
        };
        assert_eq!(down.minimum(-1.0, 2.0), (2.0, -4.0));
    }
}
