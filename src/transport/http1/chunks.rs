//! A body that comes in chunks (RFC 9112, section 7.1).

use super::super::Failure;
use super::super::gathered::Gathered;

/// Bytes of all extensions of a body, and of its trailers, at most.
const EXTRA_MAX: usize = 16 << 10;

/// Trailers, at most.
const TRAILERS_MAX: usize = 100;

/// How far a body in chunks has been read.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    place: Place,
    /// Of the chunk under way, bytes.
    left: u64,
    n_extension: usize,
    /// The trailers so far, which are looked at for being well-formed and not kept.
    trailers: Vec<u8>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// The first digit of a length.
    #[default]
    Start,
    /// Further digits, or what ends them.
    Digits,
    /// Blanks after the digits.
    Blank,
    /// An extension.
    Extension,
    /// The line feed that ends the line of the length.
    SizeEnd,
    Data,
    /// The carriage return after the data, then its line feed.
    DataReturn,
    DataEnd,
    /// The start of a trailer, or of the empty line that ends all.
    TrailerStart,
    Trailer,
    TrailerEnd,
    /// The line feed of the last line.
    LastEnd,
}

impl Chunks {
    /// Takes `bytes`, whose data go `into` the body; how many belonged to it if that ended it.
    ///
    /// # Errors
    /// [`Failure::Garbage`] if it is not in chunks, [`Failure::TooLarge`] if it is longer than the body may be.
    pub(super) fn take(&mut self, bytes: &[u8], into: &mut Gathered) -> Result<Option<usize>, Failure> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.place == Place::Data {
                let there = bytes.len() - at;
                let n_bytes = usize::try_from(self.left).map_or(there, |left| left.min(there));
                into.add_copied(&bytes[at..at + n_bytes])?;
                at += n_bytes;
                self.left -= n_bytes as u64;
                if self.left == 0 {
                    self.place = Place::DataReturn;
                }
                continue;
            }
            at += 1;
            match self.step(byte)? {
                Some(next) => self.place = next,
                None => return Ok(Some(at)),
            }
        }
        Ok(None)
    }

    /// What comes after `byte`; `None` if that was the last one.
    fn step(&mut self, byte: u8) -> Result<Option<Place>, Failure> {
        Ok(Some(match (self.place, byte) {
            (Place::Start | Place::Digits, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte)?,
            (Place::Digits | Place::Blank, b' ' | b'\t') => Place::Blank,
            (Place::Digits | Place::Blank, b';') => Place::Extension,
            (Place::Digits | Place::Blank | Place::Extension, b'\r') => Place::SizeEnd,
            (Place::Extension, b'\n') => return Err(Failure::Garbage),
            (Place::Extension, _) => self.extension()?,
            (Place::SizeEnd, b'\n') if self.left == 0 => Place::TrailerStart,
            (Place::SizeEnd, b'\n') => Place::Data,
            (Place::DataReturn, b'\r') => Place::DataEnd,
            (Place::DataEnd, b'\n') => Place::Start,
            (Place::TrailerStart, b'\r') => Place::LastEnd,
            (Place::TrailerStart | Place::Trailer, _) => self.trailer(byte)?,
            (Place::TrailerEnd, b'\n') => {
                self.trailer(byte)?;
                Place::TrailerStart
            }
            (Place::LastEnd, b'\n') => return self.check_trailers().map(|()| None),
            _ => return Err(Failure::Garbage),
        }))
    }

    fn digit(&mut self, byte: u8) -> Result<Place, Failure> {
        let digit = char::from(byte).to_digit(16).map(u64::from).ok_or(Failure::Garbage)?;
        self.left = self.left.checked_mul(16).and_then(|n| n.checked_add(digit)).ok_or(Failure::Garbage)?;
        Ok(Place::Digits)
    }

    fn extension(&mut self) -> Result<Place, Failure> {
        self.n_extension += 1;
        if EXTRA_MAX <= self.n_extension { Err(Failure::Garbage) } else { Ok(Place::Extension) }
    }

    fn trailer(&mut self, byte: u8) -> Result<Place, Failure> {
        self.trailers.push(byte);
        match byte {
            _ if EXTRA_MAX <= self.trailers.len() => Err(Failure::Garbage),
            b'\r' => Ok(Place::TrailerEnd),
            _ => Ok(Place::Trailer),
        }
    }

    fn check_trailers(&mut self) -> Result<(), Failure> {
        if self.trailers.is_empty() {
            return Ok(());
        }
        self.trailers.extend_from_slice(b"\r\n");
        let mut found = [httparse::EMPTY_HEADER; TRAILERS_MAX];
        match httparse::parse_headers(&self.trailers, &mut found)? {
            httparse::Status::Complete(_) => Ok(()),
            httparse::Status::Partial => Err(Failure::Garbage),
        }
    }
}
