//! A node between us and a node, which does what nodes of others do.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What the node says, it says.
    Honest,
    /// It announces nothing any more, and answers.
    Mute,
    /// It takes everything in and says nothing.
    Deaf,
    /// Its headers have other parents than their hashes say.
    OtherParents,
    /// It answers calls with the last digit of their last number but zeros changed.
    OtherNumbers,
}

/// One that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    mode: Arc<Mutex<Mode>>,
    accepting: AbortHandle,
}

impl Proxy {
    pub(crate) async fn start(to: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(Mutex::new(Mode::Honest));
        let own = Arc::clone(&mode);
        let accepting = tokio::spawn(async move {
            // Whoever is served ends with this task.
            let mut served = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                served.spawn(serve(stream, to.clone(), Arc::clone(&own)));
            }
        });
        Self { port, mode, accepting: accepting.abort_handle() }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/v1/key", self.port)
    }

    pub(crate) fn be(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(stream: tokio::net::TcpStream, to: String, mode: Arc<Mutex<Mode>>) {
    let Ok(client) = accept_async(stream).await else { return };
    let Ok((node, _)) = connect_async(to).await else { return };
    let ((mut answers, mut questions), (mut asking, mut answering)) = (client.split(), node.split());
    let mut calls = BTreeSet::new();
    loop {
        tokio::select! {
            question = questions.next() => {
                let Some(Ok(question)) = question else { return };
                if let Some(said) = json(&question)
                    && said["method"] == "eth_call"
                {
                    calls.insert(said["id"].to_string());
                }
                if asking.send(question).await.is_err() {
                    return;
                }
            }
            answer = answering.next() => {
                let Some(Ok(answer)) = answer else { return };
                let mode = *mode.lock().unwrap();
                if let Some(answer) = twist(answer, mode, &mut calls)
                    && answers.send(answer).await.is_err()
                {
                    return;
                }
            }
        }
    }
}

fn json(message: &Message) -> Option<Value> {
    serde_json::from_str(message.to_text().ok()?).ok()
}

/// What becomes of what the node said.
fn twist(message: Message, mode: Mode, calls: &mut BTreeSet<String>) -> Option<Message> {
    let Some(mut said) = json(&message) else { return Some(message) };
    let is_call = calls.remove(&said["id"].to_string());
    match mode {
        Mode::Honest => return Some(message),
        Mode::Deaf => return None,
        Mode::Mute if said["method"] == "eth_subscription" => return None,
        Mode::Mute => return Some(message),
        Mode::OtherParents => {
            for at in ["/params/result/parentHash", "/result/parentHash"] {
                if let Some(parent) = said.pointer_mut(at) {
                    *parent = format!("0x{:064x}", 7).into();
                }
            }
        }
        Mode::OtherNumbers if is_call => {
            let answer = said["result"].as_str().unwrap_or_default().to_owned();
            let digits = answer.trim_end_matches('0');
            let last = if digits.ends_with('1') { '2' } else { '1' };
            let zeros = &answer[digits.len()..];
            said["result"] = format!("{}{last}{zeros}", &digits[..digits.len().saturating_sub(1)]).into();
        }
        Mode::OtherNumbers => {}
    }
    Some(Message::text(said.to_string()))
}
