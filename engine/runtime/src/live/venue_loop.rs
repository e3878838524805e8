//! One venue's loop: bytes from its network become events for the shards, and commands of the shards become bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use ballast_model::{ClientOrderId, Command, Event, InstrumentId, Nanos, OrderReport, OrderUpdate, Span};
use ballast_venue::binance::MarketSession;
use ballast_venue::{Channel, Counters, Now};
use ballast_wire::{Address, HttpSend, Link, LinkKind, Network, News};

use super::links::{Lines, LinkPolicy, Talk};
use super::paper::{Paper, Shown};
use super::rings::{Numbers, Router, VenueEnds};
use super::shard_loop::Turned;

/// Commands that are looked at together, so that cancels leave first.
const COMMANDS_PER_TURN: usize = 256;

/// Slots of the largest batch: the longest snapshot there is.
const BATCH_SLOTS: usize = ballast_venue::binance::BATCH_SLOTS_MAX;

/// What becomes of commands.
#[derive(Debug)]
pub enum Trading {
    /// Fills are simulated here.
    Paper(Box<Paper>),
    /// Nothing trades: what is to be sent comes back as not sent.
    Nothing,
}

/// What a venue's loop is made of.
#[derive(Debug)]
pub struct VenueParts<N> {
    /// Its network.
    pub network: N,
    /// Its markets.
    pub market: MarketSession,
    /// Its orders.
    pub trading: Trading,
    /// Where streams are: scheme and host.
    pub stream_url: String,
    /// Where requests go: scheme and host.
    pub rest_url: String,
    /// How connections are kept.
    pub policy: LinkPolicy,
    /// Rings, by shard.
    pub shards: Vec<VenueEnds>,
    /// Which shard decides on what.
    pub numbers: Numbers,
    /// While it is set no order leaves, whatever the shards say.
    pub kill: Arc<AtomicBool>,
}

/// One venue's loop.
#[derive(Debug)]
pub struct VenueLoop<N> {
    network: N,
    lines: Lines,
    inner: Inner,
}

/// All but the network, which tells of what came while this listens.
#[derive(Debug)]
struct Inner {
    market: MarketSession,
    trading: Trading,
    shards: Vec<VenueEnds>,
    numbers: Numbers,
    /// Private news that found no room in its ring, in order: they are never dropped.
    backlog: VecDeque<(usize, Event)>,
    scratch: Vec<Event>,
    commands: Vec<(usize, Command)>,
    kill: Arc<AtomicBool>,
    /// Frames that could not be decoded.
    unread: u64,
}

impl<N: Network> VenueLoop<N> {
    /// A loop whose connections are all still to be opened.
    #[must_use]
    pub fn new(parts: VenueParts<N>) -> Self {
        let VenueParts { network, market, trading, stream_url, rest_url, policy, shards, numbers, kill } =
            parts;
        let address = |kind, url| Address { kind, url, headers: Vec::new() };
        let mut wanted: Vec<_> = market
            .connections()
            .map(|(channel, path)| {
                let talk = if channel == Channel::Market(0) { Talk::Steady } else { Talk::Pinged };
                (channel, talk, address(LinkKind::WebSocket, format!("{stream_url}{path}")))
            })
            .collect();
        wanted.push((Channel::Rest, Talk::Answers, address(LinkKind::Http, rest_url)));
        let lines = Lines::new(policy, wanted);
        let inner = Inner {
            market,
            trading,
            shards,
            numbers,
            backlog: VecDeque::with_capacity(COMMANDS_PER_TURN),
            scratch: Vec::with_capacity(BATCH_SLOTS),
            commands: Vec::with_capacity(COMMANDS_PER_TURN),
            kill,
            unread: 0,
        };
        Self { network, lines, inner }
    }

    /// Takes what came in, sends what is to go out, and does what is due. Waits so long for something to come in.
    pub fn turn(&mut self, now: Now, patience: Span) -> Turned {
        let Self { network, lines, inner } = self;
        let mut worked = false;
        network.poll(patience, &mut |link, at, news| {
            worked = true;
            let wall = now.wall + (at - now.mono);
            inner.hear(lines, link, Now { mono: at, wall }, news);
        });
        let mono = network.clock().max(now.mono);
        let now = Now { mono, wall: now.wall + (mono - now.mono) };
        worked |= inner.take_commands(now);
        inner.pass_time(now);
        inner.transmit(lines, network, now);
        lines.on_time(network, now.mono);
        if worked { Turned::Worked } else { Turned::Idle }
    }

    /// When a turn is due though nothing comes in; `None` for never.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        let inner = &self.inner;
        let paper = match &inner.trading {
            Trading::Paper(paper) => paper.next_deadline(),
            Trading::Nothing => None,
        };
        [self.lines.next_deadline(), inner.market.next_deadline(), paper].into_iter().flatten().min()
    }

    /// Its network.
    #[must_use]
    pub const fn network(&self) -> &N {
        &self.network
    }

    /// Its network, to change what it does.
    #[must_use]
    pub const fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }

    /// What the session of its markets counted.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        self.inner.market.counters()
    }

    /// Connections that stood and were lost.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lines.lost
    }

    /// Frames that could not be decoded.
    #[must_use]
    pub const fn unread(&self) -> u64 {
        self.inner.unread
    }

    /// Ends the loop; its orders are left as they are.
    #[must_use]
    pub fn into_network(self) -> N {
        self.network
    }
}

impl Inner {
    /// Takes one piece of news of a connection.
    fn hear(&mut self, lines: &mut Lines, link: Link, now: Now, news: News<'_>) {
        let Some(channel) = lines.channel(link) else { return };
        match news {
            News::Opened => {
                lines.on_opened(link, now.mono);
                self.market.on_connected(channel, now);
            }
            News::Text(bytes) | News::Reply { body: bytes, .. } => {
                lines.on_heard(link, now.mono);
                self.with_sink(now, |market, sink| market.on_bytes(channel, bytes, now, sink).is_err())
                    .then(|| self.unread += 1);
            }
            News::Closed(_) => {
                lines.on_closed(link, now.mono);
                self.with_sink(now, |market, sink| market.on_disconnected(channel, now, sink));
            }
        }
    }

    /// Lets the session speak to the shards and to whoever simulates fills.
    #[inline]
    fn with_sink<T>(&mut self, now: Now, act: impl FnOnce(&mut MarketSession, &mut Shown<'_>) -> T) -> T {
        let Self { market, trading, shards, numbers, scratch, .. } = self;
        let paper = match trading {
            Trading::Paper(paper) => Some(&mut **paper),
            Trading::Nothing => None,
        };
        let router = Router { shards, numbers, scratch };
        act(market, &mut Shown { router, paper, now: now.mono })
    }

    /// Sends what the shards decided, cancels first.
    fn take_commands(&mut self, now: Now) -> bool {
        let mut commands = core::mem::take(&mut self.commands);
        commands.clear();
        for (shard, ends) in self.shards.iter_mut().enumerate() {
            while commands.len() < COMMANDS_PER_TURN {
                let Some(command) = ends.commands.pop() else { break };
                let of_venue = self.numbers.at_venue(shard, command.instrument());
                if let Some(of_venue) = of_venue {
                    commands.push((shard, command.to_instrument(of_venue)));
                }
            }
        }
        let any = !commands.is_empty();
        // No cancel overtakes the order it cancels.
        let first = |command: &Command| matches!(command, Command::Cancel(cancel) if !is_new(&commands, cancel.client_id));
        for (shard, command) in commands.iter().filter(|(_, command)| first(command)) {
            self.send(*shard, command, now);
        }
        for (shard, command) in commands.iter().filter(|(_, command)| !first(command)) {
            self.send(*shard, command, now);
        }
        self.commands = commands;
        any
    }

    /// Sends a command, or says that it was not sent.
    fn send(&mut self, shard: usize, command: &Command, now: Now) {
        let expires_at = match command {
            Command::New(order) => Some(order.expires_at),
            Command::Replace(replace) => Some(replace.expires_at),
            Command::Cancel(_) | Command::Query(_) => None,
        };
        let dropped = expires_at.is_some_and(|at| now.mono > at || self.kill.load(Relaxed));
        match &mut self.trading {
            Trading::Paper(paper) if !dropped => paper.send(command, now.mono),
            Trading::Paper(_) | Trading::Nothing => {
                let event = not_sent(command.instrument(), command.client_id(), now.mono);
                self.tell(shard, event);
            }
        }
    }

    /// Does what is due.
    fn pass_time(&mut self, now: Now) {
        while let Some((shard, event)) = self.backlog.front() {
            let ends = self.shards.get_mut(*shard);
            if ends.is_some_and(|ends| ends.private.push(*event).is_err()) {
                break;
            }
            self.backlog.pop_front();
        }
        if self.market.next_deadline().is_some_and(|at| at <= now.mono) {
            self.with_sink(now, |market, sink| market.on_deadline(now, sink));
        }
        let Self { trading, shards, numbers, backlog, .. } = self;
        if let Trading::Paper(paper) = trading {
            paper.advance(now.mono, |event| private(shards, numbers, backlog, event));
        }
    }

    /// Tells one shard of one of its own orders.
    fn tell(&mut self, shard: usize, event: Event) {
        debug_assert_eq!(
            event.instrument().and_then(|id| self.numbers.at_shard(id)).map(|(at, _)| at),
            Some(shard)
        );
        private(&mut self.shards, &self.numbers, &mut self.backlog, event);
    }

    /// Sends what the session has to say.
    fn transmit(&mut self, lines: &mut Lines, network: &mut impl Network, now: Now) {
        loop {
            let Some(transmit) = self.market.poll_transmit() else { return };
            let channel = transmit.channel;
            let sent = lines.standing(channel).is_some_and(|link| match channel {
                Channel::Rest => {
                    let target = core::str::from_utf8(transmit.bytes).unwrap_or_default();
                    network
                        .request(link, &HttpSend { method: "GET", target, headers: &[], body: &[] })
                        .is_ok()
                }
                Channel::Market(_) | Channel::Api | Channel::Private => {
                    network.send(link, transmit.bytes).is_ok()
                }
            });
            if sent {
                continue;
            }
            match lines.standing(channel) {
                // A stream that cannot even be asked for is of no use: it is made anew.
                Some(link) if channel != Channel::Rest => network.close(link),
                _ => self.with_sink(now, |market, sink| market.on_disconnected(channel, now, sink)),
            }
        }
    }
}

/// Whether an order of this id is among what is to be sent.
fn is_new(commands: &[(usize, Command)], client_id: ClientOrderId) -> bool {
    commands.iter().any(|(_, command)| matches!(command, Command::New(order) if order.client_id == client_id))
}

fn not_sent(instrument: InstrumentId, client_id: ClientOrderId, now: Nanos) -> Event {
    Event::Order(OrderUpdate { instrument, client_id, report: OrderReport::NotSent, venue_time: now })
}

/// Tells whom it concerns: the shard of its instrument, or all where it has none.
fn private(
    shards: &mut [VenueEnds],
    numbers: &Numbers,
    backlog: &mut VecDeque<(usize, Event)>,
    event: Event,
) {
    let place = event.instrument().and_then(|of_venue| numbers.at_shard(of_venue));
    for (shard, ends) in shards.iter_mut().enumerate() {
        let event = match place {
            Some((its, of_shard)) if its == shard => event.of_instrument(of_shard),
            Some(_) => continue,
            None => event,
        };
        // In order: behind what waits already.
        if backlog.iter().any(|(waits, _)| *waits == shard) || ends.private.push(event).is_err() {
            backlog.push_back((shard, event));
        }
    }
}
