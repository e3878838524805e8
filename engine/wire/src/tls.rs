//! TLS without a socket: rustls shakes hands and knows the keys, the records of a connection that stands are ours.
//!
//! Why not rustls' for those too: its unbuffered reader and writer make a new vector for each record. Sealing and opening are ring's,
//! in the buffers that are there; rustls gives the keys by the interface that it has for TLS in a kernel.

mod fault;
mod late;
mod records;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, RootCertStore};

use crate::buffer::Buffer;

use records::Records;

/// The longest record, head included (RFC 5246, section 6.2.3).
pub const RECORD_LIMIT: usize = 5 + 16_384 + 2_048;

/// TLS ended, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

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
pub fn client_config(extra_roots: &[PathBuf]) -> Result<Arc<ClientConfig>, RootsError> {
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

/// One connection's TLS, the client's side.
pub struct Tls(State);

enum State {
    Shaking(Box<UnbufferedClientConnection>),
    Standing(Box<Records>),
    /// The other side's certificate was refused.
    Distrusted,
    Gone,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self.0 {
            State::Shaking(_) => "Tls(shaking)",
            State::Standing(_) => "Tls(standing)",
            State::Distrusted => "Tls(distrusted)",
            State::Gone => "Tls(gone)",
        })
    }
}

impl Tls {
    /// Begins as the client of this host.
    ///
    /// # Errors
    /// [`Failed`] where TLS cannot name the host.
    pub fn new(config: &Arc<ClientConfig>, host: &str) -> Result<Self, Failed> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Failed)?;
        let connection = UnbufferedClientConnection::new(Arc::clone(config), name).map_err(|_| Failed)?;
        Ok(Self(State::Shaking(Box::new(connection))))
    }

    /// Handshakes are done: [`Tls::write`] may be called.
    #[must_use]
    pub const fn is_standing(&self) -> bool {
        matches!(self.0, State::Standing(_))
    }

    /// The other side's certificate was refused.
    #[must_use]
    pub const fn is_distrusted(&self) -> bool {
        matches!(self.0, State::Distrusted)
    }

    /// The other side said that nothing follows.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(&self.0, State::Standing(records) if records.is_ended())
    }

    /// Our key has served its time and TLS 1.2 gives no other: nothing is sealed any more.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        matches!(&self.0, State::Standing(records) if records.is_spent())
    }

    /// Takes the records that `incoming` holds whole, as far as there is room in `plain`; what has to be answered goes to `out`.
    ///
    /// # Errors
    /// [`Failed`]; what the other side is to know of it, if anything, is in `out`, and what was opened before in `plain`.
    pub fn read(
        &mut self,
        incoming: &mut Buffer,
        plain: &mut Buffer,
        out: &mut Buffer,
    ) -> Result<(), Failed> {
        if let State::Shaking(_) = self.0 {
            self.0 = match std::mem::replace(&mut self.0, State::Gone) {
                State::Shaking(connection) => shake(connection, incoming, plain, out)?,
                other @ (State::Standing(_) | State::Distrusted | State::Gone) => other,
            };
        }
        match &mut self.0 {
            State::Standing(records) => {
                let Err(fault) = records.read(incoming, plain, out) else { return Ok(()) };
                records.give_up(fault, out);
                self.0 = State::Gone;
                Err(Failed)
            }
            State::Shaking(_) => Ok(()),
            State::Distrusted | State::Gone => Err(Failed),
        }
    }

    /// Seals all of `plain` into `out`; false where it has no room or TLS does not stand.
    #[must_use]
    pub fn write(&mut self, plain: &[u8], out: &mut Buffer) -> bool {
        match &mut self.0 {
            State::Standing(records) => records.write(plain, out),
            State::Shaking(_) | State::Distrusted | State::Gone => false,
        }
    }

    /// Says that nothing follows, where there is room for it.
    pub fn end(&mut self, out: &mut Buffer) {
        if let State::Standing(records) = &mut self.0 {
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
) -> Result<State, Failed> {
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
            Err(error) => {
                incoming.clear();
                say_why(&mut connection, out);
                let distrusted = matches!(error, rustls::Error::InvalidCertificate(_));
                return if distrusted { Ok(State::Distrusted) } else { Err(Failed) };
            }
        };
        incoming.consume(discard);
        match next {
            Next::Again => {}
            Next::Wait => return Ok(State::Shaking(connection)),
            Next::Stand => return Ok(State::Standing(Box::new(Records::new(*connection)?))),
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

#[cfg(test)]
mod tests;
