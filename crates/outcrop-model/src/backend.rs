use burn::tensor::Device;

use crate::{Error, Result};

/// What computes: the CPU (`flex`) or, where they are compiled in, GPU backends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// CPU, pure Rust.
    #[default]
    Flex,
    /// Whatever graphics interface wgpu finds (Vulkan, Metal, DirectX).
    Wgpu,
    /// Vulkan with SPIR-V kernels.
    Vulkan,
    /// NVIDIA CUDA.
    Cuda,
}

impl Backend {
    /// Every backend, compiled in or not.
    pub const ALL: [Self; 4] = [Self::Flex, Self::Wgpu, Self::Vulkan, Self::Cuda];

    /// Its name, which is also the name of its Cargo feature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
        }
    }

    /// Whether it is compiled in.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Cuda => cfg!(feature = "cuda"),
        }
    }

    /// Its first device, ready for tensors (without autodiff).
    ///
    /// # Errors
    /// [`Error::BackendNotCompiled`], [`Error::NoDevice`].
    pub fn device(self) -> Result<Device> {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => gpu::wgpu(self, burn::tensor::wgpu::WgpuBackend::Auto),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => gpu::wgpu(self, burn::tensor::wgpu::WgpuBackend::Vulkan),
            #[cfg(feature = "cuda")]
            Self::Cuda => gpu::cuda(),
            #[cfg(not(all(
                feature = "flex",
                feature = "wgpu",
                feature = "vulkan",
                feature = "cuda"
            )))]
            _ => Err(Error::BackendNotCompiled {
                backend: self.name(),
                available: Self::ALL
                    .into_iter()
                    .filter(|b| b.is_compiled())
                    .map(Self::name)
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }
}

#[cfg(any(feature = "wgpu", feature = "vulkan"))]
mod gpu {
    use std::sync::Mutex;

    use super::{Backend, Device, Error, Result};

    /// Devices that were started; wgpu starts each only once.
    static STARTED: Mutex<Vec<(Backend, Device)>> = Mutex::new(Vec::new());

    pub(super) fn wgpu(backend: Backend, api: burn::tensor::wgpu::WgpuBackend) -> Result<Device> {
        let mut started = STARTED.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((_, device)) = started.iter().find(|(b, _)| *b == backend) {
            return Ok(device.clone());
        }
        let device = Device::wgpu_options().graphics_api(api).init();
        let device = device.map_err(|e| Error::NoDevice {
            backend: backend.name(),
            reason: e.to_string(),
        })?;
        started.push((backend, device.clone()));
        Ok(device)
    }
}

#[cfg(all(feature = "cuda", not(any(feature = "wgpu", feature = "vulkan"))))]
mod gpu {}

impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Backend {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|b| b.name() == name);
        known.ok_or_else(|| Error::UnknownBackend { name: name.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_what_is_missing_says_how_to_get_it() {
        for backend in Backend::ALL {
            assert_eq!(backend.name().parse::<Backend>().unwrap(), backend);
            if !backend.is_compiled() {
                let error = backend.device().unwrap_err().to_string();
                assert!(error.contains(&format!("--features {backend}")), "{error}");
            }
        }
        assert!("tpu".parse::<Backend>().is_err());
    }
}
