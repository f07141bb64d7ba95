//! Answers in every form and every cut, and damaged ones against what hyper makes of them.

mod oracle;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::answer::{Progress, Reader};
use crate::transport::Failure;
use oracle::hyper_reads;

/// Largest body, bytes.
const LIMIT: usize = 64;

/// Status, body, and whether the connection may carry another.
type Seen = Result<(u16, Vec<u8>, bool), Failure>;

/// What is made of `bytes`, cut at `cuts`, and the end of the connection after them.
fn read(bytes: &[u8], has_no_body: bool, cuts: &[usize]) -> Seen {
    let mut reader = Reader::new(LIMIT, has_no_body);
    let mut at = 0;
    for &cut in cuts.iter().chain([&bytes.len()]) {
        let piece = &bytes[at..cut.clamp(at, bytes.len())];
        at += piece.len();
        if piece.is_empty() {
            continue;
        }
        if let Progress::Whole(answer, keeps) = reader.take(piece)? {
            // What was not even read is after the answer just as well.
            return Ok((answer.status, answer.body.to_vec(), keeps && at == bytes.len()));
        }
    }
    reader.end().map(|answer| (answer.status, answer.body.to_vec(), false))
}

/// In one piece, cut at every place, and byte by byte.
fn check(bytes: &str, expected: Result<(u16, &str, bool), Failure>) {
    let expected: Seen = expected.map(|(status, body, keeps)| (status, body.as_bytes().to_vec(), keeps));
    let bytes = bytes.as_bytes();
    for cut in 0..=bytes.len() {
        assert_eq!(read(bytes, false, &[cut]), expected, "{:?} at {cut}", bytes.escape_ascii().to_string());
    }
    let all: Vec<usize> = (1..bytes.len()).collect();
    assert_eq!(read(bytes, false, &all), expected, "{:?}", bytes.escape_ascii().to_string());
}

const KEPT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

#[test]
fn a_body_ends_by_its_length_by_a_last_chunk_or_with_the_connection() {
    check(KEPT, Ok((200, "hello", true)));
    check("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\ncontent-length:5\r\n\r\nhello", Ok((200, "hello", true)));
    check("HTTP/1.1 200 OK\r\n\r\nhello", Ok((200, "hello", false)));
    check("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", Ok((204, "", true)));
    check("HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n", Ok((304, "", true)));
    let chunked = |rest: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}");
    check(&chunked("3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n"), Ok((200, "hello", true)));
    check(&chunked("5 \t\r\nhello\r\n00\r\nx-sum: 7\r\nx: \r\n\r\n"), Ok((200, "hello", true)));
    // Who says both means chunks (RFC 9112, section 6.3).
    let both = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: gzip, Chunked\r\n\r\n0\r\n\r\n";
    check(both, Ok((200, "", true)));
    check("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhello", Ok((200, "hello", false)));
    assert_eq!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true, &[]), Ok((200, Vec::new(), true)));
}

#[test]
fn a_connection_is_kept_only_if_both_versions_and_words_allow_it() {
    check("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 0\r\n\r\n", Ok((200, "", false)));
    check(
        "HTTP/1.1 200 OK\r\nconnection: close\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
        Ok((200, "", false)),
    );
    check("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", Ok((200, "", false)));
    check("HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 0\r\n\r\n", Ok((200, "", true)));
    check("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", Ok((101, "", false)));
    check(&format!("{KEPT}HTTP/1.1 500 Oops\r\n\r\n"), Ok((200, "hello", false)));
}

#[test]
fn what_comes_before_the_answer_is_passed_over() {
    check(&format!("{}{KEPT}", "HTTP/1.1 100 Continue\r\n\r\n".repeat(3)), Ok((200, "hello", true)));
    check(&format!("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n{KEPT}"), Ok((200, "hello", true)));
    check(&format!("\r\n\r\n{KEPT}"), Ok((200, "hello", true)));
    check("HTTP/1.1 200 OK\ncontent-length: 5\n\nhello", Ok((200, "hello", true)));
    check("HTTP/1.1 200\r\nx-note: \tb \r\ncontent-length: 0\r\n\r\n", Ok((200, "", true)));
}

#[test]
fn what_is_cut_short_is_told_from_what_is_no_answer() {
    for cut in
        ["", "HTTP/1.1 200 O", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"]
    {
        check(cut, Err(Failure::Reset));
    }
    let chunked = |rest: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}");
    for cut in ["", "5", "5\r\nhel", "5\r\nhello\r\n", "0\r\n", "0\r\nx: y\r\n"] {
        check(&chunked(cut), Err(Failure::Reset));
    }
    let bad =
        ["zz\r\n", "\r\n", "3\r\nhello\r\n", "5;a\nb\r\n", "5 5\r\n", "10000000000000000\r\n", "0\r\nno line\r\n\r\n"];
    for bad in bad {
        check(&chunked(bad), Err(Failure::Garbage));
    }
    for bad in ["content-length: no", "content-length: +5", "content-length:", "content-length: 1\r\ncontent-length: 2"]
    {
        check(&format!("HTTP/1.1 200 OK\r\n{bad}\r\n\r\nhello"), Err(Failure::Garbage));
    }
    check("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Err(Failure::Garbage));
    check("HTTP/1.1 099 No\r\n\r\n", Err(Failure::Garbage));
    check("HTTP/1.1 200 OK\r\nbad header: 1\r\n\r\n", Err(Failure::Garbage));
    assert_eq!(read(b"SSH-2.0-OpenSSH_9.6\r\n", false, &[]), Err(Failure::Garbage));
}

#[test]
fn nothing_is_kept_beyond_its_limit() {
    let long = "x".repeat(LIMIT + 1);
    let length = LIMIT + 1;
    check(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"), Err(Failure::TooLarge));
    check(&format!("HTTP/1.1 200 OK\r\n\r\n{long}"), Err(Failure::TooLarge));
    check(
        &format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{long}"),
        Err(Failure::TooLarge),
    );
    let whole = |text: String| read(text.as_bytes(), false, &(0..text.len()).step_by(4_096).collect::<Vec<_>>());
    assert_eq!(whole(format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1 << 20))), Err(Failure::Garbage));
    assert_eq!(whole(format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: 1\r\n".repeat(101))), Err(Failure::Garbage));
    let chunked = |rest: String| whole(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}"));
    assert_eq!(chunked(format!("1;{}", "x".repeat(1 << 16))), Err(Failure::Garbage));
    assert_eq!(chunked(format!("0\r\nx: {}", "x".repeat(1 << 16))), Err(Failure::Garbage));
    assert_eq!(chunked(format!("0\r\n{}\r\n", "x: 1\r\n".repeat(101))), Err(Failure::Garbage));
}

/// Answers as they should be, of every kind.
const GOOD: &[&str] = &[
    KEPT,
    "HTTP/1.1 200 OK\r\n\r\nhello",
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-note: a\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nx-sum: 7\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
    "HTTP/1.1 204 No Content\r\n\r\n",
];

/// What damage is made of: what means something somewhere in an answer.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    ":",
    ": ",
    ",",
    ";",
    " ",
    "\t",
    "0",
    "1",
    "5",
    "f",
    "-",
    "+",
    "\0",
    "\u{7f}",
    "\u{e9}",
    "chunked",
    "close",
    "content-length: 5\r\n",
    "transfer-encoding: chunked\r\n",
    "HTTP/1.1 200 OK\r\n",
    "0\r\n\r\n",
];

/// Puts a piece in at a place, or takes some bytes away there.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..PIECES.len(), 0..4_usize);
    (0..GOOD.len(), vec(change, 0..4)).prop_map(|(which, changes)| {
        let mut bytes = GOOD[which].as_bytes().to_vec();
        for (place, piece, n_gone) in changes {
            let at = place.index(bytes.len() + 1);
            let end = (at + n_gone).min(bytes.len());
            let put = if n_gone == 3 { &[][..] } else { PIECES[piece].as_bytes() };
            bytes.splice(at..end, put.iter().copied());
        }
        bytes
    })
}

proptest! {
    #![proptest_config(Config {
        cases: 2_000, rng_seed: RngSeed::Fixed(20_251_126), failure_persistence: None, ..Config::default()
    })]

    #[test]
    fn a_damaged_answer_is_taken_as_hyper_takes_it(bytes in damaged()) {
        let ours = read(&bytes, false, &[]).map(|(status, body, _)| (status, body));
        prop_assert_eq!(ours, hyper_reads(&bytes, LIMIT), "{}", bytes.escape_ascii());
    }

    /// But for damage to a head, which is told as soon as it is seen: bytes that come before it count as cut short.
    #[test]
    fn how_an_answer_is_cut_makes_no_difference(bytes in damaged(), cuts in vec(0..200_usize, 0..6)) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let (whole, pieces) = (read(&bytes, false, &[]), read(&bytes, false, &cuts));
        let is_late = (&whole, &pieces) == (&Err(Failure::Garbage), &Err(Failure::Reset));
        prop_assert!(whole == pieces || is_late, "{:?} and {:?} of {}", whole, pieces, bytes.escape_ascii());
    }
}
