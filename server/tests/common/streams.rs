//! Event streams over HTTP, as a device listens to them.

use std::time::Duration;

use super::Http;

pub const SOON: Duration = Duration::from_secs(5);
pub const A_WHILE: Duration = Duration::from_millis(400);

/// An open stream. Dropping it closes the connection.
pub struct Stream {
    http: Http,
    response: reqwest::Response,
    pending: String,
}

impl Stream {
    pub fn open(http: &Http, token: &str) -> Result<Self, u16> {
        let response = http.block_on(async {
            http.client()
                .get(format!("{}/v1/watch", http.url))
                .header("authorization", format!("Bearer {token}"))
                .send()
                .await
                .unwrap()
        });
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Self { http: http.clone(), response, pending: String::new() })
    }

    /// The next event's kind and data; `None` when the stream ended, an error when nothing came in time.
    pub fn event(&mut self, patience: Duration) -> Result<Option<(String, String)>, ()> {
        let http = self.http.clone();
        http.block_on(async {
            loop {
                if let Some(end) = self.pending.find("\n\n") {
                    let event: String = self.pending.drain(..end + 2).collect();
                    let mut lines = event.lines();
                    let kind = lines.next().unwrap().strip_prefix("event: ").unwrap();
                    let data = lines.next().unwrap().strip_prefix("data: ").unwrap();
                    assert_eq!(lines.next(), Some(""), "one line of data");
                    return Ok(Some((kind.to_owned(), data.to_owned())));
                }
                match tokio::time::timeout(patience, self.response.chunk()).await {
                    Err(_) => return Err(()),
                    Ok(Ok(Some(chunk))) => {
                        self.pending.push_str(std::str::from_utf8(&chunk).unwrap());
                    }
                    Ok(_) => return Ok(None),
                }
            }
        })
    }

    /// The next event, which has to be of the feed.
    pub fn next(&mut self, patience: Duration) -> Result<Option<u64>, ()> {
        let event = self.event(patience)?;
        Ok(event.map(|(kind, data)| {
            assert_eq!(kind, "feed");
            data.parse().unwrap()
        }))
    }

    /// The next event, which has to be a live message.
    pub fn live(&mut self, patience: Duration) -> Result<Option<Vec<u8>>, ()> {
        let event = self.event(patience)?;
        Ok(event.map(|(kind, data)| {
            assert_eq!(kind, "live");
            data_encoding::BASE64URL_NOPAD.decode(data.as_bytes()).unwrap()
        }))
    }
}
