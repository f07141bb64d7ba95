//! Names of things in a run that people and other systems see.

use std::fmt;

/// The name of a run: 4 to 16 lower-case letters and digits.
///
/// It is part of every order number and of the mark, so a leak can be proved in data at rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    /// The run of this name, or `None` if it is not 4 to 16 lower-case ASCII letters and digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (4..=16).contains(&text.len());
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        (fits && plain).then(|| Self(text.to_owned()))
    }

    /// A name from the moment a run starts (`unix_ms`) and something that differs between runs started
    /// at that moment, such as a process number. Ten characters; sorts by time until the year 2527.
    pub fn from_start(unix_ms: u64, salt: u64) -> Self {
        let mut text = String::from("r");
        push_base32(&mut text, unix_ms / 16, 8);
        push_base32(&mut text, salt, 3);
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Order number of journey `n`, thing `tag` of it: `r1abcdefgh-0000012p`.
    pub fn order_no(&self, journey: u64, tag: &str) -> String {
        // By hand, as it is made several times for each journey, and the formatter shows in profiles.
        let mut digits = [b'0'; 20];
        let (mut rest, mut first) = (journey, digits.len());
        while rest > 0 {
            first -= 1;
            digits[first] = b"0123456789"[usize::try_from(rest % 10).expect("one digit")];
            rest /= 10;
        }
        let shown = &digits[first.min(digits.len() - 7)..];
        let mut text = String::with_capacity(self.0.len() + 1 + shown.len() + tag.len());
        text.push_str(&self.0);
        text.push('-');
        text.extend(shown.iter().copied().map(char::from));
        text.push_str(tag);
        text
    }

    /// `order_no` without this run's name: the same in every run with the same seed, so luck is keyed by it.
    pub fn strip<'a>(&self, order_no: &'a str) -> &'a str {
        order_no.strip_prefix(self.0.as_str()).and_then(|rest| rest.strip_prefix('-')).unwrap_or(order_no)
    }
}

fn push_base32(text: &mut String, value: u64, digits: u32) {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    for place in (0..digits).rev() {
        let digit = (value >> (5 * place)) & 31;
        text.push(char::from(ALPHABET[usize::try_from(digit).expect("below 32")]));
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_runs_sort_later() {
        let early = RunId::from_start(1_763_600_000_000, 31);
        let late = RunId::from_start(1_763_600_060_000, 0);
        assert!(early < late);
        assert_eq!(RunId::parse(early.as_str()), Some(early));
    }

    #[test]
    fn order_numbers_carry_the_run_and_give_it_back() {
        let run = RunId::parse("r0abc").expect("valid");
        let order = run.order_no(12, "p");
        assert_eq!(order, "r0abc-0000012p");
        assert_eq!(run.strip(&order), "0000012p");
        assert_eq!(run.strip("elsewhere-1"), "elsewhere-1");
    }
}
