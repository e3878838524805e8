//! Our order ids as the venue carries them: a fixed prefix and the id's digits. Both markets allow 36 letters of them.

use ballast_model::ClientOrderId;

use crate::writer::Writer;

/// What the client ids of all our orders begin with.
pub const CLIENT_ID_PREFIX: &str = "blst-";

pub(super) fn write_client_id(writer: &mut Writer<'_>, id: ClientOrderId) {
    writer.put(CLIENT_ID_PREFIX.as_bytes());
    writer.number(id.0);
}

/// Whose order this is: ours where the text is exactly what we would have written.
pub(super) fn client_id(text: &str) -> ClientOrderId {
    let ours = || {
        let digits = text.strip_prefix(CLIENT_ID_PREFIX)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse().ok().filter(|_| plain).map(ClientOrderId)
    };
    ours().unwrap_or(ClientOrderId::FOREIGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        for id in [1, 42, u64::MAX, ClientOrderId::new(7, 9).0] {
            let mut buffer = [0; 36];
            let mut writer = Writer::new(&mut buffer);
            write_client_id(&mut writer, ClientOrderId(id));
            let text = core::str::from_utf8(writer.finish().unwrap()).unwrap();
            assert_eq!(client_id(text), ClientOrderId(id));
        }
        for foreign in [
            "",
            "blst-",
            "blst-0",
            "blst-01",
            "blst-+1",
            "blst-18446744073709551616",
            "x-1",
            "autoclose-1",
            "BLST-1",
        ] {
            assert_eq!(client_id(foreign), ClientOrderId::FOREIGN, "{foreign}");
        }
    }
}
