//! A POST to a webhook address: HTTP/1.0 on a plain connection, closed after the answer. The stand-ins call only addresses of this
//! machine, so there is no TLS; an `https` address counts as unreachable.

use bytes::Bytes;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// The longest answer that is read.
const LONGEST: u64 = 64 * 1024;

/// What the other side answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// Posts a body and reads the answer; `None` when there was none in time.
pub(crate) async fn post(url: &str, headers: &[(String, String)], body: &[u8], patience: Duration) -> Option<Answer> {
    tokio::time::timeout(patience, exchange(url, headers, body)).await.ok().flatten()
}

async fn exchange(url: &str, headers: &[(String, String)], body: &[u8]) -> Option<Answer> {
    let url = Url::parse(url).ok().filter(|url| url.scheme() == "http")?;
    let host = url.host_str()?;
    let port = url.port_or_known_default()?;
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.ok()?;
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut head = format!("POST {target} HTTP/1.0\r\nHost: {host}:{port}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await.ok()?;
    read(&answer)
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let content_type = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.trim().to_owned());
    Some(Answer { status, content_type: content_type.unwrap_or_default(), body: Bytes::copy_from_slice(&answer[end + 4..]) })
}

#[cfg(test)]
mod tests {
    use super::{Answer, read};
    use bytes::Bytes;

    #[test]
    fn status_type_and_body_of_an_answer_are_read() {
        let answer = read(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nhello").unwrap();
        assert_eq!(answer, Answer { status: 200, content_type: "text/plain".to_owned(), body: Bytes::from_static(b"hello") });
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().status, 204);
        assert_eq!(read(b"nonsense"), None);
    }
}
