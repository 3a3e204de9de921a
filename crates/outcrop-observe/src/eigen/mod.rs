//! Eigenvalues of symmetric matrices, without vectors: Householder reflections make the matrix tridiagonal, of which the
//! QL method without square roots finds them.

mod iterate;
mod tridiagonal;

pub(crate) use iterate::eigenvalues_of_two;
pub(crate) use tridiagonal::Tridiagonal;
