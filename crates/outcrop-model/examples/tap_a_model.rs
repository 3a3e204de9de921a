//! A tap of your own: how much attention and the MLP write to the residual stream of each layer.

use burn::tensor::Tensor;
use outcrop_arch::ArchSpec;
use outcrop_model::{Backend, Error, Tap, TapPoint, Transformer, ids};

/// The root mean square of what each sublayer writes, in the order of the forward pass.
#[derive(Default)]
struct Writes(Vec<(usize, TapPoint, f32)>);

impl Tap for Writes {
    fn wants(&self, point: TapPoint) -> bool {
        matches!(point, TapPoint::AttnWrite | TapPoint::MlpWrite)
    }

    fn tap(&mut self, layer: usize, point: TapPoint, hidden: &Tensor<3>) {
        let mean_square: Tensor<1> = hidden.clone().square().mean();
        if let Ok(rms) = mean_square.sqrt().try_into_scalar::<f32>() {
            self.0.push((layer, point, rms));
        }
    }
}

fn main() -> Result<(), Error> {
    let spec = ArchSpec {
        vocab: 64,
        context: 16,
        ..ArchSpec::new(3, 32, 4)
    };
    let device = Backend::Flex.device()?;
    let model = Transformer::new(&spec, 1, &device)?;
    let tokens: Vec<u32> = (0..16).collect();
    let mut writes = Writes::default();
    model.forward(ids(&tokens, [1, 16], &device), &mut writes);

    let seen: Vec<_> = writes
        .0
        .iter()
        .map(|(layer, point, _)| (*layer, *point))
        .collect();
    let per_layer = |layer| [(layer, TapPoint::AttnWrite), (layer, TapPoint::MlpWrite)];
    assert_eq!(seen, [1, 2, 3].map(per_layer).concat());
    assert!(writes.0.iter().all(|(_, _, rms)| *rms > 0.0));
    Ok(())
}
