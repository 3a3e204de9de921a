//! Curves in schedule time: families over S, the sum of the learning rates, in the place of the step, with what a decay
//! takes away, or with an early dip.

use std::sync::Arc;

use super::columns::{fill, log_column, ones};
use super::coordinates::OffsetAxis;
use crate::ScheduleTime;
use crate::schedule::Annealing;
use crate::separable::{Bounds, Columns, Separable, Slopes};

/// A family of curves of time, of which time is S.
#[derive(Clone, Debug)]
pub(crate) struct InScheduleTime<F> {
    pub(crate) time: Arc<ScheduleTime>,
    pub(crate) inner: F,
}

impl<F: Separable<N, M>, const N: usize, const M: usize> Separable<N, M> for InScheduleTime<F> {
    fn bounds(&self) -> Bounds<N> {
        self.inner.bounds()
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; N],
        columns: &mut Columns<M>,
        slopes: Option<&mut Slopes<N, M>>,
    ) {
        let sums: Vec<f64> = steps.iter().map(|t| self.time.at(*t)).collect();
        self.inner.evaluate(&sums, p, columns, slopes);
    }

    fn shape(&self, cells: usize) -> [usize; N] {
        self.inner.shape(cells)
    }

    fn starts(&self) -> usize {
        self.inner.starts()
    }

    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; N],
        visit: &mut dyn FnMut(usize, &Columns<M>),
    ) {
        let sums: Vec<f64> = steps.iter().map(|t| self.time.at(*t)).collect();
        self.inner.sweep(&sums, axes, visit);
    }
}

/// ln(S + S0), with what both families below have besides.
#[derive(Clone, Debug)]
pub(crate) struct ScheduleAxes {
    pub(crate) time: Arc<ScheduleTime>,
    pub(crate) offset: OffsetAxis,
    /// S at the last step, and the last step.
    sum: f64,
    last: f64,
    /// The least S0: that of as many updates at the largest rate as the option `min_tau0` says.
    least: f64,
}

impl ScheduleAxes {
    pub(crate) fn new(time: Arc<ScheduleTime>, last: f64, min_tau0: f64) -> Self {
        let (sum, least) = (time.at(last), min_tau0 * time.peak());
        Self {
            offset: OffsetAxis::new(sum),
            time,
            sum,
            last,
            least,
        }
    }

    /// S at the last step, and the least S0.
    pub(crate) fn range(&self) -> [f64; 2] {
        [self.sum, self.least]
    }

    fn lowest(&self) -> f64 {
        self.offset.coordinate(self.least)
    }

    /// The logarithm at a step and its derivative by z.
    pub(crate) fn log(&self, t: f64, z: f64) -> [f64; 2] {
        let (kappa, tau0) = (self.offset.kappa(z), self.offset.tau0(z));
        let (log, by_kappa) = log_column(self.time.at(t), self.offset.centre(), kappa, tau0);
        [log, by_kappa * self.offset.slope(z)]
    }

    fn logs(&self, steps: &[f64], z: f64, column: &mut Vec<f64>, slope: Option<&mut Vec<f64>>) {
        fill(steps, column, |t| self.log(t, z)[0]);
        if let Some(slope) = slope {
            fill(steps, slope, |t| self.log(t, z)[1]);
        }
    }
}

/// Columns 1, S2 and ln(S + S0), over ln memory and z.
#[derive(Clone, Debug)]
pub(crate) struct AnnealingFamily(pub(crate) ScheduleAxes);

/// The shortest memory of the decay, in updates: with less it is forgotten between two updates.
const LEAST_MEMORY: f64 = 2.0;

impl AnnealingFamily {
    /// The memory in updates.
    pub(crate) fn memory(p: &[f64; 2]) -> f64 {
        p[0].exp()
    }
}

impl Separable<2, 3> for AnnealingFamily {
    fn bounds(&self) -> Bounds<2> {
        let longest = (2.0 * LEAST_MEMORY).max(self.0.last);
        Bounds {
            lower: [LEAST_MEMORY.ln(), self.0.lowest()],
            upper: [longest.ln(), 0.0],
        }
    }

    /// Memories are told apart by the middle of a decay alone.
    fn shape(&self, cells: usize) -> [usize; 2] {
        [(cells / 2).max(4), cells]
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<3>,
        slopes: Option<&mut Slopes<2, 3>>,
    ) {
        let memory = Self::memory(p);
        let annealing = Annealing::new(&self.0.time, memory);
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| annealing.value(t)[0]);
        let Some([[_, by_memory, _], [_, _, by_z]]) = slopes else {
            return self.0.logs(steps, p[1], &mut columns[2], None);
        };
        // lambda = 1 - 1 / memory
        fill(steps, by_memory, |t| annealing.value(t)[1] / memory);
        self.0.logs(steps, p[1], &mut columns[2], Some(by_z));
    }

    /// What a decay takes away depends on the memory alone.
    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; 2],
        visit: &mut dyn FnMut(usize, &Columns<3>),
    ) {
        product_sweep(
            steps,
            axes,
            &|x, column| {
                let annealing = Annealing::new(&self.0.time, x.exp());
                fill(steps, column, |t| annealing.value(t)[0]);
            },
            &|z, column| self.0.logs(steps, z, column, None),
            visit,
        );
    }
}

/// Columns 1, exp(-S / S_dip) and ln(S + S0), over ln(S_dip) and z.
#[derive(Clone, Debug)]
pub(crate) struct DipFamily(pub(crate) ScheduleAxes);

/// The slowest dip, as a share of S at the last step: what takes longer is not early.
const SLOWEST_DIP: f64 = 0.1;

impl DipFamily {
    /// exp(-S / S_dip) at a step and its derivative by ln S_dip.
    pub(crate) fn dip(&self, t: f64, log_dip: f64) -> [f64; 2] {
        let x = self.0.time.at(t) / log_dip.exp();
        [(-x).exp(), x * (-x).exp()]
    }
}

impl Separable<2, 3> for DipFamily {
    fn bounds(&self) -> Bounds<2> {
        let slowest = SLOWEST_DIP * self.0.sum;
        let fastest = self.0.least.min(0.5 * slowest);
        Bounds {
            lower: [fastest.ln(), self.0.lowest()],
            upper: [slowest.ln(), 0.0],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<3>,
        slopes: Option<&mut Slopes<2, 3>>,
    ) {
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| self.dip(t, p[0])[0]);
        let Some([[_, by_dip, _], [_, _, by_z]]) = slopes else {
            return self.0.logs(steps, p[1], &mut columns[2], None);
        };
        fill(steps, by_dip, |t| self.dip(t, p[0])[1]);
        self.0.logs(steps, p[1], &mut columns[2], Some(by_z));
    }

    /// The dip depends on its own coordinate alone.
    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; 2],
        visit: &mut dyn FnMut(usize, &Columns<3>),
    ) {
        product_sweep(
            steps,
            axes,
            &|x, column| fill(steps, column, |t| self.dip(t, x)[0]),
            &|z, column| self.0.logs(steps, z, column, None),
            visit,
        );
    }
}

/// Fills a column at one coordinate.
type Filling<'a> = &'a dyn Fn(f64, &mut Vec<f64>);

/// The columns 1, `first` of the one coordinate and `second` of the other.
fn product_sweep(
    steps: &[f64],
    axes: &[Vec<f64>; 2],
    first: Filling<'_>,
    second: Filling<'_>,
    visit: &mut dyn FnMut(usize, &Columns<3>),
) {
    let of_second = |z: &f64| {
        let mut column = Vec::new();
        second(*z, &mut column);
        column
    };
    let seconds: Vec<Vec<f64>> = axes[1].iter().map(of_second).collect();
    let mut columns = [vec![1.0; steps.len()], Vec::new(), Vec::new()];
    let mut unchanged = 0;
    for &x in &axes[0] {
        first(x, &mut columns[1]);
        for second in &seconds {
            columns[2].clone_from(second);
            visit(unchanged, &columns);
            unchanged = 2;
        }
        unchanged = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RateHistory;
    use crate::families::EmergenceFamily;
    use crate::separable::check_slopes;
    use proptest::prelude::*;

    const STEPS: [f64; 8] = [0.0, 1.0, 16.0, 100.0, 400.0, 700.0, 850.0, 1000.0];

    /// Warm-up, stable, decay.
    fn time() -> Arc<ScheduleTime> {
        let steps: Vec<f64> = (1..=1000).map(f64::from).collect();
        let rate = |t: &f64| 0.01 * (t / 100.0).min(1.0).min((1050.0 - t) / 450.0);
        let rates: Vec<f64> = steps.iter().map(rate).collect();
        Arc::new(ScheduleTime::new(&RateHistory::new(&steps, &rates)).unwrap())
    }

    fn axes() -> ScheduleAxes {
        ScheduleAxes::new(time(), 1000.0, 1.0)
    }

    fn inside(bounds: Bounds<2>, u: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|k| bounds.lower[k] + u[k] * (bounds.upper[k] - bounds.lower[k]))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn slopes_are_those_of_the_columns(u in 0.01..0.99f64, v in 0.01..0.99f64) {
            let annealing = AnnealingFamily(axes());
            check_slopes(&annealing, inside(annealing.bounds(), [u, v]), &STEPS);
            let dip = DipFamily(axes());
            check_slopes(&dip, inside(dip.bounds(), [u, v]), &STEPS);
            let sum = time().at(1000.0);
            let emergence = InScheduleTime { time: time(), inner: EmergenceFamily::new(sum, 10.0, 0.01) };
            check_slopes(&emergence, inside(emergence.bounds(), [u, v]), &STEPS);
        }
    }

    #[test]
    fn columns_are_the_closed_forms() {
        let family = DipFamily(axes());
        let (time, z) = (time(), family.0.offset.coordinate(0.5));
        let mut columns = [const { Vec::new() }; 3];
        family.evaluate(&[400.0, 850.0], &[0.2f64.ln(), z], &mut columns, None);
        let kappa = family.0.offset.kappa(z);
        let (early, late) = (time.at(400.0), time.at(850.0));
        assert!((columns[1][0] - (-early / 0.2).exp()).abs() < 1e-15);
        let rise = kappa * (columns[2][1] - columns[2][0]);
        assert!((rise - ((late + 0.5) / (early + 0.5)).ln()).abs() < 1e-12);
    }
}
