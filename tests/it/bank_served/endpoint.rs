//! A merchant's endpoint for callbacks that can be down: nothing listens then, and nobody else can take its place.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpSocket;

/// What came of callbacks: the order, the status told, and whether it was acknowledged, in order of arrival.
pub(super) type Seen = Arc<Mutex<Vec<(String, String, bool)>>>;

/// An endpoint that is down: calls are refused.
pub(super) struct Down {
    socket: TcpSocket,
    pub(super) url: String,
}

impl Down {
    pub(super) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let url = format!("http://{}/told", socket.local_addr().expect("bound"));
        Self { socket, url }
    }

    /// Comes up at the same address; acknowledges the `n`-th callback, from 0, if `acknowledges` says so.
    pub(super) fn come_up(self, acknowledges: fn(usize) -> bool) -> Seen {
        let seen = Seen::default();
        let answer = async move |State(seen): State<Seen>, body: Bytes| {
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            let text = |key: &str| body[key].as_str().expect("text").to_owned();
            let mut seen = seen.lock().expect("no panic");
            let is_acknowledged = acknowledges(seen.len());
            seen.push((text("order_no"), text("status"), is_acknowledged));
            if is_acknowledged { (StatusCode::OK, "success") } else { (StatusCode::SERVICE_UNAVAILABLE, "later") }
        };
        let router = axum::Router::new().route("/told", axum::routing::post(answer)).with_state(Arc::clone(&seen));
        let listener = self.socket.listen(4_096).expect("listens");
        tokio::spawn(async move { axum::serve(listener, router).await });
        seen
    }
}
