//! A client that remembers what it heard, and servers of one connection each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ballast_model::{Nanos, Span};
use ballast_wire::{Address, Closed, Link, LinkKind, Network, News, Options, Sockets};
use rcgen::{CertifiedKey, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use tempfile::NamedTempFile;
use tungstenite::{Message, WebSocket};

pub(crate) const LINK: Link = Link(3);

/// News, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Opened,
    Text(Vec<u8>),
    Reply { status: u16, retry_after: Option<u32>, used: [Option<u32>; 2], body: Vec<u8> },
    Closed(Closed),
}

impl From<News<'_>> for Heard {
    fn from(news: News<'_>) -> Self {
        match news {
            News::Opened => Self::Opened,
            News::Text(text) => Self::Text(text.to_vec()),
            News::Reply { status, retry_after, used, body } => {
                Self::Reply { status, retry_after, used, body: body.to_vec() }
            }
            News::Closed(closed) => Self::Closed(closed),
        }
    }
}

pub(crate) fn text(words: &str) -> Heard {
    Heard::Text(words.as_bytes().to_vec())
}

#[expect(clippy::disallowed_methods, reason = "tests wait for real servers")]
fn clock() -> Nanos {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    Nanos(1_000_000_000 + i64::try_from(BEGIN.elapsed().as_nanos()).unwrap())
}

pub(crate) struct Client {
    pub(crate) net: Sockets<fn() -> Nanos>,
    pub(crate) heard: Vec<Heard>,
    pub(crate) stamps: Vec<Nanos>,
}

impl Client {
    pub(crate) fn new(options: Options) -> Self {
        let net = Sockets::new(options, clock as fn() -> Nanos).unwrap();
        Self { net, heard: Vec::new(), stamps: Vec::new() }
    }

    pub(crate) fn open(&mut self, kind: LinkKind, url: &str) {
        self.net.open(LINK, &Address { kind, url: url.to_owned(), headers: Vec::new() });
    }

    /// A client that a connection of this kind stands for.
    pub(crate) fn opened(kind: LinkKind, url: &str, options: Options) -> Self {
        let mut client = Self::new(options);
        client.open(kind, url);
        client.until(1);
        assert_eq!(client.heard[0], Heard::Opened);
        client
    }

    pub(crate) fn poll(&mut self, patience: Span) {
        let (heard, stamps) = (&mut self.heard, &mut self.stamps);
        self.net.poll(patience, &mut |link, at, news| {
            assert_eq!(link, LINK);
            heard.push(news.into());
            stamps.push(at);
        });
    }

    /// Polls until so much was heard.
    pub(crate) fn until(&mut self, count: usize) {
        let begin = clock();
        while self.heard.len() < count {
            self.poll(Span::from_millis(20));
            assert!(clock() - begin < Span::from_secs(20), "heard only {:?}", self.heard);
        }
        assert!(self.stamps.is_sorted());
    }

    /// Polls for so long.
    pub(crate) fn linger(&mut self, span: Span) {
        let begin = clock();
        while clock() - begin < span {
            self.poll(Span::from_millis(5));
        }
    }

    /// What ends a connection, and nothing more.
    pub(crate) fn ends(&mut self, count: usize, closed: Closed) {
        self.until(count);
        assert_eq!(self.heard.last(), Some(&Heard::Closed(closed)));
        self.linger(Span::from_millis(30));
        assert_eq!(self.heard.len(), count, "one end and nothing behind it: {:?}", self.heard);
        assert!(self.net.send(LINK, b"x").is_err() && self.net.pulse(LINK).is_none());
    }
}

/// A server that speaks once, and what comes of it.
pub(crate) struct Server<T> {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<T>,
}

impl<T> Server<T> {
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/path?a=1", self.address)
    }

    pub(crate) fn outcome(self) -> T {
        self.thread.join().unwrap()
    }
}

/// Serves one connection.
pub(crate) fn serve<T: Send + 'static>(speak: impl FnOnce(TcpStream) -> T + Send + 'static) -> Server<T> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        speak(stream)
    });
    Server { address, thread }
}

/// Serves one WebSocket.
pub(crate) fn serve_ws<T: Send + 'static>(
    speak: impl FnOnce(WebSocket<TcpStream>) -> T + Send + 'static,
) -> Server<T> {
    serve(|stream| speak(tungstenite::accept(stream).unwrap()))
}

/// Gives back what comes until the other side closes; what came.
pub(crate) fn echo<S: Read + Write>(mut socket: WebSocket<S>) -> Vec<Message> {
    let mut came = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => {
                if message.is_text() || message.is_binary() {
                    socket.send(message.clone()).unwrap();
                }
                came.push(message);
            }
            Err(_) => return came,
        }
    }
}

/// A certificate for loopback that nobody else trusts.
pub(crate) struct Identity {
    pub(crate) certified: CertifiedKey<KeyPair>,
    pub(crate) file: NamedTempFile,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certified = rcgen::generate_simple_self_signed(names).unwrap();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(certified.cert.pem().as_bytes()).unwrap();
        Self { certified, file }
    }

    /// Options that trust it.
    pub(crate) fn options(&self) -> Options {
        Options { extra_roots: vec![self.file.path().to_owned()], ..Options::default() }
    }

    /// A server of this version, and of the suites with this in their name.
    pub(crate) fn config(
        &self,
        version: &'static SupportedProtocolVersion,
        suites: &str,
    ) -> Arc<ServerConfig> {
        let mut provider = default_provider();
        provider.cipher_suites.retain(|suite| format!("{:?}", suite.suite()).contains(suites));
        let key = PrivateKeyDer::try_from(self.certified.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certified.cert.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

pub(crate) type Secure = StreamOwned<ServerConnection, TcpStream>;

pub(crate) fn secure(config: &Arc<ServerConfig>, stream: TcpStream) -> Secure {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}
