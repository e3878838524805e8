//! One WebSocket: moves bytes between it and the hub until either ends.

use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;

use super::frames::{self, Message, Reader};
use super::hub::{Hub, wait};
use crate::seam::{ConnId, Frame};

/// Bytes that are written at a time, about.
const WRITTEN: usize = 64 << 10;

/// Carries the connection to its end and tells the hub of that.
pub(super) async fn carry(io: impl AsyncRead + AsyncWrite, hub: Hub, conn: ConnId, wake: Rc<Notify>) {
    let (from, to) = tokio::io::split(io);
    tokio::select! {
        () = read(from, &hub, conn) => {}
        () = write(to, &hub, conn, &wake) => {}
    }
    hub.closed(conn);
}

/// Until the client leaves or says what cannot be read.
async fn read(mut from: impl AsyncRead + Unpin, hub: &Hub, conn: ConnId) {
    let mut reader = Reader::default();
    loop {
        match from.read_buf(reader.buffer()).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
        loop {
            match reader.next() {
                Ok(None) => break,
                Ok(Some(Message::Text(text))) => hub.text(conn, &text),
                Ok(Some(Message::Ping(payload))) => {
                    let mut pong = Vec::new();
                    frames::write_pong(&payload, &mut pong);
                    hub.ping(conn, pong);
                }
                Ok(Some(Message::Pong)) => hub.pong(conn),
                Ok(Some(Message::Close(payload))) => {
                    let mut close = Vec::new();
                    frames::write_close(&payload, &mut close);
                    hub.leave(conn, close);
                    // The writer ends the connection when that is out.
                    return std::future::pending().await;
                }
                Err(bad) => {
                    let reason = bad.to_string();
                    let mut close = Vec::new();
                    frames::write(&Frame::Close { code: 1002, reason }, &mut close);
                    hub.leave(conn, close);
                    return std::future::pending().await;
                }
            }
        }
    }
}

/// Until the venue cuts or closes, or the client is gone.
async fn write(mut to: impl AsyncWrite + Unpin, hub: &Hub, conn: ConnId, wake: &Notify) {
    let (mut queued, mut bytes) = (Vec::new(), Vec::new());
    loop {
        let Some(next) = hub.take(conn, &mut queued, WRITTEN) else { return };
        if queued.is_empty() {
            match next {
                Some(at) => {
                    let late = wait(hub.now(), at);
                    let _ = tokio::time::timeout(late, wake.notified()).await;
                }
                None => wake.notified().await,
            }
            continue;
        }
        let mut ends = false;
        for frame in queued.drain(..) {
            if !ends {
                frames::write(&frame, &mut bytes);
            }
            ends |= matches!(frame, Frame::Cut | Frame::Close { .. });
        }
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() || ends {
            return;
        }
        bytes.clear();
    }
}
