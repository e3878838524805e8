//! Addresses of names. The system's resolver may take seconds, so that a thread of its own asks it, one for each name at a time, and
//! wakes the loop. What it said last stands in where it says nothing: an outage of names need not be one of venues.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use mio::Waker;

/// A name and a port.
type Key = (String, u16);

#[derive(Debug, Default)]
struct Entry {
    addresses: Vec<SocketAddr>,
    is_asked: bool,
}

/// What is known of names.
#[derive(Debug)]
pub(crate) struct Names {
    known: BTreeMap<Key, Entry>,
    sender: Sender<(Key, Vec<SocketAddr>)>,
    receiver: Receiver<(Key, Vec<SocketAddr>)>,
    waker: Arc<Waker>,
    /// Answers that are still to come.
    asked: usize,
}

impl Names {
    pub(crate) fn new(waker: Arc<Waker>) -> Self {
        let (sender, receiver) = channel();
        Self { known: BTreeMap::new(), sender, receiver, waker, asked: 0 }
    }

    /// Asks anew, where nobody does already.
    pub(crate) fn ask(&mut self, host: &str, port: u16) {
        let key = (host.to_owned(), port);
        let entry = self.known.entry(key.clone()).or_default();
        if entry.is_asked {
            return;
        }
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        let resolve = move || {
            let addresses = (&*key.0, key.1).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
            // Whoever asked may be gone.
            if sender.send((key, addresses)).is_ok() {
                waker.wake().unwrap_or_default();
            }
        };
        if thread::Builder::new().name("ballast-names".to_owned()).spawn(resolve).is_ok() {
            entry.is_asked = true;
            self.asked += 1;
        }
    }

    /// Takes the answers that came.
    pub(crate) fn take_answers(&mut self) {
        while self.asked > 0
            && let Ok((key, addresses)) = self.receiver.try_recv()
        {
            self.asked -= 1;
            let entry = self.known.entry(key).or_default();
            entry.is_asked = false;
            if !addresses.is_empty() {
                entry.addresses = addresses;
            }
        }
    }

    /// The addresses, once nobody asks for them any more; empty where there are none.
    pub(crate) fn answer(&self, host: &str, port: u16) -> Option<&[SocketAddr]> {
        match self.known.get(&(host.to_owned(), port)) {
            Some(entry) if entry.is_asked => None,
            Some(entry) => Some(&entry.addresses),
            None => Some(&[]),
        }
    }
}
