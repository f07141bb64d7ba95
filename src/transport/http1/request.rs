//! A request as it goes on the wire.

use hyper::Method;

use super::super::{Origin, Protocol, Request};

/// Writes `request` at the end of `out`, in one piece: one call of the system takes it.
pub(super) fn write(out: &mut Vec<u8>, origin: &Origin, request: &Request) {
    let parts: [&[u8]; 6] = [
        request.method.as_str().as_bytes(),
        b" ",
        request.path.as_str().as_bytes(),
        b" HTTP/1.1\r\nhost: ",
        origin.host.as_bytes(),
        b"\r\n",
    ];
    for part in parts {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(request.headers.as_bytes());
    // A POST without a body says so (RFC 9110, section 8.6).
    if !request.body.is_empty() || request.method == Method::POST {
        out.extend_from_slice(b"content-length: ");
        push_number(out, request.body.len());
        out.extend_from_slice(b"\r\n");
    }
    if origin.protocol == Protocol::Http1Closing {
        out.extend_from_slice(b"connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&request.body);
}

fn push_number(out: &mut Vec<u8>, mut n: usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(n % 10).expect("one digit");
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::super::super::{Headers, Link};
    use super::*;

    fn check(method: Method, body: &'static [u8], protocol: Protocol, expected: &str) {
        let origin = Origin::resolve_over("http://127.0.0.1:8080", &Link { protocol, ..Link::default() });
        let mut headers = Headers::default();
        headers.push(&HeaderName::from_static("x-note"), b"a").expect("a value");
        let request = Request { method, path: "/v1?a=b".into(), headers, body: body.into() };
        let mut out = Vec::new();
        write(&mut out, &origin.expect("an address"), &request);
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn a_request_says_where_it_goes_and_how_long_it_is() {
        check(
            Method::POST,
            b"{\"amount\":1}",
            Protocol::Http1,
            "POST /v1?a=b HTTP/1.1\r\nhost: 127.0.0.1:8080\r\nx-note: a\r\ncontent-length: 12\r\n\r\n{\"amount\":1}",
        );
        check(
            Method::POST,
            b"",
            Protocol::Http1,
            "POST /v1?a=b HTTP/1.1\r\nhost: 127.0.0.1:8080\r\nx-note: a\r\ncontent-length: 0\r\n\r\n",
        );
        check(
            Method::GET,
            b"",
            Protocol::Http1Closing,
            "GET /v1?a=b HTTP/1.1\r\nhost: 127.0.0.1:8080\r\nx-note: a\r\nconnection: close\r\n\r\n",
        );
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for n in [0, 7, 10, 1_048_576, usize::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, n);
            assert_eq!(String::from_utf8(out).expect("digits"), n.to_string());
        }
    }
}
