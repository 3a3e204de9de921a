use burn::tensor::{Device, Tensor, TensorData};
#[cfg(feature = "flex")]
use {burn::backend::Flex, burn_flex::FlexTensor};

use crate::{Error, Result};

/// The numbers of a tensor in the order of its indices: on the CPU where they lie, elsewhere a copy.
#[derive(Clone, Debug)]
pub struct Numbers(Held);

#[derive(Clone, Debug)]
enum Held {
    /// Laid out in the order of its indices, with nothing else in its memory.
    #[cfg(feature = "flex")]
    Flex(FlexTensor),
    Copy(Vec<f32>),
}

impl Numbers {
    /// Those of `tensor`, without its place in a graph.
    ///
    /// # Errors
    /// [`Error::Device`] where they cannot be read.
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Result<Self> {
        let tensor = tensor.inner();
        #[cfg(feature = "flex")]
        if in_memory(&tensor.device()) {
            let tensor = tensor.try_into_primitive::<Flex>();
            let tensor = tensor.map_err(|e| Error::Device(format!("{e:?}")))?;
            return Ok(Self(Held::Flex(tensor.to_contiguous())));
        }
        let numbers = tensor.try_into_vec_as::<f32>();
        numbers
            .map(|n| Self(Held::Copy(n)))
            .map_err(|e| Error::Device(e.to_string()))
    }

    /// All of them.
    pub fn as_slice(&self) -> &[f32] {
        match &self.0 {
            #[cfg(feature = "flex")]
            Held::Flex(tensor) => tensor.storage(),
            Held::Copy(numbers) => numbers,
        }
    }

    /// All of them, to be changed; copied first where another tensor has them too.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        match &mut self.0 {
            #[cfg(feature = "flex")]
            Held::Flex(tensor) => tensor.storage_mut(),
            Held::Copy(numbers) => numbers,
        }
    }

    /// A tensor of them on `device`, which is without autodiff.
    ///
    /// # Panics
    /// Where `shape` has another number of elements.
    pub fn into_tensor<const D: usize>(self, shape: [usize; D], device: &Device) -> Tensor<D> {
        match self.0 {
            #[cfg(feature = "flex")]
            Held::Flex(tensor) => {
                let count = tensor.layout().num_elements();
                Tensor::<1>::from_primitive::<Flex>(flat(tensor, count)).reshape(shape)
            }
            Held::Copy(numbers) => Tensor::from_data(TensorData::new(numbers, shape), device),
        }
    }
}

/// The same memory as a tensor of one dimension.
#[cfg(feature = "flex")]
fn flat(tensor: FlexTensor, count: usize) -> FlexTensor {
    tensor.with_layout(burn_flex::Layout::contiguous([count].into()))
}

/// Whether the tensors of `device` are in the memory of this process, so that [`Numbers`] need no copy.
pub fn in_memory(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return *device == Device::flex() || *device == Device::flex().autodiff();
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_where_the_tensor_has_them_and_are_copied_only_when_shared() {
        let device = Device::flex();
        let tensor = Tensor::<2>::from_data([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
        let shared = Numbers::of(tensor.clone()).unwrap();
        let place = shared.as_slice().as_ptr();
        let mut own = Numbers::of(tensor).unwrap();
        assert_eq!(own.as_slice().as_ptr(), place);
        own.as_mut_slice()[0] = 7.0;
        assert_eq!(shared.as_slice(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let place = own.as_slice().as_ptr();
        let tensor = own.into_tensor([3, 2], &device);
        let mut own = Numbers::of(tensor).unwrap();
        own.as_mut_slice()[1] = 8.0;
        assert_eq!(own.as_slice().as_ptr(), place);
        assert_eq!(own.as_slice(), [7.0, 8.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn what_is_laid_out_in_another_order_is_put_in_order() {
        let device = Device::flex().autodiff();
        let tensor = Tensor::<2>::from_data([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
        let numbers = Numbers::of(tensor.clone().transpose()).unwrap();
        assert_eq!(numbers.as_slice(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let part = Numbers::of(tensor.narrow(0, 1, 1)).unwrap();
        assert_eq!(part.as_slice(), [4.0, 5.0, 6.0]);
    }
}
