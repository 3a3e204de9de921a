//! Another separable problem for the same solver: two exponentials, as in a decay with two time
//! constants, f(t) = c0 + c1 exp(-t / T1) + c2 exp(-t / T2). Two coordinates, ln T1 and ln T2, are
//! searched; three coefficients are solved at each point.
//!
//! First the global search, then one descent watched by an observer of argmin.

use std::sync::{Arc, Mutex};

use argmin::core::observers::{Observe, ObserverMode};
use argmin::core::{Error, Executor, KV};
use outcrop_fit::separable::{
    BoundedLevenbergMarquardt, Bounds, Columns, Data, Projection, SearchState, Separable, Slopes,
    search,
};

/// The columns 1, exp(-t / T1) and exp(-t / T2) over p = (ln T1, ln T2).
struct TwoDecays;

impl Separable<2, 3> for TwoDecays {
    fn bounds(&self) -> Bounds<2> {
        // T1 below T2, so that no optimum has a twin
        Bounds {
            lower: [-2.0, 2.0],
            upper: [2.0, 6.0],
        }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<3>,
        mut slopes: Option<&mut Slopes<2, 3>>,
    ) {
        columns[0] = vec![1.0; steps.len()];
        for k in 0..2 {
            let rate = (-p[k]).exp();
            columns[k + 1] = steps.iter().map(|t| (-rate * t).exp()).collect();
            if let Some(slopes) = &mut slopes {
                // d exp(-t / T) / d ln T; those by the other T are 0 and stay empty
                let slope = |t: &f64| rate * t * (-rate * t).exp();
                slopes[k][k + 1] = steps.iter().map(slope).collect();
            }
        }
    }
}

/// Keeps the sum of squares of every iteration.
#[derive(Clone, Default)]
struct Costs(Arc<Mutex<Vec<f64>>>);

impl Observe<SearchState<2>> for Costs {
    fn observe_iter(&mut self, state: &SearchState<2>, _: &KV) -> Result<(), Error> {
        let mut costs = self.0.lock().map_err(|e| Error::msg(e.to_string()))?;
        costs.push(state.get_cost());
        Ok(())
    }
}

fn main() -> Result<(), Error> {
    let steps: Vec<f64> = (0..60).map(f64::from).collect();
    let f = |t: f64| 4.0 + 20.0 * (-t / 2.5).exp() - 9.0 * (-t / 30.0).exp();
    let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
    let data = Data {
        steps: &steps,
        values: &values,
        scales: &[1.0; 60],
    };

    let found = search(&TwoDecays, data, 16)?;
    let expected = [2.5, 30.0].into_iter().chain([4.0, 20.0, -9.0]);
    let times = found.p.iter().map(|p| p.exp());
    for (value, expected) in times.chain(found.coefficients).zip(expected) {
        assert!((value / expected - 1.0).abs() < 1e-6, "{value} {expected}");
    }

    let costs = Costs::default();
    let solver = BoundedLevenbergMarquardt::new(TwoDecays.bounds());
    let run = Executor::new(Projection::new(&TwoDecays, data), solver)
        .configure(|state: SearchState<2>| state.param([1.5, 3.0]).max_iters(100))
        .add_observer(costs.clone(), ObserverMode::Always)
        .run()?;
    let costs = costs.0.lock().map_err(|e| Error::msg(e.to_string()))?;
    assert!(costs.len() > 3 && costs.windows(2).all(|w| w[1] <= w[0]));
    assert!(run.state.get_best_cost() < 1e-15, "{costs:?}");
    Ok(())
}
