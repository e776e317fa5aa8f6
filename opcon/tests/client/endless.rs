//! Tests that a response without an end is refused, and that only a part of it is received.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use opcon::setup::request_token;
use opcon::{ErrorKind, Trust};

use crate::site::{Site, assert_error, name, value};

const MIB: usize = 1024 * 1024;
/// 1 MiB and what the system keeps in buffers.
const BOUND: usize = 24 * MIB;

/// A server that answers its only connection with this head and then the same piece, without an end.
struct Endless {
    address: SocketAddr,
    sent: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Endless {
    fn start(head: &'static str, piece: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, sent) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = sent.clone();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _request = stream.read(&mut [0; 8192]).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            while count.load(Ordering::Relaxed) < 100 * MIB && stream.write_all(&piece).is_ok() {
                count.fetch_add(piece.len(), Ordering::Relaxed);
            }
            let _ = stream.shutdown(Shutdown::Both);
        });
        Endless { address, sent, thread }
    }

    /// The number of bytes that could be sent.
    async fn sent(self) -> usize {
        // The client closes the connection on this thread.
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap();
        self.sent.load(Ordering::Relaxed)
    }
}

fn chunk() -> Vec<u8> {
    [&b"10000\r\n"[..], &[b'x'; 0x10000], b"\r\n"].concat()
}

#[tokio::test]
async fn a_response_without_an_end_is_refused() {
    let site = Site::start().await;
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let failed = "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n";
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
    let until_closed = "HTTP/1.1 200 OK\r\n\r\n";
    for (head, piece) in
        [(chunked, chunk()), (failed, chunk()), (huge, vec![b'['; 0x10000]), (until_closed, vec![b' '; 0x10000])]
    {
        let endless = Endless::start(head, piece.clone());
        let client = site.client(endless.address, "USING_TLS=False").unwrap();
        let text = "reading the OpCon version: the response is too large: more than 1 MiB";
        assert_error(client.check().await, ErrorKind::Unreachable, text);
        assert!(endless.sent().await < BOUND, "{head}");

        let endless = Endless::start(head, piece.clone());
        let client = site.client(endless.address, "USING_TLS=False").unwrap();
        let saved = client.save_property(&name("A"), &value("x")).await;
        assert_error(saved, ErrorKind::Unreachable, "saving the OpCon property A: the response is too large");
        assert!(endless.sent().await < BOUND, "{head}");

        let endless = Endless::start(head, piece);
        let address = endless.address.to_string();
        let token = request_token(&address, &Trust::PlainHttp, "someone", &"made-up".into(), "CONNECTORS").await;
        assert_error(token, ErrorKind::Unreachable, "for the user someone: the response is too large");
        assert!(endless.sent().await < BOUND, "{head}");
    }
}

#[tokio::test]
async fn headers_without_an_end_are_refused() {
    let site = Site::start().await;
    for piece in [format!("X-Header: {}\r\n", "x".repeat(0x1000)), "x".repeat(0x10000)] {
        let endless = Endless::start("HTTP/1.1 200 OK\r\nX-First: ", piece.into_bytes());
        let client = site.impatient_client(endless.address, "USING_TLS=False");
        assert_error(client.check().await, ErrorKind::Unreachable, "reading the OpCon version: ");
        assert!(endless.sent().await < BOUND);
    }
}

#[tokio::test]
async fn a_response_of_1_mib_is_read() {
    let site = Site::start().await;
    let answer = |length: usize| {
        let version = r#"{"opConRestApiProductVersion":"25.0.3"}"#;
        opcon_stand_in::Answer::text(200, &format!("{version}{}", " ".repeat(length - version.len())))
    };
    site.fail_at("/api/version", 0, 1, answer(MIB));
    site.plain_client().check().await.unwrap();
    site.fail_at("/api/version", 0, 1, answer(MIB + 1));
    assert_error(site.plain_client().check().await, ErrorKind::Unreachable, "too large");
}
