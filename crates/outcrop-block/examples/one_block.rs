//! What a block takes: its inputs in order, for an architecture with grouped heads and a gated MLP.

use outcrop_arch::{Activation, ArchSpec, Bias, Norm, Plan, Residual};
use outcrop_block::Block;

fn main() -> Result<(), outcrop_block::Error> {
    let arch = ArchSpec {
        kv_heads: 2,
        norm: Norm::RmsNorm,
        residual: Residual::Sequential,
        activation: Activation::SwiGlu,
        bias: Bias::None,
        ..ArchSpec::new(1, 64, 8)
    };
    let block = Block::new(Plan::new(&arch).block(1))?;
    for input in block.inputs() {
        println!("{:?} {:?} {:?}", input.roles, input.kind, input.shape);
    }
    assert_eq!(block.inputs().len(), 6);
    Ok(())
}
