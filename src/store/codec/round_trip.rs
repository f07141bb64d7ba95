//! The law every codec keeps: rows come back as they went in, through both kinds of file.

use std::fmt::Debug;

use proptest::prelude::*;

use crate::id::RunId;
use crate::store::parquet_file::{ParquetFile, open_parquet};
use crate::store::stream::{StreamFile, open_stream};
use crate::store::table::Table;

/// Writes `rows` to a stream and to a Parquet file, in batches of 3, and reads both back.
pub(super) fn check<T: Table + Clone + PartialEq + Debug>(rows: &[T]) {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let run = RunId::parse("r0test").expect("valid");

    let path = dir.path().join("rows.arrows");
    let mut stream = StreamFile::<T>::create(&path, &run).expect("creates");
    for batch in rows.chunks(3) {
        stream.append(batch.to_vec()).expect("appends");
    }
    stream.finish().expect("ends");
    assert_eq!(read::<T>(open_stream::<T>(&path).expect("opens").0), rows);

    let path = dir.path().join("rows.parquet");
    let mut file = ParquetFile::<T>::create(&path, &run).expect("creates");
    for batch in rows.chunks(3) {
        file.append(batch.to_vec()).expect("appends");
    }
    file.finish().expect("ends");
    assert_eq!(read::<T>(open_parquet::<T>(&path).expect("opens")), rows);
}

fn read<T: Table>(
    batches: impl Iterator<Item = Result<arrow::array::RecordBatch, arrow::error::ArrowError>>,
) -> Vec<T> {
    batches.flat_map(|batch| T::read(&batch.expect("a batch")).expect("rows")).collect()
}

/// Any text: empty, long, outside ASCII.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ -~]{1,40}", any::<String>()]
}

/// A text or none; an empty text is not none.
pub(super) fn maybe_text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), text().prop_map(Some)]
}

/// Few cases: each writes and reads two files.
pub(super) fn config() -> ProptestConfig {
    ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() }
}
