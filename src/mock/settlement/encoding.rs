//! Text as bytes: UTF-8, or GBK as older banks write it.

use super::super::gbk::gbk;

/// How characters become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Gbk,
}

impl Encoding {
    /// The one it is mistaken for.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Utf8 => Self::Gbk,
            Self::Gbk => Self::Utf8,
        }
    }
}

/// `text` as bytes; a character that GBK has not becomes `?`.
pub(super) fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Gbk => gbk(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_written_in_the_encoding_or_the_one_it_is_mistaken_for() {
        assert_eq!(encoded("退款A", Encoding::Gbk), b"\xcd\xcb\xbf\xeeA");
        assert_eq!(encoded("退款", Encoding::Gbk.other()), "退款".as_bytes());
    }
}
