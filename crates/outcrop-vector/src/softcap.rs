//! Bounds c of numbers x, which become c tanh(x / c) (Gemma Team 2024, arXiv 2408.00118).

use crate::elementary::tanh;
use crate::vectorised;

vectorised! {
    /// x becomes c tanh(x / c) of each.
    ///
    /// ```
    /// let mut x = [0.0, 1.0, -300.0];
    /// outcrop_vector::softcap(&mut x, 30.0);
    /// assert_eq!((x[0], x[2]), (0.0, -30.0));
    /// assert!((x[1] - 30.0 * (1.0f32 / 30.0).tanh()).abs() < 1e-6);
    /// ```
    pub fn softcap<'a>(x: &'a mut [f32], cap: f32) -> () {
        x.iter_mut().for_each(|x| *x = cap * tanh(*x / cap));
    }
}

vectorised! {
    /// The same, with the derivative 1 - tanh(x / c)^2 of each in `slopes`.
    pub fn softcap_slopes<'a>(x: &'a mut [f32], cap: f32, slopes: &'a mut [f32]) -> () {
        for (x, slope) in x.iter_mut().zip(slopes) {
            let t = tanh(*x / cap);
            *x = cap * t;
            *slope = (-t).mul_add(t, 1.0);
        }
    }
}
