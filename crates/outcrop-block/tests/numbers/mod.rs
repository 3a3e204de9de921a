/// Numbers that look random, between -1 and 1, which f32 holds exactly.
pub(crate) fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let numbers = architectures::uniform(&seed.to_string(), n);
    numbers.map(|u| 2.0 * u).collect()
}

pub(crate) fn f32s(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}
