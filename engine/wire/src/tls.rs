//! TLS without a socket: rustls shakes hands and knows the keys, the records of a connection that stands are ours.
//!
//! Why not rustls' for those too: its unbuffered reader and writer make a new vector for each record. Sealing and opening are ring's,
//! in the buffers that are there; rustls gives the keys by the interface that it has for TLS in a kernel.

mod records;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, RootCertStore};

use crate::buffer::Buffer;

pub(crate) use records::Records;

/// The longest record, head included (RFC 5246, section 6.2.3).
pub(crate) const RECORD_LIMIT: usize = 5 + 16_384 + 2_048;

/// TLS ended, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// Certificates that cannot be used.
#[derive(Debug)]
pub struct RootsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for RootsError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for RootsError {}

/// Trusts the roots that browsers trust, and the certificates in these PEM files.
///
/// # Errors
/// [`RootsError`] where a file cannot be read, holds none or one that is no certificate.
pub(crate) fn client_config(extra_roots: &[PathBuf]) -> Result<Arc<ClientConfig>, RootsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for path in extra_roots {
        let fails = |reason: String| RootsError { path: path.clone(), reason };
        let mut found = 0;
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| fails(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| fails(error.to_string()))?;
            roots.add(certificate).map_err(|error| fails(error.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(fails("no certificate in it".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| RootsError { path: PathBuf::new(), reason: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_secret_extraction = true;
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// One connection's TLS.
pub(crate) enum Tls {
    /// Shaking hands.
    Shaking(Box<UnbufferedClientConnection>),
    /// It stands.
    Standing(Box<Records>),
    /// It failed.
    Gone,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Shaking(_) => "Shaking",
            Self::Standing(_) => "Standing",
            Self::Gone => "Gone",
        })
    }
}

impl Tls {
    /// Begins as the client of this host.
    pub(crate) fn new(config: &Arc<ClientConfig>, host: &str) -> Result<Self, Failed> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Failed)?;
        let connection = UnbufferedClientConnection::new(Arc::clone(config), name).map_err(|_| Failed)?;
        Ok(Self::Shaking(Box::new(connection)))
    }

    pub(crate) const fn is_standing(&self) -> bool {
        matches!(self, Self::Standing(_))
    }

    /// The other side said that nothing follows.
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self, Self::Standing(records) if records.is_ended())
    }

    /// Takes what `incoming` holds, as far as there is room in `plain`; what has to be answered goes to `out`.
    ///
    /// # Errors
    /// [`Failed`]; what it says of it, if anything, is in `out`.
    pub(crate) fn read(
        &mut self,
        incoming: &mut Buffer,
        plain: &mut Buffer,
        out: &mut Buffer,
    ) -> Result<(), Failed> {
        if let Self::Shaking(_) = self {
            *self = match std::mem::replace(self, Self::Gone) {
                Self::Shaking(connection) => shake(connection, incoming, plain, out)?,
                other @ (Self::Standing(_) | Self::Gone) => other,
            };
        }
        match self {
            Self::Standing(records) => records.read(incoming, plain, out),
            Self::Shaking(_) => Ok(()),
            Self::Gone => Err(Failed),
        }
    }

    /// Seals all of `plain` into `out`; false where it has no room or TLS does not stand.
    #[must_use]
    pub(crate) fn write(&mut self, plain: &[u8], out: &mut Buffer) -> bool {
        match self {
            Self::Standing(records) => records.write(plain, out),
            Self::Shaking(_) | Self::Gone => false,
        }
    }

    /// Says that nothing follows, where there is room for it.
    pub(crate) fn end(&mut self, out: &mut Buffer) {
        if let Self::Standing(records) = self {
            records.end(out);
        }
    }
}

/// What to do once rustls' borrow of the buffers has ended.
enum Next {
    Again,
    Wait,
    Stand,
}

/// Shakes hands as far as `incoming` goes.
fn shake(
    mut connection: Box<UnbufferedClientConnection>,
    incoming: &mut Buffer,
    plain: &mut Buffer,
    out: &mut Buffer,
) -> Result<Tls, Failed> {
    loop {
        let UnbufferedStatus { discard, state } = connection.process_tls_records(incoming.filled_mut());
        let next = match state {
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                let written = data.encode(out.spare(RECORD_LIMIT)).map_err(|_| Failed)?;
                out.commit(written);
                Next::Again
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                Next::Again
            }
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    if !plain.push(record.map_err(|_| Failed)?.payload) {
                        return Err(Failed);
                    }
                }
                Next::Again
            }
            Ok(ConnectionState::BlockedHandshake) => Next::Wait,
            Ok(ConnectionState::WriteTraffic(_)) => Next::Stand,
            Ok(_) => return Err(Failed),
            Err(_) => {
                incoming.clear();
                say_why(&mut connection, out);
                return Err(Failed);
            }
        };
        incoming.consume(discard);
        match next {
            Next::Again => {}
            Next::Wait => return Ok(Tls::Shaking(connection)),
            Next::Stand => return Ok(Tls::Standing(Box::new(Records::new(*connection)?))),
        }
    }
}

/// The alert that tells the other side why we go.
fn say_why(connection: &mut UnbufferedClientConnection, out: &mut Buffer) {
    if let Ok(ConnectionState::EncodeTlsData(mut data)) = connection.process_tls_records(&mut []).state
        && let Ok(written) = data.encode(out.spare(RECORD_LIMIT))
    {
        out.commit(written);
    }
}
