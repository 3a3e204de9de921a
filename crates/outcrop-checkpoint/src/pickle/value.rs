use crate::DType;

/// The place of a value in the machine's arena. Values refer to each other by place, so that nothing
/// is copied when a pickle names a value again, and circles do no harm.
pub(super) type Id = u32;

#[derive(Debug)]
pub(super) enum Value {
    None,
    Int(i64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(Storage),
    Tensor(Tensor),
    /// A truth value, number or bytes that no tensor needs.
    Ignored,
}

/// A storage: bytes of the archive under a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage {
    pub(super) key: Id,
    /// None for bytes whose tensors say their type.
    pub(super) dtype: Option<DType>,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) storage: Storage,
    pub(super) dtype: DType,
    pub(super) offset: u64,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// The names that a pickle may ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Global {
    OrderedDict,
    /// Bytes, as protocol 2 spells them.
    Encode,
    Size,
    RebuildTensor,
    RebuildTensorTyped,
    RebuildParameter,
    Storage(Option<DType>),
    DType(DType),
}

impl Global {
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("_codecs", "encode") => Self::Encode,
            ("torch", "Size") => Self::Size,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_tensor_v3") => Self::RebuildTensorTyped,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Self::RebuildParameter
            }
            ("torch.storage", "UntypedStorage") => Self::Storage(None),
            ("torch" | "torch.cuda", name) => match name.strip_suffix("Storage") {
                Some("Untyped") => Self::Storage(None),
                Some(kind) => Self::Storage(Some(storage_dtype(kind)?)),
                None => Self::DType(dtype(name)?),
            },
            _ => return None,
        })
    }
}

fn storage_dtype(kind: &str) -> Option<DType> {
    Some(match kind {
        "Bool" => DType::Bool,
        "Byte" => DType::U8,
        "Char" => DType::I8,
        "Short" => DType::I16,
        "Int" => DType::I32,
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
