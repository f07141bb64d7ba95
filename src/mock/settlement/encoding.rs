//! Text as bytes: UTF-8, or GBK as older banks write it.

use encoding_rs::GBK;

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

fn gbk(text: &str) -> Vec<u8> {
    let (bytes, _, has_unmappable) = GBK.encode(text);
    if !has_unmappable {
        return bytes.into_owned();
    }
    // The encoder would write `&#128512;`, which is longer than the field it is for.
    let mut bytes = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for character in text.chars() {
        let (one, _, is_unmappable) = GBK.encode(character.encode_utf8(&mut buffer));
        bytes.extend_from_slice(if is_unmappable { b"?" } else { &one });
    }
    bytes
}

/// Bytes of `text` in GBK; never more than in UTF-8.
pub(super) fn gbk_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { gbk(text).len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 退款 is CDCB BFEE in GB 2312 (rows 45 and 31), of which GBK is a superset.
    #[test]
    fn text_is_written_in_gbk_and_what_it_has_not_as_a_question_mark() {
        assert_eq!(encoded("退款A", Encoding::Gbk), b"\xcd\xcb\xbf\xeeA");
        assert_eq!(encoded("退款", Encoding::Gbk.other()), "退款".as_bytes());
        assert_eq!(encoded("a😀退", Encoding::Gbk), b"a?\xcd\xcb");
        assert_eq!([gbk_len("退款A"), gbk_len("a😀退"), gbk_len("abc")], [5, 4, 3]);
    }
}
