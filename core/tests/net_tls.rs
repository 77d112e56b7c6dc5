//! TLS servers that are wrong in one way each, and what the user is told.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use syncline_core::error::ProviderError;
use syncline_core::net::{HttpClient, OutboundPolicy, Request};
use syncline_core::provider::Meter;
use syncline_domain::failure::Problem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn leaf(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> (CertificateDer<'static>, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().der().clone(), key)
    }
}

/// What a client that trusts the authority is told by a server that shows this certificate.
async fn told(authority: &Authority, (certificate, key): (CertificateDer<'static>, KeyPair)) -> Result<String, Problem> {
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = async move {
        let (socket, _) = listener.accept().await.unwrap();
        // Fails where the client refuses the certificate.
        if let Ok(mut socket) = TlsAcceptor::from(Arc::new(config)).accept(socket).await {
            let _ = socket.read(&mut [0; 4096]).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi").await.unwrap();
            socket.shutdown().await.unwrap();
        }
    };
    let (answer, ()) = tokio::join!(ask(port, authority.0.pem().into_bytes()), server);
    answer.map_err(|error| *error.problem)
}

async fn ask(port: u16, trusted_pem: Vec<u8>) -> Result<String, ProviderError> {
    let client = HttpClient::new(OutboundPolicy { allow_private: true, trusted_pem, ..OutboundPolicy::default() })?;
    let url = Url::parse(&format!("https://localhost:{port}/secret-path")).unwrap();
    let body = client.send("test.fetch", Request::get(url), &Meter::default()).await?.bytes().await?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn assert_tls(told: Result<String, Problem>, word: &str) {
    let problem = told.expect_err("the connection is not safe");
    assert_eq!(problem.code, "tls_error");
    assert!(problem.message.contains(word) && problem.message.contains("localhost"), "{problem}");
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted() {
    let authority = Authority::new();
    assert_eq!(told(&authority, authority.leaf("localhost", |_| {})).await, Ok("hi".to_owned()));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_not_trusted_and_the_message_says_so() {
    assert_tls(told(&Authority::new(), Authority::new().leaf("localhost", |_| {})).await, "self-signed");
}

#[tokio::test]
async fn an_expired_certificate_is_called_expired() {
    let authority = Authority::new();
    let leaf = authority.leaf("localhost", |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    assert_tls(told(&authority, leaf).await, "expired");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_said_so() {
    let authority = Authority::new();
    assert_tls(told(&authority, authority.leaf("example.org", |_| {})).await, "another name");
}

async fn plain_server(answer: &'static [u8]) -> Problem {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 4096]).await.unwrap();
        socket.write_all(answer).await.unwrap();
        socket.shutdown().await.unwrap();
    };
    let (answer, ()) = tokio::join!(ask(port, Vec::new()), server);
    *answer.expect_err("no safe connection").problem
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_told_apart_from_a_bad_certificate() {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
        let problem = plain_server(answer).await;
        assert_eq!(problem.code, "tls_error");
        assert!(problem.action.contains("http://"), "{problem}");
    }
}
