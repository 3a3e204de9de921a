use crate::separable::{Bounds, Columns, Separable, Slopes};

/// A family under weights and correlated noise, as one of independent noise of one size: each column, times the scales,
/// less rho times its value at the point before (Prais and Winsten, 1954).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whitened<'a, F> {
    pub(crate) inner: &'a F,
    /// Square roots of the weights.
    pub(crate) scales: &'a [f64],
    pub(crate) rho: f64,
}

impl<F> Whitened<'_, F> {
    /// Values as the columns are.
    pub(crate) fn values(&self, values: &[f64]) -> Vec<f64> {
        let mut values = values.to_vec();
        self.whiten(&mut values);
        values
    }

    fn whiten(&self, column: &mut [f64]) {
        column
            .iter_mut()
            .zip(self.scales)
            .for_each(|(c, s)| *c *= s);
        innovations(column, self.rho);
    }
}

/// Values with correlation rho between neighbours, as independent ones.
pub(crate) fn whitened(values: &[f64], rho: f64) -> Vec<f64> {
    let mut values = values.to_vec();
    innovations(&mut values, rho);
    values
}

fn innovations(values: &mut [f64], rho: f64) {
    for i in (1..values.len()).rev() {
        values[i] -= rho * values[i - 1];
    }
    if let Some(first) = values.first_mut() {
        *first *= (1.0 - rho * rho).sqrt();
    }
}

impl<F: Separable<N, M>, const N: usize, const M: usize> Separable<N, M> for Whitened<'_, F> {
    fn bounds(&self) -> Bounds<N> {
        self.inner.bounds()
    }

    fn shape(&self, cells: usize) -> [usize; N] {
        self.inner.shape(cells)
    }

    fn starts(&self) -> usize {
        self.inner.starts()
    }

    /// At the steps of the scales alone.
    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; N],
        columns: &mut Columns<M>,
        slopes: Option<&mut Slopes<N, M>>,
    ) {
        match slopes {
            Some(slopes) => {
                self.inner.evaluate(steps, p, columns, Some(slopes));
                slopes.iter_mut().flatten().for_each(|s| self.whiten(s));
            }
            None => self.inner.evaluate(steps, p, columns, None),
        }
        columns.iter_mut().for_each(|c| self.whiten(c));
    }

    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; N],
        visit: &mut dyn FnMut(usize, &Columns<M>),
    ) {
        let mut own = [const { Vec::new() }; M];
        self.inner.sweep(steps, axes, &mut |unchanged, columns| {
            for (own, column) in own.iter_mut().zip(columns).skip(unchanged) {
                own.clone_from(column);
                self.whiten(own);
            }
            visit(unchanged, &own);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::EmergenceFamily;
    use crate::separable::check_slopes;

    #[test]
    fn slopes_are_those_of_the_columns() {
        let steps = [0.0, 1.0, 16.0, 512.0, 7_000.0, 60_000.0, 143_000.0];
        let inner = EmergenceFamily::new(143_000.0, 10.0, 1.0);
        let scales = [1.0, 0.5, 2.0, 1.0, 1.0, 0.3, 0.7];
        let family = Whitened {
            inner: &inner,
            scales: &scales,
            rho: 0.4,
        };
        check_slopes(&family, [1.0, -4.0], &steps);
    }

    /// The sum of squares is that of the inverse of the correlations, but for a factor.
    #[test]
    fn innovations_are_independent() {
        let (rho, x) = (0.6f64, [1.0, -2.0, 0.5]);
        let squares: f64 = whitened(&x, rho).iter().map(|v| v * v).sum();
        // the inverse of the AR(1) correlations times 1 - rho^2 is tridiagonal
        let diagonal = x[0] * x[0] + (1.0 + rho * rho) * x[1] * x[1] + x[2] * x[2];
        let beside = -2.0 * rho * (x[0] * x[1] + x[1] * x[2]);
        assert!((squares - diagonal - beside).abs() < 1e-12);
    }
}
