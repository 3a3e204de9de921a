/// Why a form has no fit. Each message completes "failed to ...", and each is an exception in
/// SciPy's `curve_fit`, as named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormFailure {
    /// The limit was reached before any test for convergence (`RuntimeError`).
    #[error("converge within {limit} evaluations")]
    Evaluations {
        /// The limit that was set.
        limit: usize,
    },
    /// The curve has no finite values at the starting point (`ValueError`).
    #[error("evaluate the curve at its start")]
    Start,
    /// The curve has values at an accepted point but no finite derivatives (`ValueError`, raised by
    /// the singular value decomposition there).
    #[error("differentiate the curve after {evaluations} evaluations")]
    Jacobian {
        /// Evaluations until then.
        evaluations: usize,
    },
    /// The singular value decomposition did not converge (`LinAlgError`).
    #[error("decompose the jacobian after {evaluations} evaluations")]
    Decomposition {
        /// Evaluations until then.
        evaluations: usize,
    },
    /// Rounding carried a step out of its trust region, or left a direction without length
    /// (`ValueError`).
    #[error("reflect a step at a bound after {evaluations} evaluations")]
    Reflection {
        /// Evaluations until then.
        evaluations: usize,
    },
}
