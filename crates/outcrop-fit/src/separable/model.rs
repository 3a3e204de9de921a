/// Lower and upper bound of each coordinate; where they are equal the coordinate is fixed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds<const N: usize> {
    /// Smallest value of each coordinate.
    pub lower: [f64; N],
    /// Largest value of each coordinate.
    pub upper: [f64; N],
}

impl<const N: usize> Bounds<N> {
    /// `p` moved onto the nearest point within the bounds.
    ///
    /// ```
    /// use outcrop_fit::separable::Bounds;
    ///
    /// let bounds = Bounds { lower: [0.0, -1.0], upper: [2.0, 1.0] };
    /// assert_eq!(bounds.clamp([3.0, 0.5]), [2.0, 0.5]);
    /// ```
    pub fn clamp(&self, mut p: [f64; N]) -> [f64; N] {
        for (k, p) in p.iter_mut().enumerate() {
            *p = p.clamp(self.lower[k], self.upper[k]);
        }
        p
    }

    /// The same bounds with one coordinate fixed.
    pub fn fixed(mut self, coordinate: usize, value: f64) -> Self {
        self.lower[coordinate] = value;
        self.upper[coordinate] = value;
        self
    }
}

/// Column j at every step: `columns[j][i]` is phi_j at step i.
pub type Columns<const M: usize> = [Vec<f64>; M];

/// Derivatives of the columns: `slopes[m][j][i]` is that of phi_j at step i by coordinate m. A
/// derivative that is 0 throughout may be left empty.
pub type Slopes<const N: usize, const M: usize> = [[Vec<f64>; M]; N];

/// A family of curves that is linear in M coefficients once N coordinates p are given.
///
/// ```
/// use outcrop_fit::separable::{Bounds, Columns, Data, Separable, Slopes, search};
///
/// /// c0 + c1 exp(-t exp(-p)).
/// struct Decay;
///
/// impl Separable<1, 2> for Decay {
///     fn bounds(&self) -> Bounds<1> {
///         Bounds { lower: [-5.0], upper: [5.0] }
///     }
///     fn evaluate(&self, t: &[f64], p: &[f64; 1], columns: &mut Columns<2>, slopes: Option<&mut Slopes<1, 2>>) {
///         let rate = (-p[0]).exp();
///         columns[0] = vec![1.0; t.len()];
///         columns[1] = t.iter().map(|t| (-rate * t).exp()).collect();
///         if let Some(slopes) = slopes {
///             slopes[0][1] = t.iter().map(|t| rate * t * (-rate * t).exp()).collect();
///         }
///     }
/// }
///
/// let t: Vec<f64> = (0..20).map(f64::from).collect();
/// let y: Vec<f64> = t.iter().map(|t| 2.0 + 7.0 * (-t / 4.0).exp()).collect();
/// let data = Data { steps: &t, values: &y, scales: &[1.0; 20] };
/// let found = search(&Decay, data, 16)?;
/// assert!((found.p[0].exp() - 4.0).abs() < 1e-6);
/// assert!((found.coefficients[1] - 7.0).abs() < 1e-6);
/// # Ok::<(), argmin::core::Error>(())
/// ```
pub trait Separable<const N: usize, const M: usize> {
    /// Where the coordinates lie.
    fn bounds(&self) -> Bounds<N>;

    /// The columns at each of `steps` and, where they are asked for, their derivatives by p. The
    /// vectors come with the content of an earlier call, for their memory.
    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; N],
        columns: &mut Columns<M>,
        slopes: Option<&mut Slopes<N, M>>,
    );

    /// Grid points along each coordinate, where `cells` are asked for. A coordinate in which the
    /// curves vary slowly needs fewer.
    fn shape(&self, cells: usize) -> [usize; N] {
        [cells; N]
    }

    /// How many local minima of the grid are polished, the lowest first: all, unless the family
    /// has spurious ones in number.
    fn starts(&self) -> usize {
        usize::MAX
    }

    /// Hands the columns at every point of the grid `axes[0]` x `axes[1]` x ... to `visit`, the
    /// last axis fastest, with the number of leading columns that are as at the point before. A
    /// family whose columns depend on one coordinate alone, or are products of such, can save
    /// most of the work here.
    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; N],
        visit: &mut dyn FnMut(usize, &Columns<M>),
    ) {
        let mut columns = [const { Vec::new() }; M];
        let cells: usize = axes.iter().map(Vec::len).product();
        for cell in 0..cells {
            let (mut rest, mut p) = (cell, [0.0; N]);
            for (k, axis) in axes.iter().enumerate().rev() {
                p[k] = axis[rest % axis.len()];
                rest /= axis.len();
            }
            self.evaluate(steps, &p, &mut columns, None);
            visit(0, &columns);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Compares the derivatives of a family with central differences, and its sweep with single
    /// evaluations.
    pub(crate) fn check_slopes<const N: usize, const M: usize>(
        family: &impl Separable<N, M>,
        p: [f64; N],
        steps: &[f64],
    ) {
        let at = |p: &[f64; N]| {
            let mut columns = [const { Vec::new() }; M];
            family.evaluate(steps, p, &mut columns, None);
            columns
        };
        let mut slopes = [const { [const { Vec::new() }; M] }; N];
        let mut beside = [const { Vec::new() }; M];
        family.evaluate(steps, &p, &mut beside, Some(&mut slopes));
        assert_eq!(beside, at(&p), "columns differ when slopes are asked for");
        for m in 0..N {
            let h = 1e-5;
            let (mut up, mut down) = (p, p);
            up[m] += h;
            down[m] -= h;
            let (above, below) = (at(&up), at(&down));
            for j in 0..M {
                let size = above[j].iter().map(|x| x.abs()).fold(0.0, f64::max);
                for i in 0..steps.len() {
                    let numeric = (above[j][i] - below[j][i]) / (2.0 * h);
                    let slope = slopes[m][j].get(i).copied().unwrap_or(0.0);
                    assert!(
                        (slope - numeric).abs() <= 1e-7 * (size + numeric.abs()) + 1e-10,
                        "column {j} by coordinate {m} at {p:?}, t = {}: {slope} against {numeric}",
                        steps[i],
                    );
                }
            }
        }
        let mut axes = p.map(|p| vec![p]);
        axes[N - 1].push(p[N - 1] - 1e-3);
        let mut cell = 0;
        family.sweep(steps, &axes, &mut |_, columns| {
            let mut p = p;
            p[N - 1] = axes[N - 1][cell];
            for (swept, single) in columns.iter().zip(at(&p)) {
                for (a, b) in swept.iter().zip(single) {
                    assert!(
                        (a - b).abs() <= 1e-12 * b.abs() + 1e-14,
                        "sweep: {a} against {b}"
                    );
                }
            }
            cell += 1;
        });
        assert_eq!(cell, 2);
    }
}
