//! xIELU (Huang and Schlag 2024, arXiv 2411.13010).

use crate::elementary::exp;
use crate::vectorised;

vectorised! {
    /// y = p x^2 + x / 2 for x above 0, n (exp(x) - 1 - x) + x / 2 below, `alphas` are p and n.
    ///
    /// ```
    /// let mut y = [0.0; 2];
    /// outcrop_vector::xielu(&[2.0, -3.0], [0.5, 1.5], &mut y);
    /// assert_eq!(y[0], 3.0);
    /// assert!((y[1] - (1.5 * ((-3.0f32).exp() + 2.0) - 1.5)).abs() < 1e-6);
    /// ```
    pub fn xielu<'a>(x: &'a [f32], alphas: [f32; 2], y: &'a mut [f32]) -> () {
        let [p, n] = alphas;
        for (x, y) in x.iter().zip(y) {
            let (above, below) = (x.max(0.0), x.min(0.0));
            *y = p * above * above + n * (exp(below) - 1.0 - below) + 0.5 * x;
        }
    }
}

vectorised! {
    /// y = [`xielu`] of x, and `gradient`, that of y, becomes that of x; the gradients of p and n.
    pub fn xielu_backward<'a>(
        x: &'a [f32],
        alphas: [f32; 2],
        y: &'a mut [f32],
        gradient: &'a mut [f32],
    ) -> [f32; 2] {
        let [p, n] = alphas;
        let mut sums = [0.0; 2];
        for ((x, y), g) in x.iter().zip(y).zip(gradient) {
            let (above, below) = (x.max(0.0), x.min(0.0));
            let e = exp(below) - 1.0;
            let [square, bent] = [above * above, e - below];
            *y = p * square + n * bent + 0.5 * x;
            sums[0] += *g * square;
            sums[1] += *g * bent;
            *g *= 2.0 * p * above + n * e + 0.5;
        }
        sums
    }
}
