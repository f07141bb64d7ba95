//! TLS in front of a server that speaks none, as a gateway has it.

use std::net::SocketAddr;

use plimsoll::tls::{Identity, ServerTls, Trust};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::authority::{Authority, Papers};

/// A listener that takes TLS off and passes everything on; gone when dropped.
pub(super) struct Front {
    pub(super) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Front {
    /// Shows `papers`, hears only clients of `authority`, and passes on to `behind`.
    pub(super) fn start(papers: &Papers, authority: &Authority, behind: &str) -> Self {
        let identity = Identity::of_pem(papers.certificate.as_bytes(), papers.key.as_bytes()).expect("good papers");
        let clients = Trust::of_pem(authority.pem().as_bytes()).expect("an authority");
        let (tls, behind) = (ServerTls::new(&identity, Some(&clients)), behind.to_owned());
        let (tell, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
                tokio::select! {
                    () = pass_on(listener, tls, behind) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address: address.recv().expect("it listens"), _stop: stop }
    }
}

async fn pass_on(listener: TcpListener, tls: ServerTls, behind: String) {
    while let Ok((socket, _)) = listener.accept().await {
        let (acceptor, behind) = (tls.acceptor(), behind.clone());
        tokio::spawn(async move {
            // Either side may end as it likes.
            let Ok(mut outside) = acceptor.accept(socket).await else { return };
            let Ok(mut inside) = TcpStream::connect(behind).await else { return };
            let _ = inside.set_nodelay(true);
            let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
        });
    }
}
