//! Tests of what every call to AWS has in common: limits, settings, secrets, certificates, the log.

mod large;
mod patience;
mod secrets;
mod settings;
mod trust;

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

/// A server that sends an endless response, and counts the requests for it and its bytes. It describes one running
/// instance in response to all other actions.
struct Endless {
    url: String,
    requests: Arc<AtomicUsize>,
    bytes: Arc<AtomicU64>,
}

impl Endless {
    /// With these header lines, and the beginning of the body, whose root element names the action.
    fn start(head: &'static str, beginning: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        let (request, sent) = (requests.clone(), bytes.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, request, sent) = (stream.unwrap(), request.clone(), sent.clone());
                thread::spawn(move || {
                    let (_, body) = read_request(&stream);
                    match body.strip_prefix("Action=").and_then(|rest| rest.split('&').next()) {
                        Some(action) if !beginning.contains(action) => describe(stream),
                        _ => {
                            request.fetch_add(1, Ordering::SeqCst);
                            pour(stream, head, beginning, &sent);
                        }
                    }
                });
            }
        });
        Endless { url, requests, bytes }
    }
}

/// Sends the response until the client closes the connection.
fn pour(mut stream: TcpStream, head: &str, beginning: &str, sent: &AtomicU64) {
    let start = format!("HTTP/1.1 200 -\r\n{head}\r\n{beginning}");
    let part = vec![b'x'; 64 * 1024];
    if stream.write_all(start.as_bytes()).is_err() {
        return;
    }
    while let Ok(written) = stream.write(&part) {
        sent.fetch_add(written as u64, Ordering::SeqCst);
    }
}

/// Reads a request for the instances of a region, and responds that there are none.
fn describe_none(mut stream: TcpStream) {
    read_request(&stream);
    let body = "<DescribeInstancesResponse/>";
    let head = format!("HTTP/1.1 200 -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).unwrap();
}

fn describe(mut stream: TcpStream) {
    let instance = "<instanceId>i-0123456789abcdef0</instanceId><instanceState><code>16</code><name>running</name>\
                    </instanceState>";
    let body = format!(
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>{instance}</item></instancesSet></item>\
         </reservationSet></DescribeInstancesResponse>"
    );
    let head = format!("HTTP/1.1 200 -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).unwrap();
}

/// Reads a complete request, and returns its first line and its body.
fn read_request(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length, mut line) = (String::new(), 0, String::new());
    reader.read_line(&mut first).unwrap();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (first, String::from_utf8(body).unwrap())
}
