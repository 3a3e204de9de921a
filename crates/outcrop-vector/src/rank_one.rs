//! Rows that are products of a weight each and one row, or summed with a weight each.

use crate::vectorised;

vectorised! {
    /// `sum` += the rows of `rows`, as long as it, each times its weight.
    ///
    /// ```
    /// let mut sum = [1.0, 0.0];
    /// outcrop_vector::add_weighted(&[2.0, 3.0], &[1.0, 10.0, 2.0, 20.0], &mut sum);
    /// assert_eq!(sum, [9.0, 80.0]);
    /// ```
    pub fn add_weighted<'a>(weights: &'a [f32], rows: &'a [f32], sum: &'a mut [f32]) -> () {
        for (weight, row) in weights.iter().zip(rows.chunks_exact(sum.len())) {
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
        }
    }
}

vectorised! {
    /// Each of `rows`, as long as `row`, += `row` times its weight.
    ///
    /// ```
    /// let mut rows = [1.0, 0.0, 0.0, 1.0];
    /// outcrop_vector::add_outer(&[2.0, 3.0], &[1.0, 10.0], &mut rows);
    /// assert_eq!(rows, [3.0, 20.0, 3.0, 31.0]);
    /// ```
    pub fn add_outer<'a>(weights: &'a [f32], row: &'a [f32], rows: &'a mut [f32]) -> () {
        for (weight, to) in weights.iter().zip(rows.chunks_exact_mut(row.len())) {
            to.iter_mut().zip(row).for_each(|(to, x)| *to += weight * x);
        }
    }
}

vectorised! {
    /// The product of each of `rows`, as long as `row`, with `row`.
    ///
    /// ```
    /// let mut products = [0.0; 2];
    /// outcrop_vector::row_products(&[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0], &mut products);
    /// assert_eq!(products, [21.0, 43.0]);
    /// ```
    pub fn row_products<'a>(rows: &'a [f32], row: &'a [f32], products: &'a mut [f32]) -> () {
        for (product, x) in products.iter_mut().zip(rows.chunks_exact(row.len())) {
            *product = crate::sums::sum(x, row, |x, y| x * y);
        }
    }
}
