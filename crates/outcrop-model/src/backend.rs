#[cfg(any(feature = "wgpu", feature = "vulkan", feature = "cuda"))]
mod gpu;

#[cfg(feature = "burn")]
use burn::tensor::Device;

use crate::{Error, Result};

/// What computes: the CPU (`flex`) or, where they are compiled in, GPU backends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// CPU, pure Rust.
    #[default]
    Flex,
    /// Whatever graphics interface wgpu finds (Vulkan, Metal, DirectX 12, OpenGL).
    Wgpu,
    /// Vulkan and no other graphics interface.
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

    /// Refuses what cannot compute here.
    ///
    /// # Errors
    /// [`Error::NoBackends`], [`Error::BackendNotCompiled`], [`Error::NoDevice`].
    pub fn check(self) -> Result<()> {
        #[cfg(feature = "burn")]
        return self.device().map(drop);
        #[cfg(not(feature = "burn"))]
        Err(self.not_compiled())
    }

    /// Its first device, ready for tensors (without autodiff).
    ///
    /// # Errors
    /// [`Error::BackendNotCompiled`], [`Error::NoDevice`].
    #[cfg(feature = "burn")]
    pub fn device(self) -> Result<Device> {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => gpu::started(self, gpu::wgpu),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => gpu::started(self, gpu::vulkan),
            #[cfg(feature = "cuda")]
            Self::Cuda => gpu::started(self, gpu::cuda),
            #[cfg(not(all(
                feature = "flex",
                feature = "wgpu",
                feature = "vulkan",
                feature = "cuda"
            )))]
            _ => Err(self.not_compiled()),
        }
    }

    /// That it was not compiled in, and what to do.
    pub fn not_compiled(self) -> Error {
        let compiled = Self::ALL.into_iter().filter(|b| b.is_compiled());
        let available: Vec<_> = compiled.map(Self::name).collect();
        match available.is_empty() {
            true => Error::NoBackends,
            false => Error::BackendNotCompiled {
                backend: self.name(),
                available: available.join(", "),
            },
        }
    }
}

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
                let error = backend.check().unwrap_err().to_string();
                let way_out = match cfg!(feature = "burn") {
                    true => format!("--features {backend}"),
                    false => "cargo install".to_owned(),
                };
                assert!(error.contains(&way_out), "{error}");
            }
        }
        assert!("tpu".parse::<Backend>().is_err());
    }
}
