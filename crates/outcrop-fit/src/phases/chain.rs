/// What a chain of hidden states is, given all observations.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothed {
    /// The probability of each state at each time, \[times, states\]; each row adds up to 1.
    pub posterior: Vec<Vec<f64>>,
    /// The expected number of changes from each state to each, \[states, states\].
    pub changes: Vec<Vec<f64>>,
    /// ln of the probability (density) of all observations.
    pub log_likelihood: f64,
}

/// The posterior of a hidden Markov chain by the forward-backward algorithm (Rabiner 1989), scaled at each time.
///
/// `start` are the probabilities of the first state, `transition` those of the next one, \[from, to\], `log_emission` ln of
/// the density of the observations at each time in each state, \[times, states\]; negative infinity rules a state out. None
/// where nothing is possible, at no time, and where shapes differ.
///
/// ```
/// let start = [0.5, 0.5];
/// let transition = [vec![0.9, 0.1], vec![0.1, 0.9]];
/// let seen = [vec![0.8f64.ln(), 0.2f64.ln()], vec![0.8f64.ln(), 0.2f64.ln()]];
/// let found = outcrop_fit::forward_backward(&start, &transition, &seen).expect("possible");
/// // 0.5 (0.8 0.9 0.8 + 0.8 0.1 0.2 + 0.2 0.1 0.8 + 0.2 0.9 0.2)
/// assert!((found.log_likelihood - 0.322f64.ln()).abs() < 1e-12);
/// assert!((found.posterior[0][0] - 0.5 * (0.576 + 0.016) / 0.322).abs() < 1e-12);
/// ```
pub fn forward_backward(
    start: &[f64],
    transition: &[Vec<f64>],
    log_emission: &[Vec<f64>],
) -> Option<Smoothed> {
    let states = start.len();
    let square = transition.len() == states && transition.iter().all(|row| row.len() == states);
    if !square || log_emission.is_empty() || log_emission.iter().any(|row| row.len() != states) {
        return None;
    }
    let (emission, shifts) = scaled(log_emission);
    let (forward, scales) = forward(start, transition, &emission)?;
    let backward = backward(transition, &emission, &scales);
    let posterior = forward
        .iter()
        .zip(&backward)
        .map(|(f, b)| normalised(f.iter().zip(b).map(|(f, b)| f * b)));
    let logs = shifts
        .iter()
        .chain(&scales.iter().map(|s| s.ln()).collect::<Vec<_>>())
        .sum();
    Some(Smoothed {
        posterior: posterior.collect(),
        changes: changes(transition, &emission, &forward, &backward, &scales),
        log_likelihood: logs,
    })
}

/// Densities over the largest at each time, and ln of that.
fn scaled(log_emission: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let largest = |row: &Vec<f64>| row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shifts: Vec<f64> = log_emission.iter().map(largest).collect();
    let scale =
        |(row, shift): (&Vec<f64>, &f64)| row.iter().map(|log| (log - shift).exp()).collect();
    (
        log_emission.iter().zip(&shifts).map(scale).collect(),
        shifts,
    )
}

/// The probabilities of states given the observations up to each time, and what each time is divided by.
fn forward(
    start: &[f64],
    transition: &[Vec<f64>],
    emission: &[Vec<f64>],
) -> Option<(Vec<Vec<f64>>, Vec<f64>)> {
    let mut found: Vec<Vec<f64>> = Vec::with_capacity(emission.len());
    let mut scales = Vec::with_capacity(emission.len());
    for seen in emission {
        let expected = |to: usize| match found.last() {
            None => start[to],
            Some(before) => before
                .iter()
                .zip(transition)
                .map(|(p, row)| p * row[to])
                .sum(),
        };
        let joint: Vec<f64> = seen
            .iter()
            .enumerate()
            .map(|(to, seen)| expected(to) * seen)
            .collect();
        let scale: f64 = joint.iter().sum();
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        found.push(joint.into_iter().map(|p| p / scale).collect());
        scales.push(scale);
    }
    Some((found, scales))
}

/// The probability of the observations after each time, by the state there, divided by the same scales.
fn backward(transition: &[Vec<f64>], emission: &[Vec<f64>], scales: &[f64]) -> Vec<Vec<f64>> {
    let mut found = vec![vec![1.0; transition.len()]];
    for (seen, scale) in emission.iter().zip(scales).skip(1).rev() {
        let after = &found[found.len() - 1];
        let of = |row: &Vec<f64>| {
            let next = row.iter().zip(seen).zip(after);
            next.map(|((p, seen), after)| p * seen * after).sum::<f64>() / scale
        };
        let before = transition.iter().map(of).collect();
        found.push(before);
    }
    found.reverse();
    found
}

fn changes(
    transition: &[Vec<f64>],
    emission: &[Vec<f64>],
    forward: &[Vec<f64>],
    backward: &[Vec<f64>],
    scales: &[f64],
) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; transition.len()]; transition.len()];
    for time in 1..emission.len() {
        for (from, row) in sums.iter_mut().enumerate() {
            for (to, sum) in row.iter_mut().enumerate() {
                let next = emission[time][to] * backward[time][to] / scales[time];
                *sum += forward[time - 1][from] * transition[from][to] * next;
            }
        }
    }
    sums
}

fn normalised(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    let weights: Vec<f64> = weights.collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}
