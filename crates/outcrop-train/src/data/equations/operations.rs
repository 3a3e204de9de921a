use std::fmt;

use super::permutations::{compose, count};
use crate::data::Error;

/// An operation of two elements a and b, of numbers modulo p or of permutations: a corpus of equations.
#[derive(Clone, Copy)]
pub struct BinaryOperation {
    /// The name of the corpus, such as `modular-addition`.
    pub name: &'static str,
    /// The corpus with all that may follow its name.
    pub form: &'static str,
    /// The operation in words, with its formula.
    pub meaning: &'static str,
    /// What its size is called: the modulus p, or the number of things that are permuted.
    pub size: &'static str,
    /// The size where it is not given.
    pub default_size: usize,
    /// The least and the largest size.
    pub sizes: [usize; 2],
    /// Whether the size must be a prime number.
    pub prime: bool,
    /// How many elements there are, numbered from 0, for a size.
    pub elements: fn(usize) -> usize,
    /// c of a and b for a size; none where it is not defined.
    pub apply: fn(usize, usize, usize) -> Option<usize>,
    /// Which pairs are trained on is drawn from this stream.
    pub(super) stream: u64,
}

const MODULAR: BinaryOperation = BinaryOperation {
    name: "",
    form: "",
    meaning: "",
    size: "modulus",
    default_size: 97,
    sizes: [2, 1000],
    prime: false,
    elements: |p| p,
    apply: |_, _, _| None,
    stream: 0,
};

/// Every operation. The order of the pairs, and so which are held out, depends on the operation and its size alone.
pub const OPERATIONS: [BinaryOperation; 6] = [
    BinaryOperation {
        name: "modular-addition",
        form: "modular-addition[:MODULUS[:PERCENT]]",
        meaning: "a + b mod p",
        apply: |a, b, p| Some((a + b) % p),
        stream: 1,
        ..MODULAR
    },
    BinaryOperation {
        name: "modular-subtraction",
        form: "modular-subtraction[:MODULUS[:PERCENT]]",
        meaning: "a - b mod p",
        apply: |a, b, p| Some((a + p - b) % p),
        stream: 2,
        ..MODULAR
    },
    BinaryOperation {
        name: "modular-multiplication",
        form: "modular-multiplication[:MODULUS[:PERCENT]]",
        meaning: "a b mod p",
        apply: |a, b, p| Some(a * b % p),
        stream: 3,
        ..MODULAR
    },
    BinaryOperation {
        name: "modular-division",
        form: "modular-division[:MODULUS[:PERCENT]]",
        meaning: "a / b mod p, b > 0: the c with b c = a mod p",
        prime: true,
        apply: divide,
        stream: 4,
        ..MODULAR
    },
    BinaryOperation {
        name: "modular-polynomial",
        form: "modular-polynomial[:MODULUS[:PERCENT]]",
        meaning: "a^2 + a b + b^2 mod p",
        apply: |a, b, p| Some((a * a + a * b + b * b) % p),
        stream: 5,
        ..MODULAR
    },
    BinaryOperation {
        name: "permutations",
        form: "permutations[:THINGS[:PERCENT]]",
        meaning: "the permutation i -> a(b(i)) of n things",
        size: "number of things",
        default_size: 5,
        sizes: [2, 6],
        elements: count,
        apply: |a, b, n| Some(compose(a, b, n)),
        stream: 6,
        ..MODULAR
    },
];

impl BinaryOperation {
    /// The operation of this name.
    ///
    /// ```
    /// use outcrop_train::data::BinaryOperation;
    ///
    /// let division = BinaryOperation::named("modular-division").expect("it is in the list");
    /// assert_eq!((division.apply)(1, 3, 7), Some(5)); // 3 * 5 = 1 modulo 7
    /// assert_eq!((division.apply)(1, 0, 7), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        OPERATIONS.into_iter().find(|one| one.name == name)
    }

    /// Checks a size.
    pub(in crate::data) fn check_size(&self, size: usize) -> Result<usize, Error> {
        let [least, most] = self.sizes;
        let fits = (least..=most).contains(&size) && (!self.prime || is_prime(size));
        match fits {
            true => Ok(size),
            false => Err(self.refuse_size(&size.to_string(), size)),
        }
    }

    /// Checks a share of the pairs to train on, in percent.
    pub(in crate::data) fn check_percent(&self, percent: usize) -> Result<usize, Error> {
        match (1..=99).contains(&percent) {
            true => Ok(percent),
            false => Err(self.refuse_percent(&percent.to_string())),
        }
    }

    /// The error for a share in words.
    pub(in crate::data) fn refuse_percent(&self, given: &str) -> Error {
        let field = format!("percent of corpus {}", self.name);
        outcrop_core::Error::range(field, given, "1 to 99").into()
    }

    /// The error for a size in words.
    pub(in crate::data) fn refuse_size(&self, given: &str, near: usize) -> Error {
        let [least, most] = self.sizes;
        let allowed = match self.prime {
            false => format!("{least} to {most}"),
            true => {
                let near = near.clamp(least, most);
                let below = (least..=near).rev().find(|n| is_prime(*n));
                let above = (near + 1..=most).find(|n| is_prime(*n));
                let words: Vec<String> = [below, above]
                    .into_iter()
                    .flatten()
                    .map(|n| n.to_string())
                    .collect();
                format!(
                    "a prime number, {least} to {most}, such as {}",
                    words.join(" or ")
                )
            }
        };
        let field = format!("{} of corpus {}", self.size, self.name);
        outcrop_core::Error::range(field, given, allowed).into()
    }
}

/// By name: no two have the same.
impl PartialEq for BinaryOperation {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for BinaryOperation {}

impl fmt::Debug for BinaryOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

fn is_prime(n: usize) -> bool {
    n > 1
        && (2..)
            .take_while(|d| d * d <= n)
            .all(|d| !n.is_multiple_of(d))
}

/// The c with b c = a modulo the prime p.
fn divide(a: usize, b: usize, p: usize) -> Option<usize> {
    (!b.is_multiple_of(p)).then(|| {
        // b^(p - 2) is 1 / b (Fermat)
        let (mut c, mut power, mut left) = (a % p, b % p, p - 2);
        while left > 0 {
            if left % 2 == 1 {
                c = c * power % p;
            }
            (power, left) = (power * power % p, left / 2);
        }
        c
    })
}
