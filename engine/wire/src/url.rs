//! Where an address leads: the parts of a URL that a client needs.

use crate::seam::LinkKind;

/// A URL in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) is_secure: bool,
    /// A name, or an IP address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The `Host` header: with brackets, and the port where it is not the scheme's.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) target: String,
}

impl Place {
    /// The parts; none where it is no address for this kind of connection, or holds what a request line cannot.
    pub(crate) fn parse(kind: LinkKind, url: &str) -> Option<Self> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let is_secure = match (kind, scheme) {
            (LinkKind::WebSocket, "ws") | (LinkKind::Http, "http") => false,
            (LinkKind::WebSocket, "wss") | (LinkKind::Http, "https") => true,
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let default = if is_secure { 443 } else { 80 };
        let port = match port {
            Some(digits) => digits.parse().ok().filter(|port| *port != 0)?,
            None => default,
        };
        if host.is_empty() || host.contains('@') {
            return None;
        }
        let named = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let authority = if port == default { named } else { format!("{named}:{port}") };
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Some(Self { is_secure, host: host.to_owned(), port, authority, target })
    }
}

/// Whether a URL is an address for this kind of connection: its scheme, a host, and a port from 1 to 65535 where it names one.
#[must_use]
pub fn is_address(kind: LinkKind, url: &str) -> bool {
    Place::parse(kind, url).is_some()
}

/// Host without brackets, and the digits behind the colon.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests;
