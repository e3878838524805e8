//! A certificate of our own making.
//!
//! Never here: a secret that protects anything: the keys live as long as the process.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::ServeError;

/// Accepts TLS for `localhost` and the address. The certificate of the authority that vouches for it is written to `path`.
pub(super) fn acceptor(address: IpAddr, path: Option<&Path>) -> Result<TlsAcceptor, ServeError> {
    identity(address, path).map(TlsAcceptor::from)
}

/// A server's side of TLS for `localhost` and the address, with a certificate made now. The certificate of the authority that vouches
/// for it is written to `path`.
///
/// # Errors
/// [`ServeError::Certificate`], [`ServeError::Authority`].
pub fn identity(address: IpAddr, path: Option<&Path>) -> Result<Arc<ServerConfig>, ServeError> {
    let failed = |error: rcgen::Error| ServeError::Certificate(error.to_string());
    let mut authority = CertificateParams::new(Vec::new()).map_err(failed)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Told apart by their names: one that names itself as its issuer is taken for an authority.
    authority.distinguished_name.push(DnType::CommonName, "Ballast simulator authority");
    let authority_key = KeyPair::generate().map_err(failed)?;
    let root = authority.self_signed(&authority_key).map_err(failed)?;
    let issuer = Issuer::new(authority, authority_key);
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), address.to_string()];
    let mut own = CertificateParams::new(names).map_err(failed)?;
    own.distinguished_name.push(DnType::CommonName, "Ballast simulator");
    own.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = own.signed_by(&key, &issuer).map_err(failed)?;
    if let Some(path) = path {
        std::fs::write(path, root.pem())
            .map_err(|error| ServeError::Authority { path: path.to_owned(), error })?;
    }
    let failed = |error: tokio_rustls::rustls::Error| ServeError::Certificate(error.to_string());
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain = vec![certificate.der().clone()];
    let config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(failed)?;
    Ok(Arc::new(config))
}
