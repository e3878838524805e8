//! A node that is asked over a WebSocket: alloy, with a limit of time on everything and nothing done behind our back.
//!
//! A connection that is lost stays lost: alloy would connect and subscribe again by itself and say nothing of the blocks in between, so
//! whoever asks makes a new [`Node`]. Headers have to be what their hashes say.
//!
//! Never here: a decision on what to do about trouble.

use std::fmt;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes};
use alloy_provider::transport::{RpcError, TransportError, TransportErrorKind, TransportResult};
use alloy_provider::{Provider as _, RootProvider, WsConnect};
use alloy_pubsub::{ConnectionHandle, PubSubConnect, Subscription};
use alloy_rpc_client::RpcClient;
use alloy_rpc_types_eth::{BlockId, BlockNumberOrTag, Filter, Header, RpcBlockHash, TransactionRequest};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::block::Block;
use crate::events::{self, Event};
use crate::known::Trouble;

/// Where a node is. Its address may hold a key, so that only the host is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
}

/// Whether a header's hash is worked out from its contents: right for Ethereum and chains that kept its headers, wrong for some others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashes {
    /// A header that is not what its hash says is a contradiction.
    Checked,
    /// The node is believed.
    Believed,
}

/// How nodes are asked.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The chain the node has to be on.
    pub chain: u64,
    /// How long one answer may take.
    pub patience: Duration,
    /// Whether headers are believed.
    pub hashes: Hashes,
}

/// A connection to a node.
#[derive(Debug)]
pub struct Node {
    provider: RootProvider,
    endpoint: Endpoint,
    manner: Manner,
}

/// Heads as the node announces them.
#[derive(Debug)]
pub struct Heads {
    subscription: Subscription<Header>,
    hashes: Hashes,
    /// Announcements end with the last owner of the connection.
    _provider: RootProvider,
}

/// Connects once.
#[derive(Debug)]
struct Once(WsConnect);

impl PubSubConnect for Once {
    fn is_local(&self) -> bool {
        self.0.is_local()
    }

    async fn connect(&self) -> TransportResult<ConnectionHandle> {
        Ok(self.0.connect().await?.with_max_retries(0))
    }

    async fn try_reconnect(&self) -> TransportResult<ConnectionHandle> {
        Err(TransportErrorKind::backend_gone())
    }
}

impl Endpoint {
    /// The node at this address, `ws://` or `wss://`.
    ///
    /// # Errors
    /// What is wrong with the address, without the address.
    pub fn new(url: String) -> Result<Self, &'static str> {
        let Some((scheme, rest)) = url.split_once("://") else { return Err("it is no address of a node") };
        match scheme {
            "ws" | "wss" if rest.starts_with(['/', '?', '#']) || rest.is_empty() => Err("it names no host"),
            "ws" | "wss" => Ok(Self { url }),
            _ => Err("nodes are asked over ws:// or wss://, which also announce their heads"),
        }
    }

    /// The host, and the port where one is given: never a key that follows, or a name and password before it.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.host()).finish()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host())
    }
}

impl Node {
    /// Connects, and sees that the node is on the right chain.
    ///
    /// # Errors
    /// [`Trouble::Contradiction`] where it is on another chain, any other trouble of connecting and asking.
    pub async fn connect(endpoint: &Endpoint, manner: Manner) -> Result<Self, Trouble> {
        let once = Once(WsConnect::new(endpoint.url.clone()).with_keepalive_interval(manner.patience));
        let connecting = timeout(manner.patience, RpcClient::connect_pubsub(once)).await;
        let client = connecting
            .map_err(|_| Trouble::Timeout("a connection"))?
            .map_err(|error| endpoint.trouble("a connection", error))?;
        let node = Self { provider: RootProvider::new(client), endpoint: endpoint.clone(), manner };
        let told = node.ask("eth_chainId", node.provider.get_chain_id().into_future()).await?;
        if told != manner.chain {
            return Err(Trouble::Contradiction(format!(
                "{endpoint} is on chain {told}, not {}",
                manner.chain
            )));
        }
        Ok(node)
    }

    /// Where it is.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Subscribes to its heads.
    ///
    /// # Errors
    /// Any trouble of asking.
    pub async fn heads(&self) -> Result<Heads, Trouble> {
        let asking = self.provider.subscribe_blocks().into_future();
        let subscription = self.ask("eth_subscribe", asking).await?;
        Ok(Heads { subscription, hashes: self.manner.hashes, _provider: self.provider.clone() })
    }

    /// Its newest block.
    ///
    /// # Errors
    /// Any trouble of asking.
    pub async fn head(&self) -> Result<Block, Trouble> {
        self.tagged(BlockNumberOrTag::Latest).await?.ok_or(Trouble::Gone)
    }

    /// The newest block it calls final; `None` where it knows of none.
    ///
    /// # Errors
    /// Any trouble of asking, where the node did not say that it does not know.
    pub async fn finalized(&self) -> Result<Option<Block>, Trouble> {
        match self.tagged(BlockNumberOrTag::Finalized).await {
            Err(Trouble::Refused { .. }) => Ok(None),
            other => other,
        }
    }

    /// The block of this hash; `None` where it knows none.
    ///
    /// # Errors
    /// Any trouble of asking.
    pub async fn block(&self, hash: B256) -> Result<Option<Block>, Trouble> {
        let asking = self.provider.get_block_by_hash(hash).into_future();
        let answer = self.ask("eth_getBlockByHash", asking).await?;
        answer.map(|block| self.manner.hashes.read(&block.header)).transpose()
    }

    /// The events of these pools in a block, in their order; `None` where it does not know the block.
    ///
    /// # Errors
    /// Any trouble of asking; [`Trouble::Contradiction`] where it tells of other blocks or pools than it was asked for.
    pub async fn events(&self, of: &Block, pools: &[Address]) -> Result<Option<Vec<Event>>, Trouble> {
        if !pools.is_empty() {
            let filter = Filter::new()
                .at_block_hash(of.hash)
                .address(pools.to_vec())
                .event_signature(events::topics());
            let logs = match self.ask("eth_getLogs", self.provider.get_logs(&filter)).await {
                // Nodes have no common word for a block they do not know; whether this is one is seen below.
                Err(Trouble::Refused { .. }) if self.block(of.hash).await?.is_none() => return Ok(None),
                other => other?,
            };
            let is_other = |log: &alloy_rpc_types_eth::Log| {
                log.block_hash != Some(of.hash) || log.removed || !pools.contains(&log.address())
            };
            if logs.iter().any(is_other) {
                return Err(Trouble::Contradiction(format!("told of other logs than those of block {of}")));
            }
            let mut events = logs.iter().map(events::read).collect::<Result<Vec<_>, _>>()?;
            events.sort_by_key(|event| event.index);
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        // A block that is gone may be told as one without events.
        Ok(self.block(of.hash).await?.map(|_| Vec::new()))
    }

    /// What a call of a contract returns in the state after the block of this hash.
    ///
    /// # Errors
    /// [`Trouble::Refused`] where the contract reverts, or the node does not have that state (any more); any trouble of asking.
    pub async fn call(&self, at: B256, call: Call) -> Result<Bytes, Trouble> {
        let Call { what, to, from, data } = call;
        let mut request = TransactionRequest::default().to(to).input(Bytes::from(data).into());
        request.from = from;
        // The block may be replaced by another while it is read: then there is no answer rather than one of a state that is gone.
        let block = BlockId::Hash(RpcBlockHash::from_hash(at, Some(true)));
        self.ask(what, self.provider.call(request).block(block).into_future()).await
    }

    async fn tagged(&self, tag: BlockNumberOrTag) -> Result<Option<Block>, Trouble> {
        let asking = self.provider.get_block_by_number(tag).into_future();
        let answer = self.ask("eth_getBlockByNumber", asking).await?;
        answer.map(|block| self.manner.hashes.read(&block.header)).transpose()
    }

    async fn ask<T>(
        &self,
        what: &'static str,
        asking: impl Future<Output = TransportResult<T>>,
    ) -> Result<T, Trouble> {
        match timeout(self.manner.patience, asking).await {
            Ok(answer) => answer.map_err(|error| self.endpoint.trouble(what, error)),
            Err(_) => Err(Trouble::Timeout(what)),
        }
    }
}

/// A call that changes nothing.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it is, for messages.
    pub what: &'static str,
    /// The contract.
    pub to: Address,
    /// In whose name, where that matters.
    pub from: Option<Address>,
    /// Function and arguments.
    pub data: Vec<u8>,
}

impl Heads {
    /// The next head, however long it takes.
    ///
    /// # Errors
    /// [`Trouble::Disconnected`] where there will be none; whatever is wrong with the header.
    pub async fn next(&mut self) -> Result<Block, Trouble> {
        loop {
            match self.subscription.recv().await {
                Ok(header) => return self.hashes.read(&header),
                // More than were kept: the newest is told next, and the gap is seen by its parent.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(Trouble::Disconnected("the node is gone".to_owned())),
            }
        }
    }
}

impl Heads {
    /// A head that has been announced already; `None` where none waits.
    pub fn waiting(&mut self) -> Option<Result<Block, Trouble>> {
        // Whatever else it may say is said again by the next that is waited for.
        self.subscription.try_recv().ok().map(|header| self.hashes.read(&header))
    }
}

impl Hashes {
    fn read(self, header: &Header) -> Result<Block, Trouble> {
        let block = Block {
            number: header.inner.number,
            hash: header.hash,
            parent: header.inner.parent_hash,
            time: header.inner.timestamp,
        };
        if self == Self::Checked && header.inner.hash_slow() != header.hash {
            return Err(Trouble::Contradiction(format!("the header of block {block} has another hash")));
        }
        Ok(block)
    }
}

impl Endpoint {
    fn trouble(&self, what: &'static str, error: TransportError) -> Trouble {
        match error {
            RpcError::ErrorResp(payload) => Trouble::Refused { what, why: payload.message.into_owned() },
            RpcError::NullResp => Trouble::Gone,
            RpcError::DeserError { err, .. } => Trouble::Unreadable { what, why: err.to_string() },
            other @ (RpcError::UnsupportedFeature(_)
            | RpcError::LocalUsageError(_)
            | RpcError::SerError(_)
            | RpcError::Transport(_)) => Trouble::Disconnected(self.without_key(&other.to_string())),
        }
    }

    /// A text of others that may quote the address.
    fn without_key(&self, text: &str) -> String {
        text.replace(&self.url, self.host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_shown() {
        let endpoint =
            Endpoint::new("wss://name:word@eth.example.org:8546/v3/key?token=key#key".to_owned()).unwrap();
        assert_eq!(endpoint.to_string(), "eth.example.org:8546");
        assert_eq!(format!("{endpoint:?}"), "Endpoint(\"eth.example.org:8546\")");
        let quoted = TransportErrorKind::custom_str(&format!("cannot reach {}", endpoint.url));
        let told = endpoint.trouble("a connection", quoted).to_string();
        assert!(told.ends_with("cannot reach eth.example.org:8546"), "{told}");
    }

    #[test]
    fn addresses_that_cannot_be_asked_are_refused() {
        for url in ["localhost:8545", "https://eth.example.org", "ws://", "wss:///v3/key"] {
            assert!(Endpoint::new(url.to_owned()).is_err(), "{url}");
        }
    }

    #[test]
    fn a_header_has_to_be_what_its_hash_says() {
        let mut header: Header = Header::default();
        header.inner.number = 7;
        assert!(matches!(Hashes::Checked.read(&header), Err(Trouble::Contradiction(_))));
        assert_eq!(Hashes::Believed.read(&header).unwrap().number, 7);
        header.hash = header.inner.hash_slow();
        assert_eq!(Hashes::Checked.read(&header).unwrap().number, 7);
    }
}
