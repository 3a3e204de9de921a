//! The names that a pickle may call, and as what. No name makes anything run: most make nothing.

use crate::DType;

/// The classes and functions that a pickle may call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Global {
    /// A kind of dict.
    Dict,
    /// Makes a value that carries no weights of a model.
    Inert,
    /// Makes an object whose attributes are kept.
    Class(Class),
    Size,
    /// A class of tensors, as an argument.
    TensorClass,
    RebuildTensor,
    RebuildTensorTyped,
    RebuildParameter,
    /// Makes a tensor whose values are not simply those of a storage, in a word.
    Odd(&'static str),
    /// A tensor with attributes: the function, the class, the function's arguments, the attributes.
    RebuildFromType,
    Storage(Option<DType>),
    DType(DType),
}

/// A class whose objects' attributes are read, and nothing else of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    /// Arguments of a program, as Megatron keeps them.
    Arguments,
    /// What a distributed checkpoint holds, of all its files.
    Metadata,
    /// Of one tensor.
    TensorMetadata,
    /// Of anything else.
    BytesMetadata,
    TensorProperties,
    /// A box of a tensor.
    Chunk,
    /// Names a box.
    Index,
    /// Where a box lies.
    StorageInfo,
    StorageMeta,
}

/// Where PyTorch has the classes of distributed checkpoints.
const METADATA: &[&str] = &["torch.distributed.checkpoint.metadata"];

/// Modules, names and what they are; what `torch.load(weights_only=True)` allows is among them, and
/// what trainers commonly put beside weights.
const NAMES: &[(&[&str], &[&str], Global)] = &[
    (
        &["collections"],
        &["OrderedDict", "defaultdict", "Counter"],
        Global::Dict,
    ),
    (&["builtins", "__builtin__"], &["dict"], Global::Dict),
    (
        &[
            "lightning.fabric.utilities.data",
            "lightning_fabric.utilities.data",
            "lightning.pytorch.utilities.parsing",
            "pytorch_lightning.utilities.parsing",
        ],
        &["AttributeDict"],
        Global::Dict,
    ),
    (
        &["builtins", "__builtin__"],
        &["set", "frozenset", "complex", "bytearray", "bytes"],
        Global::Inert,
    ),
    // bytes, as protocol 2 spells them
    (&["_codecs"], &["encode"], Global::Inert),
    (&["torch"], &["device"], Global::Inert),
    (&["torch.serialization"], &["_get_layout"], Global::Inert),
    (&["torch.torch_version"], &["TorchVersion"], Global::Inert),
    (&["collections"], &["deque"], Global::Inert),
    (
        &["argparse"],
        &["Namespace"],
        Global::Class(Class::Arguments),
    ),
    // what Megatron keeps among its arguments
    (&["megatron.core.enums"], &["ModelType"], Global::Inert),
    (
        &["megatron.core.transformer.enums"],
        &[
            "AttnBackend",
            "AttnMaskType",
            "AttnType",
            "LayerType",
            "CudaGraphScope",
        ],
        Global::Inert,
    ),
    (
        &["megatron.core.rerun_state_machine"],
        &["RerunMode", "RerunState", "RerunDiagnostic"],
        Global::Inert,
    ),
    (&["signal"], &["Signals"], Global::Inert),
    (METADATA, &["Metadata"], Global::Class(Class::Metadata)),
    (
        METADATA,
        &["TensorStorageMetadata"],
        Global::Class(Class::TensorMetadata),
    ),
    (
        METADATA,
        &["BytesStorageMetadata"],
        Global::Class(Class::BytesMetadata),
    ),
    (
        METADATA,
        &["TensorProperties"],
        Global::Class(Class::TensorProperties),
    ),
    (
        METADATA,
        &["ChunkStorageMetadata"],
        Global::Class(Class::Chunk),
    ),
    (METADATA, &["MetadataIndex"], Global::Class(Class::Index)),
    (
        METADATA,
        &["StorageMeta"],
        Global::Class(Class::StorageMeta),
    ),
    (METADATA, &["_MEM_FORMAT_ENCODING"], Global::Inert),
    // how the tensors were saved, which Megatron keeps
    (
        &["torch.distributed.checkpoint.planner"],
        &["SavePlan", "WriteItem", "WriteItemType", "TensorWriteData"],
        Global::Inert,
    ),
    (
        &[
            "torch.distributed.checkpoint.filesystem",
            "olmo_core.distributed.checkpoint.filesystem",
        ],
        &["_StorageInfo"],
        Global::Class(Class::StorageInfo),
    ),
    (&["types"], &["SimpleNamespace"], Global::Inert),
    (
        &["pathlib", "pathlib._local"],
        &[
            "PosixPath",
            "PurePosixPath",
            "PureWindowsPath",
            "WindowsPath",
        ],
        Global::Inert,
    ),
    (
        &["datetime"],
        &["date", "datetime", "time", "timedelta", "timezone"],
        Global::Inert,
    ),
    (&["decimal"], &["Decimal"], Global::Inert),
    (&["fractions"], &["Fraction"], Global::Inert),
    (&["uuid"], &["UUID"], Global::Inert),
    (&["numpy"], &["dtype", "ndarray"], Global::Inert),
    (
        &["numpy.core.multiarray", "numpy._core.multiarray"],
        &["scalar", "_reconstruct"],
        Global::Inert,
    ),
    (
        &["numpy.core.numeric", "numpy._core.numeric"],
        &["_frombuffer"],
        Global::Inert,
    ),
    (&["torch"], &["Size"], Global::Size),
    (&["torch"], &["Tensor"], Global::TensorClass),
    (
        &["torch._utils"],
        &["_rebuild_tensor", "_rebuild_tensor_v2"],
        Global::RebuildTensor,
    ),
    (
        &["torch._utils"],
        &["_rebuild_tensor_v3"],
        Global::RebuildTensorTyped,
    ),
    (
        &["torch._utils"],
        &["_rebuild_parameter", "_rebuild_parameter_with_state"],
        Global::RebuildParameter,
    ),
    (
        &["torch.nn.parameter"],
        &["Parameter"],
        Global::RebuildParameter,
    ),
    (
        &["torch._utils"],
        &["_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor"],
        Global::Odd("sparse"),
    ),
    (
        &["torch._utils"],
        &["_rebuild_qtensor"],
        Global::Odd("quantised"),
    ),
    (
        &["torch._utils"],
        &["_rebuild_meta_tensor_no_storage"],
        Global::Odd("without values (`meta`)"),
    ),
    (
        &["torch._utils"],
        &["_rebuild_wrapper_subclass"],
        Global::Odd("of a class of its own"),
    ),
    (
        &["torch._utils"],
        &[
            "_rebuild_device_tensor_from_cpu_tensor",
            "_rebuild_device_tensor_from_numpy",
        ],
        Global::Odd("of another device, as XLA's are"),
    ),
    (
        &["torch._tensor"],
        &["_rebuild_from_type_v2"],
        Global::RebuildFromType,
    ),
    (
        &["torch.storage"],
        &["UntypedStorage"],
        Global::Storage(None),
    ),
];

impl Global {
    /// What a name is; none for one that no tensor needs.
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        let mut known = NAMES.iter();
        let known =
            known.find(|(modules, names, _)| modules.contains(&module) && names.contains(&name));
        if let Some((_, _, global)) = known {
            return Some(*global);
        }
        if !matches!(module, "torch" | "torch.cuda") {
            return None;
        }
        match name.strip_suffix("Storage") {
            Some("Untyped") => Some(Self::Storage(None)),
            Some(kind) => storage_dtype(kind).map(|dtype| Self::Storage(Some(dtype))),
            None => dtype(name).map(Self::DType),
        }
    }
}

fn storage_dtype(kind: &str) -> Option<DType> {
    Some(match kind {
        "Bool" => DType::Bool,
        // of quantised tensors: the tensor itself is odd, and what lies beside it is read
        "Byte" | "QUInt8" => DType::U8,
        "Char" | "QInt8" => DType::I8,
        "Short" => DType::I16,
        "Int" | "QInt32" => DType::I32,
        "Long" => DType::I64,
        "Half" => DType::F16,
        "BFloat16" => DType::BF16,
        "Float" => DType::F32,
        "Double" => DType::F64,
        "ComplexFloat" => DType::C64,
        "ComplexDouble" => DType::C128,
        _ => return None,
    })
}

fn dtype(name: &str) -> Option<DType> {
    Some(match name {
        "bool" => DType::Bool,
        "uint8" => DType::U8,
        "int8" => DType::I8,
        "uint16" => DType::U16,
        "int16" => DType::I16,
        "uint32" => DType::U32,
        "int32" => DType::I32,
        "uint64" => DType::U64,
        "int64" => DType::I64,
        "float8_e4m3fn" => DType::F8E4M3,
        "float8_e5m2" => DType::F8E5M2,
        "float16" => DType::F16,
        "bfloat16" => DType::BF16,
        "float32" => DType::F32,
        "float64" => DType::F64,
        "complex64" => DType::C64,
        "complex128" => DType::C128,
        _ => return None,
    })
}
