//! Watches a chain: follows its heads, reads the state at each, and says at any time what is known.
//!
//! One endpoint is asked at a time, and the next of them when it fails: by silence, by an answer that comes too late, or by one that
//! cannot be true. The chain that is followed outlives the endpoint, so that a gap or a branch between two of them is seen and filled
//! as any other. Where witnesses are wanted, a state counts once that many other endpoints read the same at the same block.
//!
//! A watch never ends and never gives up: until something is read again, the state is unknown, and older by the second.

use std::collections::BTreeMap;
use std::time::Duration;

use alloy_primitives::Address;
use tokio::time::{Instant, sleep, timeout};

use crate::block::Block;
use crate::endpoints::{Choice, Endpoints};
use crate::events::Event;
use crate::follow::{Ask, Change, Follower};
use crate::known::{Known, Trouble};
use crate::node::{Endpoint, Heads, Manner, Node};
use crate::read::{Reader, Wanted};
use crate::state::State;

/// How often in a row a block may be gone before its events were told, until the node is left for another.
const GONE: u32 = 8;

/// How long a witness that does not know a block yet is left alone before it is asked again.
const AGAIN: Duration = Duration::from_millis(50);

/// How a chain is watched.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How nodes are asked.
    pub manner: Manner,
    /// For how long a state holds, and how long a chain may have no new block, before it is stale.
    pub limit: Duration,
    /// How often the head is asked for where none is announced.
    pub poll: Duration,
    /// Over how many blocks branches and gaps are followed.
    pub reach: usize,
    /// After how many blocks more a block counts as final, where the node does not say it itself.
    pub confirmations: Option<u64>,
    /// How many other endpoints have to read the same.
    pub witnesses: usize,
}

/// Who is told.
pub trait Listener {
    /// The chain changed.
    fn change(&mut self, change: &Change<Event>);

    /// What is known changed; `now` is the time by which to look at it.
    fn known(&mut self, known: &Known<State>, now: Duration);

    /// An endpoint failed.
    fn trouble(&mut self, endpoint: &Endpoint, trouble: &Trouble);
}

/// A chain that is watched.
#[derive(Debug)]
pub struct Watch {
    settings: Settings,
    endpoints: Vec<Endpoint>,
    choice: Endpoints,
    follower: Follower<Event>,
    reader: Reader,
    known: Known<State>,
    /// The block of the last state.
    read: Option<Block>,
    /// Connections to witnesses.
    witnesses: BTreeMap<usize, Node>,
    began: Instant,
    /// When the tip last changed.
    moved: Duration,
}

impl Watch {
    /// A watch that has not begun.
    #[must_use]
    pub fn new(settings: Settings, endpoints: Vec<Endpoint>, wanted: Wanted) -> Self {
        Self {
            settings,
            choice: Endpoints::new(endpoints.len()),
            endpoints,
            follower: Follower::new(settings.reach),
            reader: Reader::new(wanted),
            known: Known::new(settings.limit),
            read: None,
            witnesses: BTreeMap::new(),
            began: Instant::now(),
            moved: Duration::ZERO,
        }
    }

    /// How long the watch exists: the time by which [`Watch::known`] is to be looked at.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// What is known.
    #[must_use]
    pub const fn known(&self) -> &Known<State> {
        &self.known
    }

    /// Watches for ever.
    pub async fn run(&mut self, listener: &mut impl Listener) {
        loop {
            let which = self.turn().await;
            let trouble = self.serve(which, listener).await;
            self.fail(which, trouble, listener);
        }
    }

    /// Reads one state, from the first endpoint that gives one; what is known afterwards says why there is none.
    pub async fn once(&mut self, listener: &mut impl Listener) {
        for _ in 0..self.endpoints.len() {
            let which = self.turn().await;
            match self.first(which, listener).await {
                Ok(_) => return,
                Err(trouble) => self.fail(which, trouble, listener),
            }
        }
    }

    /// Whose turn it is, once it is somebody's.
    async fn turn(&mut self) -> usize {
        loop {
            match self.choice.choose(self.now()) {
                Choice::Ask(which) => return which,
                Choice::Wait(until) => sleep(until.saturating_sub(self.now())).await,
            }
        }
    }

    fn fail(&mut self, which: usize, trouble: Trouble, listener: &mut impl Listener) {
        if let Some(endpoint) = self.endpoints.get(which) {
            listener.trouble(endpoint, &trouble);
        }
        self.known.fail(trouble);
        self.choice.failed(which, self.now());
        listener.known(&self.known, self.now());
    }

    async fn connect(&self, which: usize) -> Result<Node, Trouble> {
        let endpoint =
            self.endpoints.get(which).ok_or_else(|| Trouble::Disconnected("no endpoint".to_owned()))?;
        Node::connect(endpoint, self.settings.manner).await
    }

    /// Connects and reads a first state.
    async fn first(&mut self, which: usize, listener: &mut impl Listener) -> Result<(Node, Heads), Trouble> {
        let node = self.connect(which).await?;
        // Subscribed before the head is asked for, so that none falls in between.
        let heads = node.heads().await?;
        // A new connection may take its time to show that the chain goes on.
        self.moved = self.now();
        self.follower.head(node.head().await?)?;
        self.catch_up(&node, listener).await?;
        self.read_tip(&node, listener).await?;
        Ok((node, heads))
    }

    /// Watches by one endpoint until it fails.
    async fn serve(&mut self, which: usize, listener: &mut impl Listener) -> Trouble {
        let (node, mut heads) = match self.first(which, listener).await {
            Ok(connection) => connection,
            Err(trouble) => return trouble,
        };
        loop {
            if let Err(trouble) = self.step(&node, &mut heads, listener).await {
                return trouble;
            }
            self.choice.worked(which);
        }
    }

    /// The next head, announced or asked for, and the state at it.
    async fn step(
        &mut self,
        node: &Node,
        heads: &mut Heads,
        listener: &mut impl Listener,
    ) -> Result<(), Trouble> {
        let head = match timeout(self.settings.poll, heads.next()).await {
            Ok(announced) => announced?,
            Err(_) => node.head().await?,
        };
        self.follower.head(head)?;
        // Those that came while the last state was read: only the newest is worth reading.
        while let Some(head) = heads.waiting() {
            self.follower.head(head?)?;
        }
        self.catch_up(node, listener).await?;
        if self.now().saturating_sub(self.moved) > self.settings.limit {
            return Err(Trouble::Silent(self.settings.limit));
        }
        self.read_tip(node, listener).await
    }

    /// Asks until the newest head that was told is the tip.
    async fn catch_up(&mut self, node: &Node, listener: &mut impl Listener) -> Result<(), Trouble> {
        let mut gone = 0_u32;
        while let Some(ask) = self.follower.ask() {
            let told = match ask {
                Ask::Head => {
                    let head = node.head().await?;
                    self.follower.head(head)
                }
                Ask::Block(hash) => {
                    let block = node.block(hash).await?;
                    self.follower.block(hash, block)
                }
                Ask::Events(block) => {
                    let events = node.events(&block, &self.pools()).await?;
                    self.follower.events(&block, events)
                }
            };
            while let Some(change) = self.follower.change() {
                self.moved = self.now();
                listener.change(&change);
            }
            match told {
                Ok(()) => {}
                // It was replaced while it was asked about.
                Err(Trouble::Gone) if gone < GONE => gone = gone.saturating_add(1),
                Err(trouble) => return Err(trouble),
            }
        }
        while let Some(change) = self.follower.change() {
            self.moved = self.now();
            listener.change(&change);
        }
        Ok(())
    }

    /// The pools whose events are followed: those that are named, and those of the positions.
    fn pools(&self) -> Vec<Address> {
        let wanted =
            self.reader.wanted().exchanges.iter().flat_map(|exchange| exchange.pools.iter().copied());
        let mut pools: Vec<_> = wanted.chain(self.reader.pools()).collect();
        pools.sort_unstable();
        pools.dedup();
        pools
    }

    /// Reads the state at the tip, unless it was.
    async fn read_tip(&mut self, node: &Node, listener: &mut impl Listener) -> Result<(), Trouble> {
        let Some(tip) = self.follower.tip().copied() else { return Ok(()) };
        if self.read == Some(tip) && self.known.is_well() {
            return Ok(());
        }
        let began = self.now();
        match self.read(node, tip).await {
            Ok(state) => {
                self.known.learn(state, began);
                self.read = Some(tip);
                listener.known(&self.known, self.now());
                Ok(())
            }
            // The block may have been replaced under our hands: then the next head tells of it.
            Err(trouble @ (Trouble::Refused { .. } | Trouble::Gone)) => {
                let head = node.head().await?;
                if head.hash == tip.hash {
                    return Err(trouble);
                }
                self.known.fail(trouble);
                listener.known(&self.known, self.now());
                self.follower.head(head)
            }
            Err(trouble) => Err(trouble),
        }
    }

    async fn read(&mut self, node: &Node, tip: Block) -> Result<State, Trouble> {
        let told = node.finalized().await?.map(|block| block.number);
        let counted =
            self.settings.confirmations.map(|confirmations| tip.number.saturating_sub(confirmations));
        let finalized = told.or(counted).filter(|number| *number <= tip.number);
        if let Some(finalized) = finalized {
            self.follower.finalized(finalized);
        }
        let state = self.reader.read(node, tip, finalized).await?;
        self.bear_witness(&state).await?;
        Ok(state)
    }

    /// Has the state read by as many others as are wanted.
    async fn bear_witness(&mut self, state: &State) -> Result<(), Trouble> {
        let others = self.choice.others(self.now());
        let mut agreeing = 0;
        for which in others {
            if agreeing >= self.settings.witnesses {
                break;
            }
            let witness = match self.witnesses.remove(&which) {
                Some(node) => Ok(node),
                None => self.connect(which).await,
            };
            let Ok(witness) = witness else {
                self.choice.failed(which, self.now());
                continue;
            };
            match self.hear(&witness, state).await {
                Ok(other) if other == *state => {
                    agreeing = agreeing.saturating_add(1);
                    self.choice.worked(which);
                    self.witnesses.insert(which, witness);
                }
                Ok(_) => {
                    let said = format!("{} reads another state at block {}", witness.endpoint(), state.block);
                    return Err(Trouble::Contradiction(said));
                }
                Err(_) => self.choice.failed(which, self.now()),
            }
        }
        if agreeing < self.settings.witnesses {
            return Err(Trouble::Unwitnessed { agreeing, wanted: self.settings.witnesses });
        }
        Ok(())
    }

    /// A witness may hear of a block a little later.
    async fn hear(&self, witness: &Node, state: &State) -> Result<State, Trouble> {
        let mut reader = Reader::new(self.reader.wanted().clone());
        let until = self.now().saturating_add(self.settings.manner.patience);
        loop {
            match reader.read(witness, state.block, state.finalized).await {
                Err(Trouble::Refused { .. }) if self.now() < until => sleep(AGAIN).await,
                other => return other,
            }
        }
    }
}
