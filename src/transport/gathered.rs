//! An answer's body as it comes in.

use bytes::{Bytes, BytesMut};

use super::Failure;

/// Bytes that belong together, up to a limit.
#[derive(Debug)]
pub(super) struct Gathered {
    limit: usize,
    first: Bytes,
    joined: BytesMut,
}

impl Gathered {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, first: Bytes::new(), joined: BytesMut::new() }
    }

    /// Adds `data`; [`Failure::TooLarge`] if that passes the limit.
    pub(super) fn add(&mut self, data: Bytes) -> Result<(), Failure> {
        self.check(data.len())?;
        // Nearly every answer is one frame, which then needs no copy.
        if self.first.is_empty() && self.joined.is_empty() {
            self.first = data;
        } else {
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
            self.joined.extend_from_slice(&data);
        }
        Ok(())
    }

    /// Adds what others go on using the memory of.
    pub(super) fn add_copied(&mut self, data: &[u8]) -> Result<(), Failure> {
        self.check(data.len())?;
        self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        self.joined.extend_from_slice(data);
        Ok(())
    }

    /// Whether `n_bytes` more are within the limit.
    fn check(&self, n_bytes: usize) -> Result<(), Failure> {
        let n_all = self.first.len() + self.joined.len() + n_bytes;
        if n_all > self.limit { Err(Failure::TooLarge) } else { Ok(()) }
    }

    pub(super) fn finish(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}
