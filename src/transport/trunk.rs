//! Makes connections. Those of HTTP/2 are shared by many exchanges: a new one is opened when all are full.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::Notify;

use super::connection::Connection;
use super::http1::Http1;
use super::multiplex::{Slot, Trunk};
use super::{NotSent, Origin, Protocol};

/// Makes connections to one origin.
#[derive(Default)]
pub(super) struct Dialer {
    /// Those of HTTP/2 that are open.
    trunks: RefCell<Vec<Trunk>>,
    /// The one of HTTP/2 that is being opened, if one is.
    opening: RefCell<Option<Rc<Opening>>>,
}

/// A connection of HTTP/2 that is being opened.
#[derive(Default)]
struct Opening {
    is_over: Notify,
    failed: Cell<Option<NotSent>>,
}

impl Dialer {
    /// What can carry one exchange, and whether it was opened for that.
    pub(super) async fn dial(&self, origin: &Origin) -> Result<(Connection, bool), NotSent> {
        match origin.protocol {
            Protocol::Http1 | Protocol::Http1Closing => Ok((Connection::Http1(Http1::open(origin).await?), true)),
            Protocol::Http2 => {
                self.slot(origin).await.map(|(slot, is_new)| (Connection::Http2(Box::new(slot)), is_new))
            }
        }
    }

    /// A place on a connection that has room, or on a new one. One is opened at a time: whoever comes meanwhile waits for
    /// it, as it has room for many, and fails as it does.
    async fn slot(&self, origin: &Origin) -> Result<(Slot, bool), NotSent> {
        loop {
            if let Some(slot) = self.free() {
                return Ok((slot, false));
            }
            let under_way = self.opening.borrow().clone();
            let Some(opening) = under_way else { return self.open(origin).await.map(|slot| (slot, true)) };
            opening.is_over.notified().await;
            if let Some(why) = opening.failed.get() {
                return Err(why);
            }
        }
    }

    fn free(&self) -> Option<Slot> {
        let mut trunks = self.trunks.borrow_mut();
        trunks.retain_mut(Trunk::is_usable);
        trunks.iter().find_map(Trunk::slot)
    }

    async fn open(&self, origin: &Origin) -> Result<Slot, NotSent> {
        let opening = Rc::new(Opening::default());
        self.opening.replace(Some(Rc::clone(&opening)));
        // Over also when whoever waits for it gives up.
        let _over = Over { dialer: self, opening: &opening };
        let opened = Trunk::open(origin).await.and_then(|trunk| {
            let slot = trunk.slot().ok_or(NotSent::StreamRefused)?;
            self.trunks.borrow_mut().push(trunk);
            Ok(slot)
        });
        opening.failed.set(opened.as_ref().err().copied());
        opened
    }
}

struct Over<'d> {
    dialer: &'d Dialer,
    opening: &'d Opening,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.dialer.opening.replace(None);
        self.opening.is_over.notify_waiters();
    }
}
