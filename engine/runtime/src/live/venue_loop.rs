//! One venue's loop: bytes from its network become events for the shards, and commands of the shards become bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

use ballast_model::{Command, Event, Nanos, Span, mutant};
use ballast_venue::binance::MarketSession;
use ballast_venue::binance::trade::cancels_first;
use ballast_venue::{Channel, Counters, Now};
use ballast_wire::{HttpSend, Link, LinkKind, Network, News};

use super::contact::{ContactBoard, Reading, WindowView};
use super::links::{Lines, LinkPolicy, Talk, Urls, Wanted, Way};
use super::paper::Shown;
use super::rings::{Numbers, Router, VenueEnds};
use super::shard_loop::Turned;
use super::trading::{Latch, Private, Trading, trade_lines};
use super::trips::Trips;
use crate::journal::recording::FrameTap;

/// Commands that are looked at together, so that cancels leave first.
const COMMANDS_PER_TURN: usize = 256;

/// Slots of the largest batch: the longest snapshot there is.
const BATCH_SLOTS: usize = ballast_venue::binance::BATCH_SLOTS_MAX;

/// What a venue's loop is made of.
#[derive(Debug)]
pub struct VenueParts<N> {
    /// Its network.
    pub network: N,
    /// Its markets.
    pub market: MarketSession,
    /// Its orders.
    pub trading: Trading,
    /// Where it is.
    pub urls: Urls,
    /// How connections are kept.
    pub policy: LinkPolicy,
    /// Rings, by shard.
    pub shards: Vec<VenueEnds>,
    /// Which shard decides on what.
    pub numbers: Numbers,
    /// While it is set no order leaves, whatever the shards say.
    pub kill: Arc<AtomicBool>,
    /// Turns of each shard that decides here.
    pub progress: Vec<Arc<AtomicU64>>,
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
    commands: Vec<Command>,
    kill: Arc<AtomicBool>,
    progress: Vec<(Arc<AtomicU64>, u64)>,
    /// Frames that could not be decoded.
    unread: u64,
    /// Where what comes in is recorded before it is read.
    tap: Option<FrameTap>,
    /// How long the venue takes to answer.
    trips: Trips,
}

impl<N: Network> VenueLoop<N> {
    /// A loop whose connections are all still to be opened.
    #[must_use]
    pub fn new(parts: VenueParts<N>) -> Self {
        let wanted = wanted(&parts);
        let VenueParts { network, market, trading, policy, shards, numbers, kill, progress, .. } = parts;
        let inner = Inner {
            market,
            trading,
            shards,
            numbers,
            backlog: VecDeque::with_capacity(COMMANDS_PER_TURN),
            scratch: Vec::with_capacity(BATCH_SLOTS),
            commands: Vec::with_capacity(COMMANDS_PER_TURN),
            kill,
            progress: progress.into_iter().map(|turns| (turns, 0)).collect(),
            unread: 0,
            tap: None,
            trips: Trips::new(),
        };
        Self { network, lines: Lines::new(policy, wanted), inner }
    }

    /// Records from now on, before it is read, what its markets say and what their session is told and asks for. Nothing of our
    /// account is recorded.
    #[must_use]
    pub fn tapped(mut self, tap: Option<FrameTap>) -> Self {
        self.inner.tap = tap;
        self
    }

    /// Takes what came in, sends what is to go out, and does what is due. Waits so long for something to come in.
    pub fn turn(&mut self, now: Now, patience: Span) -> Turned {
        let Self { network, lines, inner } = self;
        let mut worked = false;
        network.poll(patience, &mut |link, at, news| {
            worked = true;
            inner.hear(lines, link, now.at(at), news);
        });
        let now = now.at(network.clock().max(now.mono));
        if let Some(Way::Trade(channel)) = lines.race(network, now.mono) {
            inner.hear_trade(channel, now, News::Opened);
        }
        worked |= inner.take_commands(lines, network, now);
        inner.pass_time(now);
        inner.transmit(lines, network, now);
        lines.on_time(network, now.mono);
        if worked { Turned::Worked } else { Turned::Idle }
    }

    /// When a turn is due though nothing comes in; `None` for never.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        let inner = &self.inner;
        let times = [self.lines.next_deadline(), inner.market.next_deadline(), inner.trading.next_deadline()];
        times.into_iter().flatten().min()
    }

    /// True where a shard has decided something that was not yet looked at.
    #[must_use]
    pub fn has_commands(&self) -> bool {
        self.inner.shards.iter().any(|ends| ends.commands.waiting() > 0)
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

    /// Where its commands go.
    #[must_use]
    pub const fn trading(&self) -> &Trading {
        &self.inner.trading
    }

    /// The same, to ask it for something.
    #[must_use]
    pub const fn trading_mut(&mut self) -> &mut Trading {
        &mut self.inner.trading
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

    /// Shows its connections, where it is time to.
    #[inline]
    pub(super) fn show(&self, board: &mut ContactBoard, now: Nanos) {
        if board.is_due(now) {
            self.write(board, now);
        }
    }

    fn write(&self, board: &mut ContactBoard, now: Nanos) {
        let Self { network, lines, inner } = self;
        let session = match &inner.trading {
            Trading::Paper(_) | Trading::Nobody => None,
            Trading::Live(live) => Some(live.session()),
        };
        let windows = session.map_or(&[][..], |session| session.windows());
        let pulse = |link| network.pulse(link)?.round_trip;
        let reading = Reading {
            counts: [inner.market.counters().frames, lines.lost, inner.unread],
            probe: session.and_then(|session| Some(session.clock()?.round_trip)),
            trips: inner.trips.summary(),
            links: lines.states().map(|(link, way, state)| (way, state, pulse(link))),
            windows: windows.iter().map(|window| WindowView {
                pool: window.pool,
                interval: window.interval,
                limit: window.limit,
                used: window.used,
            }),
        };
        board.show(now, reading);
    }

    /// Ends the loop; its orders are left as they are.
    #[must_use]
    pub fn into_network(self) -> N {
        self.network
    }
}

/// The connections of a loop.
fn wanted<N>(parts: &VenueParts<N>) -> Vec<Wanted> {
    let VenueParts { market, trading, urls, policy, .. } = parts;
    let kin =
        |channel| (0..).zip(market.connections()).find(|(_, (other, _))| market.are_copies(channel, *other));
    let mut wanted: Vec<_> = market
        .connections()
        .map(|(channel, path)| Wanted {
            way: Way::Market(channel),
            kind: LinkKind::WebSocket,
            talk: if market.carries_books(channel) { Talk::Steady } else { Talk::Pinged },
            url: format!("{}{path}", urls.stream),
            kin: kin(channel).map(|(first, _)| first),
        })
        .collect();
    let (kind, talk) = (LinkKind::Http, Talk::Answers);
    wanted.push(Wanted { way: Way::Market(Channel::Rest), kind, talk, url: urls.rest.clone(), kin: None });
    if let Trading::Live(_) = trading {
        wanted.extend(trade_lines(urls, policy.order_candidates));
    }
    wanted
}

impl Inner {
    /// Takes one piece of news of a connection.
    #[inline]
    fn hear(&mut self, lines: &mut Lines, link: Link, now: Now, news: News<'_>) {
        lines.on_news(link, &news, now.mono);
        match lines.way(link) {
            Some(Way::Market(channel)) => self.hear_market(channel, now, news),
            Some(Way::Trade(channel)) => self.hear_trade(channel, now, news),
            None => {}
        }
    }

    #[inline]
    fn hear_market(&mut self, channel: Channel, now: Now, news: News<'_>) {
        if let Some(tap) = &mut self.tap {
            tap.heard(channel, now, &news);
        }
        match news {
            News::Text(bytes) | News::Reply { body: bytes, .. } => {
                let read =
                    self.with_sink(now, |market, sink| market.on_bytes(channel, bytes, now, sink).is_ok());
                self.unread += u64::from(!read);
            }
            News::Opened => self.market.on_connected(channel, now),
            News::Closed(_) => self.with_sink(now, |market, sink| market.on_disconnected(channel, now, sink)),
        }
    }

    fn hear_trade(&mut self, channel: Channel, now: Now, news: News<'_>) {
        let Self { trading, shards, numbers, backlog, unread, trips, .. } = self;
        let Trading::Live(live) = trading else { return };
        let mut told = Private { shards, numbers, backlog, trips: Some((trips, now.mono)) };
        let read = live.hear(channel, news, now, &mut told);
        *unread += u64::from(!read);
    }

    /// Lets the session speak to the shards and to whoever simulates fills.
    #[inline]
    fn with_sink<T>(&mut self, now: Now, act: impl FnOnce(&mut MarketSession, &mut Shown<'_>) -> T) -> T {
        let Self { market, trading, shards, numbers, scratch, .. } = self;
        let paper = match trading {
            Trading::Paper(paper) => Some(&mut **paper),
            Trading::Live(_) | Trading::Nobody => None,
        };
        let router = Router { shards, numbers, scratch };
        act(market, &mut Shown { router, paper, now: now.mono })
    }

    fn latch(&self) -> Latch {
        if self.kill.load(Relaxed) && !mutant::is("latch-ignored") { Latch::Killed } else { Latch::Open }
    }

    /// Sends what the shards decided, cancels first.
    fn take_commands(&mut self, lines: &Lines, network: &mut impl Network, now: Now) -> bool {
        let latch = self.latch();
        let Self { trading, shards, numbers, backlog, commands, trips, .. } = self;
        commands.clear();
        for (shard, ends) in shards.iter_mut().enumerate() {
            while commands.len() < COMMANDS_PER_TURN {
                let Some(command) = ends.commands.pop() else { break };
                let of_venue = numbers.at_venue(shard, command.instrument());
                commands.extend(of_venue.map(|of_venue| command.to_instrument(of_venue)));
            }
        }
        cancels_first(commands);
        let mut told = Private { shards, numbers, backlog, trips: Some((trips, now.mono)) };
        for command in commands.iter() {
            trading.send(command, latch, now, (lines, network), &mut told);
        }
        !commands.is_empty()
    }

    /// Whether each shard has turned since this was last so: one that turns seldom is waited for, one that is stuck is not excused by
    /// the others.
    fn has_progress(&mut self) -> bool {
        let moved = self.progress.iter().all(|(turns, seen)| turns.load(Relaxed) != *seen);
        if moved {
            self.progress.iter_mut().for_each(|(turns, seen)| *seen = turns.load(Relaxed));
        }
        moved
    }

    /// Does what is due.
    fn pass_time(&mut self, now: Now) {
        let latch = self.latch();
        let moves = self.has_progress();
        if self.market.next_deadline().is_some_and(|at| at <= now.mono) {
            if let Some(tap) = &mut self.tap {
                tap.due(now);
            }
            self.with_sink(now, |market, sink| market.on_deadline(now, sink));
        }
        let Self { trading, shards, numbers, backlog, trips, .. } = self;
        let mut told = Private { shards, numbers, backlog, trips: Some((trips, now.mono)) };
        told.settle();
        if let Trading::Live(live) = trading
            && moves
        {
            live.session_mut().on_progress(now);
        }
        trading.pass_time(latch, now, &mut told);
    }

    /// Sends what the sessions have to say.
    fn transmit(&mut self, lines: &mut Lines, network: &mut impl Network, now: Now) {
        while let Some(transmit) = self.market.poll_transmit() {
            let channel = transmit.channel;
            if let Some(tap) = &mut self.tap {
                tap.asked(channel, now, transmit.bytes);
            }
            let link = lines.standing(Way::Market(channel));
            let sent = link.is_some_and(|link| match channel {
                Channel::Rest => {
                    let target = core::str::from_utf8(transmit.bytes).unwrap_or_default();
                    let request = HttpSend { method: "GET", target, headers: &[], body: &[] };
                    network.request(link, &request).is_ok()
                }
                Channel::Market(_) | Channel::Api | Channel::Private => {
                    network.send(link, transmit.bytes).is_ok()
                }
            });
            match link {
                _ if sent => {}
                // A stream that cannot even be asked for is of no use: it is made anew.
                Some(link) if channel != Channel::Rest => network.close(link),
                _ => {
                    if let Some(tap) = &mut self.tap {
                        tap.closed(channel, now);
                    }
                    self.with_sink(now, |market, sink| market.on_disconnected(channel, now, sink));
                }
            }
        }
        let Self { trading, shards, numbers, backlog, trips, .. } = self;
        if let Trading::Live(live) = trading {
            live.transmit(
                lines,
                network,
                now,
                &mut Private { shards, numbers, backlog, trips: Some((trips, now.mono)) },
            );
        }
    }
}
