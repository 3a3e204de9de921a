use std::fmt;

use crate::limits::{MAX_STEP, MAX_STEPS, PYTHIA_LAST};
use crate::{Error, Result};

const KEYWORDS: [&str; 5] = ["last", "pow2", "every", "geometric", "pythia"];

/// One term of an expression; every number in it is in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// One step.
    Step(u64),
    /// 1, 2, 4, ... up to the number.
    Pow2(u64),
    /// The multiples of `stride` from itself to `last`.
    Every { stride: u64, last: u64 },
    /// `count` steps of equal ratios.
    Geometric { first: u64, last: u64, count: u64 },
    /// Pythia's shape up to a step.
    Pythia(u64),
}

impl Term {
    /// Reads a term; `run` is the last step of the run, if it is known.
    pub(crate) fn parse(term: &str, run: Option<u64>) -> Result<Self> {
        let source = Context { term, run };
        let (keyword, rest) = match term.split_once(':') {
            Some((keyword, rest)) => (keyword.trim_end(), Some(rest)),
            None => (term, None),
        };
        match (keyword, rest) {
            ("pow2", Some(rest)) => Ok(Self::Pow2(source.step("last step", rest, 1)?)),
            ("pow2", None) => Err(source.form("pow2:LAST")),
            ("every", Some(rest)) => source.every(rest),
            ("every", None) => Err(source.form("every:STRIDE..LAST")),
            ("geometric", Some(rest)) => source.geometric(rest),
            ("geometric", None) => Err(source.form(GEOMETRIC)),
            ("pythia", Some(rest)) => Ok(Self::Pythia(source.step("last step", rest, 0)?)),
            ("pythia", None) => source.pythia(),
            ("last", Some(_)) => Err(source.form("last")),
            (step, None) if step == "last" || is_number(step) => {
                Ok(Self::Step(source.step("step", step, 0)?))
            }
            (other, _) => Err(Error::UnknownTerm {
                term: term.into(),
                nearest: meant(other).map(str::to_owned),
            }),
        }
    }

    /// How many steps it has at most.
    pub(crate) fn count(self) -> u64 {
        match self {
            Self::Step(_) => 1,
            Self::Pow2(last) => 1 + u64::from(last.max(1).ilog2()),
            Self::Every { stride, last } => last / stride,
            Self::Geometric { count, .. } => count,
            Self::Pythia(_) => 1 + 64 + LINEAR,
        }
    }

    /// Its steps, ascending but for repetitions.
    pub(crate) fn steps(self) -> Box<dyn Iterator<Item = u64>> {
        match self {
            Self::Step(step) => Box::new(std::iter::once(step)),
            Self::Pow2(last) => Box::new(powers().take_while(move |p| *p <= last)),
            Self::Every { stride, last } => Box::new((1..=last / stride).map(move |k| k * stride)),
            Self::Geometric { first, last, count } => {
                Box::new((0..count).map(move |i| geometric(first, last, count, i)))
            }
            Self::Pythia(last) => {
                let logarithmic = powers().take_while(move |p| LINEAR * p < last);
                let linear = (1..=LINEAR).map(move |k| nearest_quotient(k * last, LINEAR));
                Box::new(std::iter::once(0).chain(logarithmic).chain(linear))
            }
        }
    }
}

const GEOMETRIC: &str = "geometric:FIRST..LAST*COUNT";

/// Steps of equal distance in Pythia's schedule.
const LINEAR: u64 = 143;

fn powers() -> impl Iterator<Item = u64> {
    (0..u64::BITS).map(|e| 1 << e)
}

/// a / b, rounded half up. `a` is at most 143 times 2^53, so that nothing overflows.
fn nearest_quotient(a: u64, b: u64) -> u64 {
    (2 * a + b) / (2 * b)
}

/// The `i`-th of `count` numbers from `first` to `last` with equal ratios.
fn geometric(first: u64, last: u64, count: u64, i: u64) -> u64 {
    if i + 1 == count {
        return last;
    }
    let share = i as f64 / (count - 1) as f64;
    let step = first as f64 * (last as f64 / first as f64).powf(share);
    (step.round() as u64).clamp(first, last)
}

/// The keyword that `word` misspells, if at most a third of its letters differ.
fn meant(word: &str) -> Option<&'static str> {
    let distance = |keyword: &&str| strsim::damerau_levenshtein(word, keyword);
    let nearest = KEYWORDS
        .into_iter()
        .min_by_key(|keyword| distance(keyword))?;
    (distance(&nearest) <= nearest.len().max(word.len()).div_ceil(3)).then_some(nearest)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A term's text, for its errors, and the last step of the run.
struct Context<'a> {
    term: &'a str,
    run: Option<u64>,
}

impl Context<'_> {
    fn form(&self, form: &'static str) -> Error {
        Error::Form {
            term: self.term.into(),
            form,
        }
    }

    fn range(&self, field: &'static str, value: impl ToString, allowed: String) -> Error {
        Error::OutOfRange {
            term: self.term.into(),
            field,
            value: value.to_string(),
            allowed,
        }
    }

    /// The largest step that may be named.
    fn limit(&self) -> u64 {
        self.run.unwrap_or(MAX_STEP).min(MAX_STEP)
    }

    /// A step from `from` to the run's last.
    fn step(&self, field: &'static str, text: &str, from: u64) -> Result<u64> {
        let text = text.trim();
        if text == "last" {
            let run = self.run.ok_or(Error::NoRun {
                term: self.term.into(),
            })?;
            return self.within(field, run, &run.to_string(), from, self.limit());
        }
        self.number(field, text, from, self.limit())
    }

    /// A number in decimal digits from `from` to `to`.
    fn number(&self, field: &'static str, text: &str, from: u64, to: u64) -> Result<u64> {
        let text = text.trim();
        if !is_number(text) {
            return Err(self.range(
                field,
                format!("`{text}`"),
                "a whole number or `last`".into(),
            ));
        }
        // What does not fit into u64 is beyond every limit.
        self.within(field, text.parse().unwrap_or(u64::MAX), text, from, to)
    }

    fn within(&self, field: &'static str, n: u64, text: &str, from: u64, to: u64) -> Result<u64> {
        match (from..=to).contains(&n) {
            true => Ok(n),
            false if from > to => {
                let allowed = format!("{from} or more, but the run ends at {to}");
                Err(self.range(field, text, allowed))
            }
            false => Err(self.range(field, text, format!("{from} to {to}"))),
        }
    }

    fn every(&self, rest: &str) -> Result<Term> {
        let (stride, last) = rest.split_once("..").unwrap_or((rest, "last"));
        let stride = self.number("stride", stride, 1, self.limit())?;
        let last = self.step("last step", last, stride)?;
        Ok(Term::Every { stride, last })
    }

    fn geometric(&self, rest: &str) -> Result<Term> {
        let parts = rest.split_once("..");
        let parts = parts.and_then(|(first, rest)| Some((first, rest.split_once('*')?)));
        let (first, (last, count)) = parts.ok_or_else(|| self.form(GEOMETRIC))?;
        let first = self.step("first step", first, 1)?;
        let last = self.step("last step", last, first)?;
        let count = self.number("count", count, 2, MAX_STEPS)?;
        Ok(Term::Geometric { first, last, count })
    }

    fn pythia(&self) -> Result<Term> {
        let limit = self.limit();
        if limit < PYTHIA_LAST {
            let allowed = format!("0 to {limit}; `pythia:last` scales it to the run");
            return Err(self.range("last step", PYTHIA_LAST, allowed));
        }
        Ok(Term::Pythia(PYTHIA_LAST))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => write!(f, "{step}"),
            Self::Pow2(last) => write!(f, "pow2:{last}"),
            Self::Every { stride, last } => write!(f, "every:{stride}..{last}"),
            Self::Geometric { first, last, count } => {
                write!(f, "geometric:{first}..{last}*{count}")
            }
            Self::Pythia(PYTHIA_LAST) => write!(f, "pythia"),
            Self::Pythia(last) => write!(f, "pythia:{last}"),
        }
    }
}
