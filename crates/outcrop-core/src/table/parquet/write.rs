use std::io::Write;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result as Outcome;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::super::csv_io;
use super::super::layout::TableLayout;
use super::super::row::Row;
use super::failed;
use super::types::{ColumnType, types};
use crate::Result;

/// Rows that are held before they are written as one group.
const GROUP: usize = 1 << 16;

/// Writes the rows of a table one by one as Parquet: whole numbers are INT64, others DOUBLE, truth
/// values BOOLEAN and text UTF-8; every column may have nulls, where CSV has empty cells.
///
/// ```
/// use outcrop_core::CurvePoint;
/// use outcrop_core::table::ParquetWriter;
///
/// let mut writer = ParquetWriter::new(Vec::new())?;
/// writer.write(&CurvePoint { step: 8.0, value: 2.5, ..CurvePoint::default() })?;
/// assert!(writer.finish()?.starts_with(b"PAR1"));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
pub struct ParquetWriter<W: Write + Send, T> {
    file: SerializedFileWriter<W>,
    columns: Vec<Column>,
    layout: TableLayout<T>,
    held: usize,
}

impl<W: Write + Send, T> std::fmt::Debug for ParquetWriter<W, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetWriter")
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send, T: Row> ParquetWriter<W, T> {
    /// Rows go to `writer`.
    ///
    /// # Errors
    /// As [`ParquetWriter::write`].
    pub fn new(writer: W) -> Result<Self> {
        Self::with_layout(writer, TableLayout::default())
    }

    /// The same for rows that have quantities, with the columns of `layout`.
    ///
    /// # Errors
    /// As [`ParquetWriter::write`].
    pub fn with_layout(writer: W, layout: TableLayout<T>) -> Result<Self> {
        let names = layout.header();
        let mut types = types::<T>(TableLayout::<T>::fixed());
        types.resize(names.len(), ColumnType::Number);
        let columns = names.iter().zip(&types);
        let fields = columns.map(|(name, of)| field(name, *of).map(Arc::new));
        let schema = fields.collect::<Outcome<Vec<_>>>().and_then(|fields| {
            Type::group_type_builder("table")
                .with_fields(fields)
                .build()
        });
        let properties = Arc::new(WriterProperties::default());
        let file = schema.and_then(|s| SerializedFileWriter::new(writer, Arc::new(s), properties));
        Ok(Self {
            file: file.map_err(failed)?,
            columns: types.into_iter().map(Column::new).collect(),
            layout,
            held: 0,
        })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// [`crate::Error::Io`] with the file where that could not be written; [`crate::Error::Parse`] with
    /// what else the writer or the row said; those of [`TableLayout::record`].
    pub fn write(&mut self, row: &T) -> Result<()> {
        let record = csv_io::record(&self.layout.record(row)?.cells())?;
        for (column, cell) in self.columns.iter_mut().zip(&record) {
            column.push(&String::from_utf8_lossy(cell))?;
        }
        self.held += 1;
        match self.held < GROUP {
            true => Ok(()),
            false => self.flush(),
        }
    }

    fn flush(&mut self) -> Result<()> {
        let (file, columns) = (&mut self.file, &mut self.columns);
        let write = || {
            let mut group = file.next_row_group()?;
            for column in columns {
                column.write(&mut group)?;
            }
            group.close().map(drop)
        };
        self.held = 0;
        write().map_err(failed)
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// As [`ParquetWriter::write`].
    pub fn finish(mut self) -> Result<W> {
        if self.held > 0 {
            self.flush()?;
        }
        self.file.into_inner().map_err(failed)
    }
}

fn field(name: &str, of: ColumnType) -> Outcome<Type> {
    let (physical, logical) = match of {
        ColumnType::Truth => (Physical::BOOLEAN, None),
        ColumnType::Whole => (Physical::INT64, None),
        ColumnType::Number => (Physical::DOUBLE, None),
        ColumnType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

/// The held cells of one column: those that are there, and a level for each, 0 where nothing is.
struct Column {
    values: Values,
    levels: Vec<i16>,
}

enum Values {
    Truth(Vec<bool>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Text(Vec<ByteArray>),
}

impl Column {
    fn new(of: ColumnType) -> Self {
        Self {
            values: match of {
                ColumnType::Truth => Values::Truth(Vec::new()),
                ColumnType::Whole => Values::Whole(Vec::new()),
                ColumnType::Number => Values::Number(Vec::new()),
                ColumnType::Text => Values::Text(Vec::new()),
            },
            levels: Vec::new(),
        }
    }

    fn push(&mut self, cell: &str) -> Result<()> {
        self.levels.push(i16::from(!cell.is_empty()));
        if cell.is_empty() {
            return Ok(());
        }
        match &mut self.values {
            Values::Truth(values) => values.push(cell.parse().map_err(failed)?),
            Values::Whole(values) => values.push(cell.parse().map_err(failed)?),
            Values::Number(values) => values.push(cell.parse().map_err(failed)?),
            Values::Text(values) => values.push(cell.into()),
        }
        Ok(())
    }

    fn write<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Outcome<()> {
        let levels = std::mem::take(&mut self.levels);
        match &mut self.values {
            Values::Truth(values) => column::<BoolType, W>(group, values, &levels),
            Values::Whole(values) => column::<Int64Type, W>(group, values, &levels),
            Values::Number(values) => column::<DoubleType, W>(group, values, &levels),
            Values::Text(values) => column::<ByteArrayType, W>(group, values, &levels),
        }
    }
}

fn column<D: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &mut Vec<D::T>,
    levels: &[i16],
) -> Outcome<()> {
    let Some(mut column) = group.next_column()? else {
        return Ok(());
    };
    let values = std::mem::take(values);
    column
        .typed::<D>()
        .write_batch(&values, Some(levels), None)?;
    column.close()
}
