//! Files, with limits.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use thiserror::Error;

use crate::scenario::diagnostic::nearest;
use crate::scenario::document::BYTES_MAX;

/// The longest trace that is read, in bytes after unpacking: some 20 million arrivals.
const TRACE_BYTES_MAX: usize = 256 << 20;

/// The longest data file that is read, in bytes.
const DATA_BYTES_MAX: usize = 64 << 20;

/// Why a file could not be read.
#[derive(Debug, Error)]
pub(in crate::cli) enum FileError {
    /// It is not there.
    #[error("there is no such file")]
    Missing,
    /// It is a directory.
    #[error("it is a directory")]
    Directory,
    /// It is longer than the limit.
    #[error("it is longer than the {limit} bytes allowed")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// It is not text.
    #[error("it is not UTF-8 text (byte {at} is not)")]
    NotText {
        /// 0-based.
        at: usize,
    },
    /// Its name ends in `.gz`, and it is not so packed, or cut short.
    #[error("it is not a whole gzip file: {0}")]
    NotGzip(io::Error),
    /// The system says no.
    #[error("{0}")]
    Io(io::Error),
}

/// The text of a file for people.
pub(in crate::cli) fn read_text(path: &Path) -> Result<String, FileError> {
    text(read_limited(open(path)?, BYTES_MAX).map_err(FileError::Io)?, BYTES_MAX)
}

/// The text of a trace, unpacked if its name ends in `.gz`.
pub(super) fn read_trace(path: &Path) -> Result<String, FileError> {
    let file = open(path)?;
    let bytes = if path.extension().is_some_and(|e| e == "gz") {
        read_limited(MultiGzDecoder::new(file), TRACE_BYTES_MAX).map_err(FileError::NotGzip)?
    } else {
        read_limited(file, TRACE_BYTES_MAX).map_err(FileError::Io)?
    };
    text(bytes, TRACE_BYTES_MAX)
}

/// A data file as it is.
pub(super) fn read_data(path: &Path) -> Result<Vec<u8>, FileError> {
    let bytes = read_limited(open(path)?, DATA_BYTES_MAX).map_err(FileError::Io)?;
    if bytes.len() > DATA_BYTES_MAX { Err(FileError::TooLong { limit: DATA_BYTES_MAX }) } else { Ok(bytes) }
}

fn open(path: &Path) -> Result<File, FileError> {
    let file = File::open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::Missing,
        _ => FileError::Io(e),
    })?;
    match file.metadata() {
        Ok(about) if about.is_dir() => Err(FileError::Directory),
        Ok(_) => Ok(file),
        Err(e) => Err(FileError::Io(e)),
    }
}

fn read_limited(from: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than allowed, to tell a file of exactly the limit from a longer one.
    from.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(bytes: Vec<u8>, limit: usize) -> Result<String, FileError> {
    if bytes.len() > limit {
        return Err(FileError::TooLong { limit });
    }
    String::from_utf8(bytes).map_err(|e| FileError::NotText { at: e.utf8_error().valid_up_to() })
}

/// A path as people would write it: `scenarios/../mocks/a.yaml` is `mocks/a.yaml`. For showing only, as with
/// symbolic links the two may differ.
pub(super) fn shown(path: &Path) -> String {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain.display().to_string()
}

/// The name of the file beside `path` that looks most like it, if `path` is not there.
pub(super) fn near_name(path: &Path) -> Option<String> {
    if path.exists() {
        return None;
    }
    let wanted = path.file_name()?.to_str()?;
    let beside = path.parent()?.read_dir().ok()?;
    let mut names: Vec<String> = beside.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort_unstable();
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_by_its_reason() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        let put = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            path
        };
        let told = |path: &Path| read_text(path).unwrap_or_else(|e| e.to_string());
        assert_eq!(told(&put("good.yaml", b"a: 1")), "a: 1");
        assert_eq!(told(&dir.path().join("goad.yaml")), "there is no such file");
        assert_eq!(near_name(&dir.path().join("goad.yaml")).as_deref(), Some("good.yaml"));
        assert_eq!(told(dir.path()), "it is a directory");
        assert_eq!(told(&put("latin.yaml", b"caf\xe9")), "it is not UTF-8 text (byte 3 is not)");
        assert_eq!(told(&put("long.yaml", &vec![b'x'; BYTES_MAX + 1])), "it is longer than the 1048576 bytes allowed");
        let cut = put("cut.txt.gz", b"\x1f\x8b\x08");
        assert!(matches!(read_trace(&cut), Err(FileError::NotGzip(_))));
    }

    #[test]
    fn packed_traces_are_unpacked() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"1\n2\n").expect("in memory");
        let mut file = tempfile::Builder::new().suffix(".gz").tempfile().expect("a scratch file");
        file.write_all(&packed.finish().expect("in memory")).expect("written");
        assert_eq!(read_trace(file.path()).expect("a trace"), "1\n2\n");
    }

    #[test]
    fn paths_are_shown_without_detours() {
        assert_eq!(shown(Path::new("scenarios/../mocks/./a.yaml")), "mocks/a.yaml");
        assert_eq!(shown(Path::new("../../a.yaml")), "../../a.yaml");
        assert_eq!(shown(Path::new("/x/../a.yaml")), "/a.yaml");
    }
}
