use crate::ArchSpec;

/// In what blocks of one architecture may differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kind {
    /// How many positions one sees; none for all earlier ones.
    pub(super) window: Option<usize>,
    /// Whether queries and keys are rotated, where positions are rotary.
    pub(super) rotates: bool,
    /// Whether its MLP is a mixture of experts.
    pub(super) experts: bool,
    /// The number of the layer, where scores are divided by it.
    pub(super) depth: Option<usize>,
}

impl Kind {
    /// What most layers are.
    const COMMON: Self = Self {
        window: None,
        rotates: true,
        experts: false,
        depth: None,
    };

    /// Of a layer, from 1.
    fn of(arch: &ArchSpec, layer: usize) -> Self {
        Self {
            window: arch.window_width(layer),
            rotates: !arch.unrotated_layers.contains(&layer),
            experts: (arch.experts.as_ref()).is_some_and(|experts| experts.layers.contains(&layer)),
            depth: (arch.scale.by_layer && layer > 1).then_some(layer),
        }
    }
}

/// The kinds of blocks with their layers: those that name them in the order in which they occur, then that of all
/// layers that no other kind names.
pub(super) fn kinds(arch: &ArchSpec) -> Vec<(Kind, Option<Vec<usize>>)> {
    let mut named: Vec<(Kind, Vec<usize>)> = Vec::new();
    // no layer is looked at where all are alike, however many there are
    let differ = arch.window.is_some()
        || !arch.unrotated_layers.is_empty()
        || arch.experts.is_some()
        || arch.scale.by_layer;
    for layer in 1..=if differ { arch.layers } else { 0 } {
        let kind = Kind::of(arch, layer);
        match named.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, layers)) => layers.push(layer),
            None if kind == Kind::COMMON => {}
            None => named.push((kind, vec![layer])),
        }
    }
    let named = named.into_iter().map(|(kind, layers)| (kind, Some(layers)));
    named.chain([(Kind::COMMON, None)]).collect()
}
