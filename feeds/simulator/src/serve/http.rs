//! Listeners, HTTP and the way from it to WebSockets.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, UPGRADE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tungstenite::handshake::derive_accept_key;

use super::hub::Hub;
use super::{admin, socket};
use crate::seam::{HttpReply, HttpRequest};

/// Longest body a client may send.
const BODY_MAX: usize = 1 << 20;

type Reply = Response<Full<Bytes>>;

/// Takes in clients for ever.
pub(super) async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, hub: Hub) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files: one of those that are open has to end first.
            tokio::task::yield_now().await;
            continue;
        };
        // A message of an order is short and wants to leave at once.
        let _ = stream.set_nodelay(true);
        let (hub, acceptor) = (hub.clone(), acceptor.clone());
        tokio::task::spawn_local(async move {
            match acceptor {
                None => serve(stream, hub).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, hub).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, hub: Hub) {
    let service = service_fn(|request| answer(request, hub.clone()));
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    // However it ends, that is the client's affair.
    let _ = connection.await;
}

async fn answer(mut request: Request<Incoming>, hub: Hub) -> Result<Reply, Infallible> {
    let upgrade = hyper::upgrade::on(&mut request);
    let key = request.headers().get("sec-websocket-key").map(|key| derive_accept_key(key.as_bytes()));
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"));
    };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = HttpRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: body.to_bytes().to_vec(),
    };
    if let Some(reply) = admin::answer(&request, &hub) {
        return Ok(of(reply));
    }
    let wants_socket =
        parts.headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let Some(accept_key) = key.filter(|_| wants_socket) else {
        let Ok((reply, late)) = hub.call(request).await else {
            return Ok(plain(StatusCode::INTERNAL_SERVER_ERROR, "the venue never answered"));
        };
        tokio::time::sleep(late).await;
        return Ok(of(reply));
    };
    let (conn, wake) = match hub.open_socket(&request) {
        Ok(opened) => opened,
        Err(refusal) => return Ok(of(refusal)),
    };
    tokio::task::spawn_local(async move {
        match upgrade.await {
            Ok(upgraded) => socket::carry(TokioIo::new(upgraded), hub, conn, wake).await,
            Err(_) => hub.closed(conn),
        }
    });
    let mut response = plain(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(value) = HeaderValue::from_str(&accept_key) {
        headers.insert("sec-websocket-accept", value);
    }
    Ok(response)
}

fn plain(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *reply.status_mut() = status;
    reply
}

fn of(reply: HttpReply) -> Reply {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    for (name, value) in &reply.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    response
}
