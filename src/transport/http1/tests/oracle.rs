//! What hyper makes of the same bytes.

use std::error::Error as _;
use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::transport::Failure;

/// Status and body of the answer that `bytes` are, or how they fail, with the end of the connection after them.
pub(super) fn hyper_reads(bytes: &[u8], limit: usize) -> Result<(u16, Vec<u8>), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (asked, ()) = tokio::join!(ask(ours, limit), serve(theirs, bytes));
        asked
    })
}

async fn serve(mut stream: DuplexStream, bytes: &[u8]) {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") && stream.read_buf(&mut asked).await.expect("a request") > 0 {}
    stream.write_all(bytes).await.expect("room for all of it");
}

async fn ask(stream: DuplexStream, limit: usize) -> Result<(u16, Vec<u8>), Failure> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("nothing is asked yet");
    let asking = async move {
        let answer = sender.send_request(hyper::Request::new(Full::<Bytes>::default())).await.map_err(failure)?;
        let status = answer.status().as_u16();
        Ok((status, read(answer.into_body(), limit).await?))
    };
    // How the connection ended is told to the exchange as well.
    tokio::join!(asking, connection).0
}

async fn read(mut body: Incoming, limit: usize) -> Result<Vec<u8>, Failure> {
    if usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) > limit {
        return Err(Failure::TooLarge);
    }
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(failure)?.into_data() {
            read.extend_from_slice(&data);
            if limit < read.len() {
                return Err(Failure::TooLarge);
            }
        }
    }
    Ok(read)
}

#[expect(clippy::needless_pass_by_value, reason = "as a mapping of errors is called")]
fn failure(error: hyper::Error) -> Failure {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let is_nonsense =
        cause.is_some_and(|e| matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData));
    if error.is_parse() || is_nonsense { Failure::Garbage } else { Failure::Reset }
}
