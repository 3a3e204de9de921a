use super::kind::{Kind, kinds};
use super::{BlockKind, Draw, Part, Plan, Rows, Section, Step, TensorKind, TensorRole};
use crate::{ActivationProperties, Angles, ArchSpec, Rotary};

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
    let role = TensorRole::TokenEmbedding;
    list.table(role, arch.vocab, TensorKind::Embedding);
    list.step(Step::Embed { role });
    if arch.position.learned() {
        let role = TensorRole::PositionEmbedding;
        list.table(role, arch.context, TensorKind::Embedding);
        list.step(Step::AddPosition { role });
    }
    list.section
}

fn end(arch: &ArchSpec) -> Section {
    let mut list = List::new(arch);
    let from = match arch.norm_placement.properties().input {
        true => list.norm(TensorRole::FinalNorm, Rows::Residual, Rows::Final),
        false => Rows::Residual,
    };
    list.table(TensorRole::Unembedding, arch.vocab, TensorKind::Matrix);
    if let Some(head) = list.section.parts.last_mut() {
        head.optional = arch.tied;
    }
    let role = match arch.tied {
        true => TensorRole::TokenEmbedding,
        false => TensorRole::Unembedding,
    };
    list.step(Step::Unembed { role, from });
    list.section
}

/// Which norms and rows belong to a sublayer.
struct Sublayer {
    norm: TensorRole,
    output_norm: TensorRole,
    input: Rows,
}

const ATTENTION: Sublayer = Sublayer {
    norm: TensorRole::AttentionNorm,
    output_norm: TensorRole::AttentionOutputNorm,
    input: Rows::AttentionInput,
};
const MLP: Sublayer = Sublayer {
    norm: TensorRole::MlpNorm,
    output_norm: TensorRole::MlpOutputNorm,
    input: Rows::MlpInput,
};

fn block(arch: &ArchSpec, kind: Kind) -> Section {
    let mut list = List::new(arch);
    let attention = list.read(&ATTENTION);
    let early = (arch.residual.properties().parallel).then(|| list.read(&MLP));
    // without a norm that copies it, the stream is read before attention writes to it
    let inside = early.filter(|from| *from == Rows::Residual);
    let inside = inside.map(|from| list.mlp_inside(from));
    list.attention(attention, kind);
    list.write(&ATTENTION);
    if inside.is_none() {
        let from = early.unwrap_or_else(|| list.read(&MLP));
        list.mlp_inside(from);
    }
    list.mlp_output();
    list.write(&MLP);
    list.section
}

/// A section that grows.
struct List<'a> {
    arch: &'a ArchSpec,
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
        for (role, of) in [
            (TensorRole::QueryNorm, Rows::Queries),
            (TensorRole::KeyNorm, Rows::Keys),
        ] {
            self.head(role, of, kind);
        }
        self.step(Step::Attend {
            heads: arch.heads,
            kv_heads: arch.kv_heads,
            d_head,
            weights: arch.attention,
            window: kind.window,
            alibi: arch.position.alibi(),
        });
        let shape = [d, arch.heads * d_head];
        let bias = arch.bias.attention_output();
        let rows = [Rows::Read, Rows::Write];
        self.project(TensorRole::AttentionOutput, shape, bias, rows);
    }

    /// What is done to each head of queries or keys.
    fn head(&mut self, role: TensorRole, of: Rows, kind: Kind) {
        if self.arch.qk_norm {
            self.vector(role, TensorKind::Gain, self.arch.d_head());
            self.step(Step::HeadNorm {
                role,
                centred: false,
                eps: self.arch.norm_eps,
                of,
            });
        }
        let rotary = self.arch.position.rotary().filter(|_| kind.rotates);
        if let Some(Rotary { base, .. }) = rotary {
            let angles = Angles {
                dims: self.arch.rotary_dims(),
                base,
                scaling: self.arch.rotary_scaling.clone(),
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
        self.step(Step::Activate { kind, of });
        if gated {
            self.step(Step::Multiply {
                from: Rows::Gate,
                to: Rows::Hidden,
            });
        }
    }

    fn mlp_output(&mut self) {
        let (d, ff, bias) = (self.arch.d_model, self.arch.d_ff, self.arch.bias.mlp());
        let rows = [Rows::Hidden, Rows::Write];
        self.project(TensorRole::MlpDown, [d, ff], bias, rows);
    }

    /// Normalises the first rows to the second, which it returns.
    fn norm(&mut self, role: TensorRole, from: Rows, to: Rows) -> Rows {
        let properties = self.arch.norm.properties();
        let vectors = [
            (properties.gain, TensorKind::Gain),
            (properties.shift, TensorKind::Shift),
        ];
        for (_, kind) in vectors.into_iter().filter(|(has, _)| *has) {
            self.vector(role, kind, self.arch.d_model);
        }
        self.step(Step::Norm {
            role,
            centred: properties.centred,
            eps: self.arch.norm_eps,
            from,
            to,
        });
        to
    }

    /// A linear map of [outputs, inputs] from the first rows to the second.
    fn project(&mut self, role: TensorRole, shape: [usize; 2], bias: bool, rows: [Rows; 2]) {
        self.part(role, TensorKind::Matrix, shape.to_vec());
        if bias {
            self.vector(role, TensorKind::Bias, shape[0]);
        }
        let [from, to] = rows;
        self.step(Step::Project { role, from, to });
    }

    /// A row of d_model a token or position.
    fn table(&mut self, role: TensorRole, rows: usize, kind: TensorKind) {
        self.part(role, kind, vec![rows, self.arch.d_model]);
    }

    fn vector(&mut self, role: TensorRole, kind: TensorKind, width: usize) {
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

    fn step(&mut self, step: Step) {
        self.section.steps.push(step);
    }

    fn draw(&self, role: TensorRole, kind: TensorKind) -> Draw {
        match kind {
            TensorKind::Gain => Draw::Ones,
            TensorKind::Bias | TensorKind::Shift => Draw::Zeros,
            TensorKind::Embedding | TensorKind::Matrix => {
                let writes = matches!(role, TensorRole::AttentionOutput | TensorRole::MlpDown);
                let std = self.arch.init.std(self.arch, writes);
                Draw::Normal { std }
            }
        }
    }
}
