use crate::ArchSpec;

/// A number that a switch gives an architecture. A column of `architectures.csv`, a knob of designs and a feature of
/// predictions follow from it, as far as it asks for them.
#[derive(Debug)]
pub struct Number {
    /// Its name as a column and as a knob.
    pub name: &'static str,
    /// How it is read and set.
    pub kind: NumberKind,
    /// Whether a design may change it.
    pub knob: bool,
    /// The feature that it is; none where predictions do not see it as it is.
    pub feature: Option<FeatureName>,
}

/// How a number is read from an architecture, and set.
#[derive(Clone, Copy, Debug)]
pub enum NumberKind {
    /// A whole number, which every architecture has.
    Whole {
        /// The number.
        get: fn(&ArchSpec) -> usize,
        /// Sets it, with what goes along.
        set: fn(&mut ArchSpec, usize),
    },
    /// A number, which some architectures have.
    Real {
        /// The number, if it has one.
        get: fn(&ArchSpec) -> Option<f64>,
        /// Sets it, where the architecture has one.
        set: fn(&mut ArchSpec, f64),
    },
}

/// How predictions call a number.
#[derive(Clone, Copy, Debug)]
pub struct FeatureName {
    /// Its name in tables and figures.
    pub symbol: &'static str,
    /// Its subject, in one word; features of one subject are explained together.
    pub subject: &'static str,
}

impl Number {
    pub(super) const fn whole(
        name: &'static str,
        get: fn(&ArchSpec) -> usize,
        set: fn(&mut ArchSpec, usize),
    ) -> Self {
        Self::new(name, NumberKind::Whole { get, set })
    }

    pub(super) const fn real(
        name: &'static str,
        get: fn(&ArchSpec) -> Option<f64>,
        set: fn(&mut ArchSpec, f64),
    ) -> Self {
        Self::new(name, NumberKind::Real { get, set })
    }

    const fn new(name: &'static str, kind: NumberKind) -> Self {
        Self {
            name,
            kind,
            knob: false,
            feature: None,
        }
    }

    /// Lets designs change it.
    pub(super) const fn knob(self) -> Self {
        Self { knob: true, ..self }
    }

    /// Lets predictions see it.
    pub(super) const fn feature(self, symbol: &'static str, subject: &'static str) -> Self {
        Self {
            feature: Some(FeatureName { symbol, subject }),
            ..self
        }
    }

    /// The number in `arch`; none where it has none.
    pub fn of(&self, arch: &ArchSpec) -> Option<f64> {
        match self.kind {
            NumberKind::Whole { get, .. } => Some(get(arch) as f64),
            NumberKind::Real { get, .. } => get(arch),
        }
    }

    /// Sets it to `value`, which is whole where the number is.
    pub fn set(&self, arch: &mut ArchSpec, value: f64) {
        match self.kind {
            NumberKind::Whole { set, .. } => set(arch, value as usize),
            NumberKind::Real { set, .. } => set(arch, value),
        }
    }
}
