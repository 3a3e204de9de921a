use super::kind::{Kind, kinds};
use super::{BlockKind, Draw, Part, Plan, Rows, Section, Step, TensorKind, TensorRole};
use crate::{
    ActivationProperties, Angles, ArchSpec, Gain, GateOver, Nonlinearity, NormProperties, Over,
    Patches, QkNormProperties, ResidualProperties, Rotary,
};

impl Plan {
    /// The plan of an architecture; of one that [`ArchSpec::check`] refuses, nothing is promised.
    pub fn new(arch: &ArchSpec) -> Self {
        Self {
            start: start(arch),
            blocks: blocks(arch),
            end: end(arch),
        }
    }
}

fn blocks(arch: &ArchSpec) -> Vec<BlockKind> {
    let mut others = arch.layers;
    let mut block = |(kind, layers): (Kind, Option<Vec<usize>>)| {
        let count = layers.as_ref().map_or(others, Vec::len);
        others = others.saturating_sub(count);
        BlockKind {
            section: block(arch, kind),
            count,
            layers,
        }
    };
    kinds(arch).into_iter().map(&mut block).collect()
}

fn start(arch: &ArchSpec) -> Section {
    let mut list = List::new(arch);
    match arch.patches {
        None => {
            let role = TensorRole::TokenEmbedding;
            list.table(role, [arch.vocab, width(arch)], TensorKind::Embedding);
            list.step(Step::Embed { role });
        }
        Some(Patches { numbers, bias, .. }) => {
            let (role, rows) = (TensorRole::PatchEmbedding, [Rows::Patches, Rows::Residual]);
            list.project(role, [arch.d_model, numbers], bias, rows);
            list.insert(TensorRole::ClassToken, 1, 0);
        }
    }
    list.scale(Rows::Residual, arch.scale.embedding);
    if let Some(width) = projected(arch) {
        let rows = [Rows::Residual, Rows::Residual];
        let role = TensorRole::EmbeddingProjection;
        list.project(role, [arch.d_model, width], false, rows);
    }
    if arch.position.learned() {
        let role = TensorRole::PositionEmbedding;
        let classes = usize::from(arch.patches.is_some());
        let shape = [classes + arch.context, arch.d_model];
        list.table(role, shape, TensorKind::Embedding);
        list.step(Step::AddPosition { role });
    }
    let (registers, at) = arch
        .patches
        .map_or((arch.registers, 0), |p| (p.registers, 1));
    list.insert(TensorRole::Registers, registers, at);
    if arch.embedding_norm {
        list.norm(TensorRole::EmbeddingNorm, Rows::Residual, Rows::Residual);
    }
    list.section
}

/// Numbers of a row of the embedding.
fn width(arch: &ArchSpec) -> usize {
    arch.embedding_dim.unwrap_or(arch.d_model)
}

/// The same where matrices lead from the embedding into the residual stream and out of it.
fn projected(arch: &ArchSpec) -> Option<usize> {
    let square = arch.embedding_projection.then_some(arch.d_model);
    arch.embedding_dim.or(square)
}

fn is_projection(role: TensorRole) -> bool {
    matches!(
        role,
        TensorRole::EmbeddingProjection | TensorRole::UnembeddingProjection
    )
}

fn end(arch: &ArchSpec) -> Section {
    let mut list = List::new(arch);
    if arch.registers > 0 {
        let count = arch.registers;
        list.step(Step::Remove { count });
    }
    let mut from = match arch.norm_placement.properties().last {
        true => list.norm(TensorRole::FinalNorm, Rows::Residual, Rows::Final),
        false => Rows::Residual,
    };
    if let Some(width) = projected(arch) {
        let role = TensorRole::UnembeddingProjection;
        list.project(role, [width, arch.d_model], false, [from, Rows::Final]);
        from = Rows::Final;
    }
    if arch.patches.is_some() {
        return list.section; // images have no vocabulary
    }
    let shape = [arch.vocab, width(arch)];
    list.table(TensorRole::Unembedding, shape, TensorKind::Matrix);
    if let Some(head) = list.section.parts.last_mut() {
        head.optional = arch.tied;
    }
    if arch.unembedding_bias {
        list.vector(TensorRole::Unembedding, TensorKind::Bias, arch.vocab);
    }
    let role = match arch.tied {
        true => TensorRole::TokenEmbedding,
        false => TensorRole::Unembedding,
    };
    list.step(Step::Unembed {
        role,
        from,
        scale: arch.scale.logits,
        softcap: arch.softcap.logits,
    });
    list.section
}

/// Which norms and rows belong to a sublayer.
struct Sublayer {
    norm: TensorRole,
    output_norm: TensorRole,
    scale: TensorRole,
    input: Rows,
}

const ATTENTION: Sublayer = Sublayer {
    norm: TensorRole::AttentionNorm,
    output_norm: TensorRole::AttentionOutputNorm,
    scale: TensorRole::AttentionScale,
    input: Rows::AttentionInput,
};
const MLP: Sublayer = Sublayer {
    norm: TensorRole::MlpNorm,
    output_norm: TensorRole::MlpOutputNorm,
    scale: TensorRole::MlpScale,
    input: Rows::MlpInput,
};

fn block(arch: &ArchSpec, kind: Kind) -> Section {
    let mut list = List::new(arch);
    let attention = list.read(&ATTENTION);
    let ResidualProperties { parallel, shared } = *arch.residual.properties();
    let early = parallel.then(|| if shared { attention } else { list.read(&MLP) });
    // without a norm that copies it, the stream is read before attention writes to it
    let inside = early.filter(|from| *from == Rows::Residual);
    let inside = inside.map(|from| list.mlp_inside(from));
    list.attention(attention, kind);
    list.write(&ATTENTION);
    if inside.is_none() {
        let from = early.unwrap_or_else(|| list.read(&MLP));
        match arch.experts.as_ref().filter(|_| kind.experts) {
            Some(experts) => list.experts(experts, from),
            None => list.mlp_inside(from),
        }
    }
    if !kind.experts {
        list.mlp_output();
    }
    list.write(&MLP);
    list.section
}

/// A section that grows.
pub(super) struct List<'a> {
    pub(super) arch: &'a ArchSpec,
    section: Section,
}

impl<'a> List<'a> {
    fn new(arch: &'a ArchSpec) -> Self {
        Self {
            arch,
            section: Section::default(),
        }
    }

    /// What a sublayer reads.
    fn read(&mut self, sublayer: &Sublayer) -> Rows {
        match self.arch.norm_placement.properties().input {
            true => self.norm(sublayer.norm, Rows::Residual, sublayer.input),
            false => Rows::Residual,
        }
    }

    /// Adds what a sublayer wrote to the residual stream.
    fn write(&mut self, sublayer: &Sublayer) {
        let placement = self.arch.norm_placement.properties();
        if placement.output {
            self.norm(sublayer.output_norm, Rows::Write, Rows::Write);
        }
        if self.arch.layer_scale {
            let (role, of) = (sublayer.scale, Rows::Write);
            self.vector(role, TensorKind::Gain, self.arch.d_model);
            self.step(Step::Gain { role, of });
        }
        self.scale(Rows::Write, self.arch.scale.residual);
        self.step(Step::Add {
            from: Rows::Write,
            to: Rows::Residual,
        });
        if placement.stream {
            self.norm(sublayer.norm, Rows::Residual, Rows::Residual);
        }
    }

    fn attention(&mut self, from: Rows, kind: Kind) {
        let arch = self.arch;
        let [d, d_head] = [arch.d_model, arch.d_head()];
        let bias = arch.bias.qkv();
        for (role, heads, to) in [
            (TensorRole::Query, arch.heads, Rows::Queries),
            (TensorRole::Key, arch.kv_heads, Rows::Keys),
            (TensorRole::Value, arch.kv_heads, Rows::Values),
        ] {
            self.project(role, [heads * d_head, d], bias, [from, to]);
        }
        let turned = [
            (TensorRole::QueryNorm, Rows::Queries, arch.heads),
            (TensorRole::KeyNorm, Rows::Keys, arch.kv_heads),
        ];
        let norm = arch.qk_norm.properties();
        let late = norm.is_some_and(|norm| norm.after_rotation);
        for (role, of, heads) in turned.into_iter().filter(|_| !late) {
            self.head_norm(role, of, heads);
        }
        if let Some(limit) = arch.clip_qkv {
            for of in [Rows::Queries, Rows::Keys, Rows::Values] {
                self.step(Step::Clip { of, limit });
            }
        }
        for (_, of, _) in turned {
            self.rotate(of, kind);
        }
        for (role, of, heads) in turned.into_iter().filter(|_| late) {
            self.head_norm(role, of, heads);
        }
        if let Some(extra) = self.extra_score() {
            self.extra_vectors(extra);
        }
        self.step(Step::Attend {
            heads: arch.heads,
            kv_heads: arch.kv_heads,
            d_head,
            weighting: self.weighting(),
            window: kind.window,
            alibi: arch.position.alibi().then_some(arch.alibi),
            scale: self.score_scale(kind),
            softcap: arch.softcap.scores,
            bidirectional: arch.bidirectional,
            extra: self.extra_score(),
        });
        if let Some(over) = *arch.attention_gate.properties() {
            self.read_gate(from, over);
        }
        let shape = [d, arch.heads * d_head];
        let bias = arch.bias.attention_output();
        let rows = [Rows::Read, Rows::Write];
        self.project(TensorRole::AttentionOutput, shape, bias, rows);
    }

    /// Multiplies what heads read by sigmoid(x W + b), x the rows of `from`.
    fn read_gate(&mut self, from: Rows, over: GateOver) {
        let arch = self.arch;
        let (role, of) = (TensorRole::AttentionGate, Rows::ReadGate);
        let bias = arch.attention_gate_init.is_some();
        let shape = |outputs| [outputs, arch.d_model];
        match over {
            GateOver::Head => self.project(role, shape(arch.heads), bias, [from, of]),
            GateOver::HeadSlice => self.project_slices(role, arch.heads, bias, [from, of]),
            GateOver::Element => {
                let outputs = arch.heads * arch.d_head();
                self.project(role, shape(outputs), bias, [from, of]);
            }
        }
        let kind = Nonlinearity::Sigmoid;
        self.step(Step::Activate { kind, of });
        let to = Rows::Read;
        self.step(Step::Multiply { from: of, to });
    }

    /// What scores are multiplied by, where it is not 1 / sqrt(d_head).
    fn score_scale(&self, kind: Kind) -> Option<f64> {
        let scale = self.arch.scale.attention;
        let Some(depth) = kind.depth else {
            return scale;
        };
        let usual = || 1.0 / (self.arch.d_head() as f64).sqrt();
        Some(scale.unwrap_or_else(usual) / depth as f64)
    }

    /// The norm of queries or keys.
    fn head_norm(&mut self, role: TensorRole, of: Rows, heads: usize) {
        let Some(QkNormProperties { over, norm, .. }) = self.arch.qk_norm.properties() else {
            return;
        };
        let width = match over {
            Over::Head => self.arch.d_head(),
            Over::Heads | Over::Width => heads * self.arch.d_head(),
        };
        self.norm_vectors(role, norm, width);
        self.step(Step::HeadNorm {
            role,
            centred: norm.centred,
            eps: self.arch.norm_eps,
            of,
            over,
        });
    }

    fn rotate(&mut self, of: Rows, kind: Kind) {
        let rotary = self.arch.position.rotary().filter(|_| kind.rotates);
        if let Some(Rotary { base, .. }) = rotary {
            let local = self.arch.local_base.filter(|_| kind.window.is_some());
            let angles = Angles {
                dims: self.arch.rotary_dims(),
                base: local.unwrap_or(base),
                scaling: match local {
                    Some(_) => None,
                    None => self.arch.rotary_scaling.clone(),
                },
            };
            let pairs = self.arch.rotary_pairs;
            self.step(Step::Rotate { of, angles, pairs });
        }
    }

    /// The MLP up to what its last matrix reads.
    fn mlp_inside(&mut self, from: Rows) {
        let (d, ff, bias) = (self.arch.d_model, self.arch.d_ff, self.arch.bias.mlp());
        let ActivationProperties { kind, gated, .. } = *self.arch.activation.properties();
        if gated {
            self.project(TensorRole::MlpGate, [ff, d], bias, [from, Rows::Gate]);
        }
        self.project(TensorRole::MlpUp, [ff, d], bias, [from, Rows::Hidden]);
        let of = if gated { Rows::Gate } else { Rows::Hidden };
        if kind == Nonlinearity::Xielu {
            for role in [
                TensorRole::ActivationPositive,
                TensorRole::ActivationNegative,
            ] {
                self.vector(role, TensorKind::Shift, 1);
            }
        }
        self.step(Step::Activate { kind, of });
        if gated {
            self.step(Step::Multiply {
                from: Rows::Gate,
                to: Rows::Hidden,
            });
        }
    }

    fn mlp_output(&mut self) {
        let arch = self.arch;
        let rows = [Rows::Hidden, Rows::Write];
        let shape = [arch.d_model, arch.d_ff];
        self.project(TensorRole::MlpDown, shape, arch.bias.mlp(), rows);
    }

    /// Normalises the first rows to the second, which it returns.
    fn norm(&mut self, role: TensorRole, from: Rows, to: Rows) -> Rows {
        let properties = *self.arch.norm.properties();
        self.norm_vectors(role, properties, self.arch.d_model);
        self.step(match properties.tanh {
            true => Step::DynamicTanh { role, from, to },
            false => Step::Norm {
                role,
                centred: properties.centred,
                eps: self.arch.norm_eps,
                from,
                to,
            },
        });
        to
    }

    /// The vectors of a norm of rows of `width` numbers, those that it has.
    fn norm_vectors(&mut self, role: TensorRole, norm: NormProperties, width: usize) {
        match norm.gain {
            Gain::None => {}
            Gain::Channels => self.vector(role, TensorKind::Gain, width),
            Gain::Single => self.vector(role, TensorKind::Gain, 1),
        }
        if norm.shift {
            self.vector(role, TensorKind::Shift, width);
        }
        if norm.tanh {
            self.vector(role, TensorKind::Alpha, 1);
        }
    }

    fn scale(&mut self, of: Rows, by: f64) {
        if by != 1.0 {
            self.step(Step::Scale { of, by });
        }
    }

    /// A linear map of [outputs, inputs] from the first rows to the second.
    fn project(&mut self, role: TensorRole, shape: [usize; 2], bias: bool, rows: [Rows; 2]) {
        self.map(role, shape, bias);
        let [from, to] = rows;
        self.step(Step::Project { role, from, to });
    }

    /// A row of the table for each slice of `from`.
    fn project_slices(
        &mut self,
        role: TensorRole,
        slices: usize,
        bias: bool,
        [from, to]: [Rows; 2],
    ) {
        let shape = [slices, self.arch.d_model / slices.max(1)];
        self.table(role, shape, TensorKind::Embedding);
        if bias {
            self.vector(role, TensorKind::Bias, slices);
        }
        self.step(Step::ProjectSlices { role, from, to });
    }

    /// The parts of a linear map of [outputs, inputs].
    pub(super) fn map(&mut self, role: TensorRole, shape: [usize; 2], bias: bool) {
        self.part(role, TensorKind::Matrix, shape.to_vec());
        if bias {
            self.vector(role, TensorKind::Bias, shape[0]);
        }
    }

    /// Learned rows before row `at` of every sequence; none where `count` is 0.
    fn insert(&mut self, role: TensorRole, count: usize, at: usize) {
        if count > 0 {
            self.table(role, [count, self.arch.d_model], TensorKind::Embedding);
            self.step(Step::Insert { role, at });
        }
    }

    /// A row a token, a position or a slice.
    fn table(&mut self, role: TensorRole, shape: [usize; 2], kind: TensorKind) {
        self.part(role, kind, shape.to_vec());
    }

    pub(super) fn vector(&mut self, role: TensorRole, kind: TensorKind, width: usize) {
        self.part(role, kind, vec![width]);
    }

    fn part(&mut self, role: TensorRole, kind: TensorKind, shape: Vec<usize>) {
        self.section.parts.push(Part {
            role,
            kind,
            shape,
            init: self.draw(role, kind),
            decays: kind.decays(),
            optional: false,
        });
    }

    pub(super) fn step(&mut self, step: Step) {
        self.section.steps.push(step);
    }

    fn draw(&self, role: TensorRole, kind: TensorKind) -> Draw {
        match kind {
            TensorKind::Gain => Draw::Ones,
            TensorKind::Alpha => Draw::Constant { value: 0.5 },
            TensorKind::Bias if role == TensorRole::AttentionGate => {
                let mean = self.arch.attention_gate_init.unwrap_or(0.5);
                let value = (mean / (1.0 - mean)).ln();
                Draw::Constant { value }
            }
            TensorKind::Bias if matches!(role, TensorRole::ExtraKey | TensorRole::ExtraValue) => {
                Draw::Normal { std: 0.02 }
            }
            TensorKind::Bias | TensorKind::Shift => Draw::Zeros,
            TensorKind::Matrix if self.arch.embedding_projection && is_projection(role) => {
                Draw::Orthogonal
            }
            TensorKind::Embedding | TensorKind::Matrix => {
                let writes = matches!(
                    role,
                    TensorRole::AttentionOutput
                        | TensorRole::MlpDown
                        | TensorRole::ExpertDown
                        | TensorRole::SharedDown
                );
                let std = self.arch.init.std(self.arch, writes);
                Draw::Normal { std }
            }
        }
    }
}
