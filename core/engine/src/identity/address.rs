//! The address of a relay: which ones may be asked at all.

use crate::error::{Error, Result};
use holdfast_domain::words::Message;

/// The longest address, in bytes.
const MAX_BYTES: usize = 512;

/// Reads an address: `https://` anywhere, `http://` only to this machine itself. Gives it without a slash
/// at its end.
///
/// # Errors
/// [`Error::BadInput`] with the reason.
pub(crate) fn parse(text: &str) -> Result<String> {
    let text = text.trim().trim_end_matches('/');
    let bad = |code: &'static str| Err(Error::bad("relay", Message::new(code).with("text", text)));
    if text.is_empty() || text.len() > MAX_BYTES {
        return bad("address.example");
    }
    let Ok(url) = reqwest::Url::parse(text) else {
        return bad("address.example");
    };
    let Some(host) = url.host_str() else { return bad("address.no_host") };
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return bad("address.clear_text"),
        _ => return bad("address.no_scheme"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return bad("address.no_name");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return bad("address.query");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_is_spoken_only_to_this_machine() {
        assert_eq!(parse(" https://relay.example/ ").unwrap(), "https://relay.example");
        assert_eq!(parse("http://127.0.0.1:7377").unwrap(), "http://127.0.0.1:7377");
        assert_eq!(parse("http://[::1]:7377").unwrap(), "http://[::1]:7377");
        for bad in [
            "",
            "relay.example",
            "http://relay.example",
            "http://127.0.0.1.example",
            "ftp://relay.example",
            "https://ana:pw@relay.example",
            "https://relay.example/?a=1",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
