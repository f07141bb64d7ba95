//! Starting and stopping the six roles.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::channel::{self, ChannelParts, Channels};
use crate::client::{HttpClient, Peer};
use crate::config::ChainConfig;
use crate::defect::Planted;
use crate::gateway::{self, Gateway, GatewayParts, GatewayPeers};
use crate::ledger::{self, Ledger};
use crate::notification::{self, Notifications};
use crate::payment::{self, Payments, Peers};
use crate::role::{Served, Tasks};
use crate::routing::{self, Routing};
use crate::store::{Store, StoreError};

/// A chain could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A role has no address to listen on.
    #[error("role `{role}` cannot listen on {address}")]
    Listen {
        /// Which role.
        role: &'static str,
        /// Where it tried.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A role's store cannot be used.
    #[error("role `{role}` has no store")]
    Store {
        /// Which role.
        role: &'static str,
        /// Why not.
        source: StoreError,
    },
}

/// A chain that is up.
#[derive(Debug)]
pub struct Running {
    /// Where merchants and administrators reach it.
    pub gateway: SocketAddr,
    /// Every role by name, and where it listens.
    pub roles: Vec<(String, SocketAddr)>,
    served: Vec<Served>,
    stores: Vec<Store>,
}

impl Running {
    /// Stops all roles and closes their stores. Orders under way stay in the book as they are and are taken up by the
    /// next start, as after a crash.
    pub async fn stop(self) {
        for served in self.served {
            tracing::debug!(role = served.name, address = %served.address, "stopping");
            served.stop().await;
        }
        for store in self.stores {
            store.close().await;
        }
    }
}

/// Binds, opens and serves all six roles, and takes up what an earlier start left unfinished in `config.store`.
///
/// # Errors
/// - [`ChainError::Listen`] if an address cannot be had
/// - [`ChainError::Store`] if a file cannot be opened or read
pub async fn start(config: ChainConfig) -> Result<Running, ChainError> {
    // All listeners first: each role is told the addresses of the others.
    let (gateway_listener, gateway_address) = listen("gateway", config.listen).await?;
    let inside = SocketAddr::new(config.listen.ip(), 0);
    let (payment_listener, payment_address) = listen("payment", inside).await?;
    let (routing_listener, routing_address) = listen("routing", inside).await?;
    let (channel_listener, channel_address) = listen("channel", inside).await?;
    let (ledger_listener, ledger_address) = listen("ledger", inside).await?;
    let (notification_listener, notification_address) = listen("notification", inside).await?;
    let roles: Vec<(String, SocketAddr)> = [
        ("gateway", gateway_address),
        ("payment", payment_address),
        ("routing", routing_address),
        ("channel", channel_address),
        ("ledger", ledger_address),
        ("notification", notification_address),
    ]
    .map(|(role, address)| (role.to_owned(), address))
    .into();

    let planted = Arc::new(Planted::new(&config.defects));
    // One pool for all: roles share a process here, and idle connections with it.
    let client = HttpClient::new();
    let peer = |address| Peer::new(client.clone(), address);
    let mut chain = Running { gateway: gateway_address, roles: roles.clone(), served: Vec::new(), stores: Vec::new() };

    let store = chain.open_store(&config, "ledger", ledger::SCHEMA).await?;
    let router = Ledger::new(store, Arc::clone(&planted)).router();
    chain.serve("ledger", ledger_listener, router, Tasks::default())?;

    let store = chain.open_store(&config, "routing", routing::SCHEMA).await?;
    let routing = Routing::open(&store, &config.channels).await.map_err(in_store("routing"))?;
    chain.serve("routing", routing_listener, routing.router(), Tasks::default())?;

    let tasks = Tasks::default();
    let store = chain.open_store(&config, "notification", notification::SCHEMA).await?;
    let notifications = Notifications::open(store, client.clone(), Arc::clone(&planted), tasks.clone());
    let notifications = notifications.await.map_err(in_store("notification"))?;
    chain.serve("notification", notification_listener, notifications.router(), tasks)?;

    let store = chain.open_store(&config, "channel", channel::SCHEMA).await?;
    let channels = Channels::new(ChannelParts {
        store,
        client: client.clone(),
        endpoints: config.channels.clone(),
        address: channel_address,
        payment: peer(payment_address),
        time_max: config.limits.channel_time_max,
    });
    chain.serve("channel", channel_listener, channels.router(), Tasks::default())?;

    let tasks = Tasks::default();
    let store = chain.open_store(&config, "payment", payment::SCHEMA).await?;
    let peers = Peers {
        routing: peer(routing_address),
        channel: peer(channel_address),
        ledger: peer(ledger_address),
        notification: peer(notification_address),
    };
    let payments = Payments::open(store, peers, Arc::clone(&planted), config.release, tasks.clone(), config.limits);
    let payments = payments.await.map_err(in_store("payment"))?;
    chain.serve("payment", payment_listener, payments.router(), tasks)?;

    let store = chain.open_store(&config, "gateway", gateway::SCHEMA).await?;
    let peers = GatewayPeers {
        payment: peer(payment_address),
        ledger: peer(ledger_address),
        notification: peer(notification_address),
    };
    let parts = GatewayParts { peers, planted, admin_token: config.admin_token, release: config.release, roles };
    let gateway = Gateway::open(store, parts);
    let gateway = gateway.await.map_err(in_store("gateway"))?;
    chain.serve("gateway", gateway_listener, gateway.router(), Tasks::default())?;
    // The last one up is the first one down: nothing new comes in while the rest stops.
    chain.served.reverse();
    Ok(chain)
}

impl Running {
    async fn open_store(
        &mut self,
        config: &ChainConfig,
        role: &'static str,
        schema: &'static str,
    ) -> Result<Store, ChainError> {
        let store = Store::open(&config.store, role, schema).await.map_err(in_store(role))?;
        self.stores.push(store.clone());
        Ok(store)
    }

    fn serve(
        &mut self,
        role: &'static str,
        listener: TcpListener,
        router: Router,
        tasks: Tasks,
    ) -> Result<(), ChainError> {
        let served = Served::new(role, listener, router, tasks).map_err(|source| ChainError::Listen {
            role,
            address: self.gateway,
            source,
        })?;
        self.served.push(served);
        Ok(())
    }
}

async fn listen(role: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), ChainError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| ChainError::Listen { role, address, source })
}

fn in_store(role: &'static str) -> impl FnOnce(StoreError) -> ChainError {
    move |source| ChainError::Store { role, source }
}
