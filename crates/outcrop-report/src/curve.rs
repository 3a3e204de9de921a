use outcrop_core::CurvePoint;

/// Corners of an area: (step, lower, upper).
pub(crate) type Band = Vec<(f64, f64, f64)>;

/// A fitted curve in order of steps, as far as it is finite.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curve {
    pub(crate) points: Vec<(f64, f64)>,
    /// The stretches on which both ends of the band are known; an infinite end reaches to the end
    /// of the axis.
    pub(crate) bands: Vec<Band>,
}

impl Curve {
    pub(crate) fn new<'c>(points: impl IntoIterator<Item = &'c CurvePoint>) -> Self {
        let placed = |p: &&CurvePoint| p.step >= 0.0 && p.step.is_finite();
        let mut rows: Vec<_> = points.into_iter().filter(placed).collect();
        rows.sort_by(|a, b| a.step.total_cmp(&b.step));
        let (mut bands, mut band) = (Vec::new(), Band::new());
        for row in &rows {
            match ends(row) {
                Some((low, high)) => band.push((row.step, low, high)),
                None => bands.push(std::mem::take(&mut band)),
            }
        }
        bands.push(band);
        bands.retain(|band| !band.is_empty());
        let points = rows.iter().map(|p| (p.step, p.value));
        Self {
            points: points.filter(|p| p.1.is_finite()).collect(),
            bands,
        }
    }

    /// The finite values and band ends.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        let ends = self.bands.iter().flatten().flat_map(|b| [b.1, b.2]);
        let ends = ends.filter(|v| v.abs() < f64::MAX);
        self.points.iter().map(|p| p.1).chain(ends)
    }

    /// The parts up to `step` and from there on; both have a point there, where there are points on
    /// both sides of it.
    pub(crate) fn split(&self, step: f64) -> (Self, Self) {
        let cut = |rows: &[(f64, f64)]| {
            let next = rows.partition_point(|p| p.0 < step);
            interpolated(rows, step).map(|value| (next, value))
        };
        let mut points = self.points.clone();
        if let Some((next, value)) = cut(&points) {
            points.insert(next, (step, value));
        }
        let bands = self.bands.iter().map(|band| {
            let mut band = band.clone();
            let (lower, upper): (Vec<_>, Vec<_>) =
                band.iter().map(|b| ((b.0, b.1), (b.0, b.2))).unzip();
            if let (Some((next, low)), Some((_, high))) = (cut(&lower), cut(&upper)) {
                band.insert(next, (step, low, high));
            }
            band
        });
        let bands: Vec<Band> = bands.collect();
        let part = |in_part: &dyn Fn(f64) -> bool| {
            let points = points.iter().filter(|p| in_part(p.0));
            let bands = bands.iter().map(|band| {
                let band = band.iter().filter(|b| in_part(b.0));
                band.copied().collect::<Band>()
            });
            Self {
                points: points.copied().collect(),
                bands: bands.filter(|band| !band.is_empty()).collect(),
            }
        };
        (part(&|s| s <= step), part(&|s| s >= step))
    }

    /// The curve at `step`, between neighbouring points linear in ln(1 + step), as the points of a
    /// run are spaced; none outside of the points.
    pub(crate) fn at(&self, step: f64) -> Option<f64> {
        interpolated(&self.points, step)
    }

    /// How far each of `points` lies from the curve, as a part of the curve: y / f - 1. Points
    /// outside of the curve, or where it is 0, are left out.
    pub(crate) fn residuals(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let residual = |(step, y): &(f64, f64)| {
            let r = y / self.at(*step)? - 1.0;
            r.is_finite().then_some((*step, r))
        };
        points.iter().filter_map(residual).collect()
    }
}

fn interpolated(points: &[(f64, f64)], step: f64) -> Option<f64> {
    let next = points.partition_point(|p| p.0 < step);
    let after = points.get(next)?;
    if after.0 == step {
        return Some(after.1);
    }
    let before = points.get(next.checked_sub(1)?)?;
    let place = |step: f64| step.ln_1p();
    let t = (place(step) - place(before.0)) / (place(after.0) - place(before.0));
    let value = before.1 + t * (after.1 - before.1);
    Some(value).filter(|v| v.is_finite())
}

/// Lower and upper end of the band in this order, infinite ones as the largest number.
fn ends(point: &CurvePoint) -> Option<(f64, f64)> {
    let (a, b) = (point.value_lo?, point.value_hi?);
    let known = |v: f64| (!v.is_nan()).then(|| v.clamp(-f64::MAX, f64::MAX));
    let (a, b) = (known(a)?, known(b)?);
    Some((a.min(b), a.max(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: f64, value: f64, low: Option<f64>, high: Option<f64>) -> CurvePoint {
        CurvePoint {
            step,
            value,
            value_lo: low,
            value_hi: high,
            ..CurvePoint::default()
        }
    }

    #[test]
    fn a_band_has_a_stretch_for_each_run_of_known_ends() {
        let rows = [
            point(100.0, 4.0, Some(3.0), Some(f64::INFINITY)),
            point(0.0, 1.0, Some(0.5), Some(1.5)),
            point(1.0, 2.0, Some(2.5), Some(1.5)),
            point(10.0, f64::NAN, Some(2.0), None),
            point(f64::NAN, 9.0, None, None),
        ];
        let curve = Curve::new(&rows);
        assert_eq!(curve.points, [(0.0, 1.0), (1.0, 2.0), (100.0, 4.0)]);
        assert_eq!(curve.bands[0], [(0.0, 0.5, 1.5), (1.0, 1.5, 2.5)]);
        assert_eq!(curve.bands[1], [(100.0, 3.0, f64::MAX)]);
        assert!(curve.values().all(|v| v <= 4.0));
        let (early, late) = curve.split(10.0);
        assert_eq!((early.points.len(), early.bands.len()), (3, 1));
        assert_eq!((late.points[0].0, late.bands.len()), (10.0, 1));
        assert_eq!(early.points[2], late.points[0]);
        assert_eq!(curve.split(0.5).1.bands[0][0].0, 0.5);
    }

    #[test]
    fn residuals_are_relative_to_the_curve() {
        let curve = Curve::new(&[point(0.0, 10.0, None, None), point(8.0, 20.0, None, None)]);
        assert_eq!(curve.at(8.0), Some(20.0));
        assert!((curve.at(2.0).unwrap() - 15.0).abs() < 1e-12); // ln 3 is half of ln 9
        assert_eq!((curve.at(9.0), curve.at(-1.0)), (None, None));
        let residuals = curve.residuals(&[(0.0, 11.0), (8.0, 15.0), (9.0, 1.0), (2.0, f64::NAN)]);
        assert!((residuals[0].1 - 0.1).abs() < 1e-12 && (residuals[1].1 + 0.25).abs() < 1e-12);
        assert_eq!(residuals.len(), 2);
    }
}
