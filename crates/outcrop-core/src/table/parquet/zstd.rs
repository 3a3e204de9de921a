//! Pages compressed by zstd, as polars writes them. The library unpacks them through a library in C, so it is told that
//! they are not compressed, and they are unpacked here.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::{SerializedFileReader, SerializedPageReader};
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use ruzstd::decoding::StreamingDecoder;

/// A file whose columns may be compressed by zstd, too.
pub(super) struct WithZstd {
    plain: SerializedFileReader<File>,
    file: Arc<File>,
}

impl WithZstd {
    pub(super) fn open(file: File) -> Result<Self> {
        let again = Arc::new(file.try_clone()?);
        let plain = SerializedFileReader::new(file)?;
        Ok(Self { plain, file: again })
    }
}

impl FileReader for WithZstd {
    fn metadata(&self) -> &ParquetMetaData {
        self.plain.metadata()
    }

    fn num_row_groups(&self) -> usize {
        self.plain.num_row_groups()
    }

    fn get_row_group(&self, i: usize) -> Result<Box<dyn RowGroupReader + '_>> {
        let plain = self.plain.get_row_group(i)?;
        let file = Arc::clone(&self.file);
        Ok(Box::new(Group { plain, file }))
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_file(projection, self)
    }
}

struct Group<'a> {
    plain: Box<dyn RowGroupReader + 'a>,
    file: Arc<File>,
}

impl RowGroupReader for Group<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.plain.metadata()
    }

    fn num_columns(&self) -> usize {
        self.plain.num_columns()
    }

    fn get_column_page_reader(&self, i: usize) -> Result<Box<dyn PageReader>> {
        let column = self.metadata().column(i);
        let Compression::ZSTD(_) = column.compression() else {
            return self.plain.get_column_page_reader(i);
        };
        let most = usize::try_from(column.uncompressed_size())?;
        let builder = column.clone().into_builder();
        let column = builder.set_compression(Compression::UNCOMPRESSED).build()?;
        let rows = usize::try_from(self.metadata().num_rows())?;
        let packed = SerializedPageReader::new(Arc::clone(&self.file), &column, rows, None)?;
        Ok(Box::new(Pages { packed, most }))
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&Sbbf> {
        self.plain.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// The pages of a column.
struct Pages {
    packed: SerializedPageReader<File>,
    /// Bytes of the whole column, unpacked.
    most: usize,
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.packed.get_next_page()?;
        page.map(|page| unpacked(page, self.most)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.packed.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.packed.skip_next_page()
    }
}

/// The page as it was before it was compressed; the levels of a page of version 2 are not compressed.
fn unpacked(mut page: Page, most: usize) -> Result<Page> {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
            *buf = bytes(buf, 0, most)?.into();
        }
        Page::DataPageV2 {
            buf,
            is_compressed,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            if std::mem::take(is_compressed) {
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                *buf = bytes(buf, levels, most)?.into();
            }
        }
    }
    Ok(page)
}

/// The first `plain` bytes, and the others unpacked, `most` in all at most.
fn bytes(page: &[u8], plain: usize, most: usize) -> Result<Vec<u8>> {
    let broken = |why: String| ParquetError::General(format!("a page compressed by zstd: {why}"));
    let (plain, packed) = page
        .split_at_checked(plain)
        .ok_or_else(|| broken("its levels are longer than it".into()))?;
    let mut all = plain.to_vec();
    if packed.is_empty() {
        return Ok(all); // no value but null
    }
    let decoder = StreamingDecoder::new(packed).map_err(|e| broken(e.to_string()))?;
    let limit = most.saturating_sub(all.len()) as u64 + 1;
    decoder.take(limit).read_to_end(&mut all)?;
    match all.len() <= most {
        true => Ok(all),
        false => Err(broken("it is larger than its column says".into())),
    }
}
