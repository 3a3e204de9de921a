use std::fmt;

/// The subject of a feature; the groups that explanations start from, see
/// [`Table::groups`](crate::Table::groups).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// Place of the layer in the model.
    Depth,
    /// Number of layers.
    Layers,
    /// Width of the residual stream.
    Width,
    /// Number or width of attention heads.
    Heads,
    /// Width of the MLP.
    Mlp,
    /// Position code.
    Position,
    /// Normalisation.
    Norm,
    /// Activation of the MLP.
    Activation,
    /// What it was trained on.
    Corpus,
    /// How it was trained.
    Recipe,
    /// Another subject, which a switch names.
    Switch(&'static str),
}

impl Group {
    /// One word for tables and figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Depth => "depth",
            Self::Layers => "layers",
            Self::Width => "width",
            Self::Heads => "heads",
            Self::Mlp => "mlp",
            Self::Position => "position",
            Self::Norm => "norm",
            Self::Activation => "activation",
            Self::Corpus => "corpus",
            Self::Recipe => "recipe",
            Self::Switch(subject) => subject,
        }
    }

    /// The group of the subject that a switch names.
    pub(super) fn of(subject: &'static str) -> Self {
        let known = [
            Self::Layers,
            Self::Width,
            Self::Heads,
            Self::Mlp,
            Self::Position,
            Self::Norm,
            Self::Activation,
        ];
        let found = known.into_iter().find(|group| group.name() == subject);
        found.unwrap_or(Self::Switch(subject))
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
