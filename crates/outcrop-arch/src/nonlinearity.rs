/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonlinearity {
    /// x * Phi(x), exact.
    Gelu,
    /// The tanh approximation of GELU.
    GeluTanh,
    /// max(x, 0).
    Relu,
    /// max(x, 0)^2.
    Relu2,
    /// x * sigmoid(x).
    Silu,
    /// x * sigmoid(1.702 x).
    QuickGelu,
}
