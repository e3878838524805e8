//! What lies between the venue that is played and the engine: nothing, or a socket of this host.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};

use crate::host::{Idle, Turn};

/// What lies between the venue and the engine.
#[derive(Clone, Debug, Default)]
pub enum Over {
    /// Nothing: bytes are handed over in process.
    #[default]
    Process,
    /// TCP over loopback.
    Plain,
    /// TLS over TCP over loopback.
    Tls(Secured),
}

/// How the venue proves who it is.
#[derive(Clone, Debug)]
pub struct Secured {
    /// Its certificate for `127.0.0.1`, and its key.
    pub server: Arc<ServerConfig>,
    /// PEM file of the authority that vouches for it.
    pub authority: PathBuf,
}

impl Over {
    /// Its name in results.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Process => "in-process",
            Self::Plain => "plain",
            Self::Tls(_) => "tls",
        }
    }

    /// Roots to trust beside those that browsers trust.
    pub(super) fn roots(&self) -> Vec<PathBuf> {
        match self {
            Self::Process | Self::Plain => Vec::new(),
            Self::Tls(secured) => vec![secured.authority.clone()],
        }
    }

    /// The scheme of WebSockets over it.
    pub(super) const fn scheme(&self) -> &'static str {
        match self {
            Self::Process | Self::Plain => "ws",
            Self::Tls(_) => "wss",
        }
    }

    /// The venue's end of a connection.
    pub(super) fn accepted(&self, socket: TcpStream) -> io::Result<Box<dyn Pipe>> {
        socket.set_nodelay(true)?;
        Ok(match self {
            Self::Process | Self::Plain => Box::new(socket),
            Self::Tls(secured) => {
                let tls = ServerConnection::new(Arc::clone(&secured.server)).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(tls, socket))
            }
        })
    }

    /// The other end, as plain as there is: no poll, and rustls' own records.
    pub(super) fn connected(&self, address: SocketAddr) -> io::Result<Box<dyn Pipe>> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        Ok(match self {
            Self::Process | Self::Plain => Box::new(socket),
            Self::Tls(_) => {
                let config = ballast_wire::tls::client_config(&self.roots()).map_err(io::Error::other)?;
                let name = ServerName::from(address.ip());
                let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(tls, socket))
            }
        })
    }
}

/// One end of a connection.
pub(super) trait Pipe: Read + Write + Send {
    /// What is below.
    fn socket(&self) -> &TcpStream;
}

impl Pipe for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Pipe for StreamOwned<ServerConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref()
    }
}

impl Pipe for StreamOwned<ClientConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref()
    }
}

/// `Ok(None)` where the socket takes or gives nothing now.
pub(super) fn tried<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Fills all of `into`; false where the other end is gone before the first byte.
pub(super) fn take(pipe: &mut dyn Pipe, into: &mut [u8], idle: &mut Idle) -> io::Result<bool> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match tried(pipe.read(rest))? {
            Some(0) if filled == 0 => return Ok(false),
            Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Some(count) => {
                filled += count;
                idle.after(Turn::Busy, Duration::ZERO, || true);
            }
            None => idle.after(Turn::Idle, Duration::ZERO, || true),
        }
    }
    Ok(true)
}

/// Hands out all of `bytes`.
pub(super) fn give(pipe: &mut dyn Pipe, bytes: &[u8]) -> io::Result<()> {
    let mut given = 0;
    while let Some(rest) = bytes.get(given..).filter(|rest| !rest.is_empty()) {
        given += tried(pipe.write(rest))?.unwrap_or_default();
    }
    while tried(pipe.flush())?.is_none() {}
    Ok(())
}
