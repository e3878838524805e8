//! Names instead of addresses.

use ballast_model::Span;
use ballast_wire::{Closed, LinkKind, Network, Options};

use crate::rig::{Client, Heard, LINK, echo, serve_ws, text};

#[test]
fn a_name_is_asked_for_and_each_of_its_addresses_tried() {
    let server = serve_ws(echo);
    let url = format!("ws://localhost:{}/", server.address.port());
    let mut client = Client::new(Options::default());
    client.open(LinkKind::WebSocket, &url);
    client.until(1);
    client.net.send(LINK, b"by name").unwrap();
    client.until(2);
    assert_eq!(client.heard, [Heard::Opened, text("by name")]);
}

#[test]
fn a_name_that_nobody_knows_is_unreachable() {
    let mut client = Client::new(Options { opening: Span::from_secs(5), ..Options::default() });
    client.open(LinkKind::Http, "http://name.invalid:1/");
    client.ends(1, Closed::Unreachable);
}
