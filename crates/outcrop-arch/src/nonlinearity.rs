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
    /// p x^2 + x / 2 for x above 0, n (exp(x) - 1 - x) + x / 2 below, with p = softplus(a) and n = 1/2 + softplus(b) of
    /// two learned numbers a and b (Huang and Schlag 2024, arXiv 2411.13010).
    Xielu,
    /// x * sigmoid(1.702 x).
    QuickGelu,
    /// 1 / (1 + exp(-x)), of gates.
    Sigmoid,
}
