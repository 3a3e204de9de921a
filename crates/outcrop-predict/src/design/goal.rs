//! The target of a design: `f_max<50 at every layer`.

use std::fmt;
use std::str::FromStr;

use super::number;
use crate::named::unknown;
use crate::{Error, Result, Target};

/// A bound on a predicted quantity, over the layers of a model.
///
/// Written as `QUANTITY < BOUND [at every layer | at any layer | on average]`, with `<`, `<=`, `>` or
/// `>=` (a predicted number is never exactly a bound, so `<` and `<=` are one) and `at every layer`
/// where nothing is said. The quantity is a target without its logarithm, `f_max`, `f_last`,
/// `f_first` (ratios) or `t_half` (step), or a parameter `A`, `lambda`, `gamma`, `t0`, `K`; the bound
/// may end in K, M or B for a thousand, a million, a billion.
///
/// ```
/// use outcrop_predict::{Goal, LayerAggregate, Target};
///
/// let goal: Goal = "f_max < 50 at every layer".parse()?;
/// assert_eq!((goal.target, goal.below, goal.bound), (Target::LnFMax, true, 50.0));
/// assert_eq!("t_half>1.5K on average".parse::<Goal>()?.layers, LayerAggregate::Average);
/// assert!("f_mix<50".parse::<Goal>().unwrap_err().to_string().contains("f_max"));
/// # Ok::<(), outcrop_predict::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The target that is predicted; its logarithm is undone before it is compared.
    pub target: Target,
    /// Whether the quantity is to be below the bound.
    pub below: bool,
    /// The bound, in the unit of the quantity.
    pub bound: f64,
    /// Over which layers.
    pub layers: LayerAggregate,
}

/// Which layers must keep a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerAggregate {
    /// All of them: the worst counts.
    Every,
    /// At least one: the best counts.
    Any,
    /// Their mean; of ratios and steps the geometric one.
    Average,
}

impl Goal {
    /// The quantity without its logarithm, as goals name it.
    pub fn quantity(&self) -> &'static str {
        quantity(self.target)
    }

    /// Whether `value`, in the unit of the quantity, keeps the bound.
    pub fn holds(&self, value: f64) -> bool {
        match self.below {
            true => value <= self.bound,
            false => value >= self.bound,
        }
    }

    /// Whether `a` is further on the wanted side than `b`.
    pub fn better(&self, a: f64, b: f64) -> bool {
        if self.below { a < b } else { a > b }
    }

    /// One number for the values of the target in all layers, in the unit of the quantity; NaN of none.
    pub fn over_layers(&self, values: &[f64]) -> f64 {
        let largest = matches!(self.layers, LayerAggregate::Every) == self.below;
        let value = match self.layers {
            LayerAggregate::Average => values.iter().sum::<f64>() / values.len() as f64,
            _ if largest => values.iter().copied().fold(f64::NAN, f64::max),
            _ => values.iter().copied().fold(f64::NAN, f64::min),
        };
        if logarithmic(self.target) {
            value.exp()
        } else {
            value
        }
    }
}

fn logarithmic(target: Target) -> bool {
    target.name().starts_with("ln ")
}

fn quantity(target: Target) -> &'static str {
    let name = target.name();
    name.strip_prefix("ln ").unwrap_or(name)
}

impl FromStr for Goal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |reason: &str| Error::Request {
            what: "target",
            text: text.into(),
            reason: format!("{reason}; write for example `f_max<50 at every layer`"),
        };
        let sign = text
            .find(['<', '>'])
            .ok_or_else(|| refuse("it has no `<` or `>`"))?;
        let (name, rest) = (text[..sign].trim(), &text[sign + 1..]);
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
        let (bound, layers) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let known = Target::ALL.map(quantity);
        let target = Target::ALL.into_iter().find(|t| quantity(*t) == name);
        Ok(Self {
            target: target.ok_or_else(|| unknown("target", name, &known))?,
            below: text.as_bytes()[sign] == b'<',
            bound: number::real(bound).ok_or_else(|| refuse(&format!("`{bound}` is no number")))?,
            layers: match layers.trim() {
                "" | "at every layer" => LayerAggregate::Every,
                "at any layer" => LayerAggregate::Any,
                "on average" => LayerAggregate::Average,
                other => {
                    let allowed = "`at every layer`, `at any layer` and `on average`";
                    return Err(refuse(&format!("`{other}` is not among {allowed}")));
                }
            },
        })
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.below { '<' } else { '>' };
        let layers = match self.layers {
            LayerAggregate::Every => "at every layer",
            LayerAggregate::Any => "at any layer",
            LayerAggregate::Average => "on average",
        };
        write!(f, "{} {sign} {} {layers}", self.quantity(), self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_the_best_and_the_mean_layer() {
        let of = |text: &str| text.parse::<Goal>().unwrap().over_layers(&[0.0, 2.0, 4.0]);
        let e = |x: f64| x.exp();
        assert_eq!(of("f_max<9"), e(4.0));
        assert_eq!(of("f_max<9 at any layer"), e(0.0));
        assert_eq!(of("f_max>9"), e(0.0));
        assert_eq!(of("f_max>=9  at any layer"), e(4.0));
        assert_eq!(of("f_max<=9 on average"), e(2.0));
        assert_eq!(of("K<9"), 4.0);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, part) in [
            ("f_max=5", "no `<` or `>`"),
            ("f_max<", "`` is no number"),
            ("f_max<5x", "`5x` is no number"),
            ("f_max<5 everywhere", "`at every layer`"),
            ("<5", "target ``"),
            ("ln f_max<5", "f_max"),
            ("", "no `<`"),
        ] {
            let error = text.parse::<Goal>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
