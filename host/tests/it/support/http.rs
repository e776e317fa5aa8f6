//! A minimal HTTP/1.1 implementation: one message in each direction.
//!
//! It supports the three ways to end a message and can cut connections, which libraries do not.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const CONTENT_LENGTH: &str = "content-length";
const CONNECTION: &str = "connection";
const TRANSFER_ENCODING: &str = "transfer-encoding";

/// A server on a free port. It stops when it is dropped.
pub struct HttpServer {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
}

impl HttpServer {
    /// Starts a server that returns this response for each request. `None` cuts the connection.
    pub fn start(answer: impl Fn(Message) -> Option<Message> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let (ending, answer) = (Arc::new(AtomicBool::new(false)), Arc::new(answer));
        let ended = ending.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, answer) = (stream.expect("a connection"), answer.clone());
                thread::spawn(move || serve(&stream, &*answer));
            }
        });
        HttpServer { address, ending }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        // Unblocks the listener. If that fails, it waits until the tests end.
        let _ = TcpStream::connect(self.address);
    }
}

/// Serves a connection with one request.
fn serve(stream: &TcpStream, answer: &dyn Fn(Message) -> Option<Message>) {
    // The program may exit before its request or the response is complete.
    let Ok(request) = Message::read(stream) else { return };
    if let Some(answer) = answer(request) {
        let _ = answer.write(stream);
    }
}

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// By the Content-Length header.
    #[default]
    Length,
    /// By an empty chunk.
    Chunked,
    /// By the end of the connection, for responses only.
    UntilClose,
}

/// A request or a response.
#[derive(Clone, Debug)]
pub struct Message {
    start: String,
    headers: Vec<(String, String)>,
    /// The complete body.
    pub body: Vec<u8>,
    /// How the end of the body is marked.
    pub framing: Framing,
}

impl Message {
    /// A request: the form of a call to EC2 in this region. moto reads the region from the signature. The server that
    /// accepts any credentials checks nothing else in it.
    pub fn request(region: &str, body: Vec<u8>) -> Self {
        let scope = format!("Credential=unchecked/20260101/{region}/ec2/aws4_request");
        let headers = [
            ("host", "127.0.0.1".to_owned()),
            ("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0")),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Message { start: "POST / HTTP/1.1".to_owned(), headers, body, framing: Framing::Length }
    }

    /// A response.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let start = format!("HTTP/1.1 {status} ");
        Message { start, headers, body: body.as_bytes().to_vec(), framing: Framing::Length }
    }

    /// The message with another body.
    pub fn with_body(&self, body: Vec<u8>) -> Self {
        Message { body, ..self.clone() }
    }

    /// The message with an additional header, whose name is lower-case.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The status of a response.
    pub fn status(&self) -> u16 {
        let status = self.start.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("`{}` is no status line", self.start))
    }

    /// The value of a header, whose name is lower-case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The region in the signature of a request, or an empty text if it is not signed.
    pub fn region(&self) -> &str {
        let scope = self.header("authorization").and_then(|value| value.split_once("Credential="));
        scope.and_then(|(_, scope)| scope.split('/').nth(2)).unwrap_or_default()
    }

    /// Reads a message. A request without Content-Length has no body.
    pub fn read(stream: impl io::Read) -> io::Result<Self> {
        let mut stream = BufReader::new(stream);
        let start = read_line(&mut stream)?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(&mut stream)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = header(&headers, CONTENT_LENGTH).map(str::parse).transpose();
        let length: Option<usize> = length.map_err(|_| io::ErrorKind::InvalidData)?;
        let (framing, body) = match length {
            _ if header(&headers, TRANSFER_ENCODING) == Some("chunked") => {
                (Framing::Chunked, read_chunks(&mut stream)?)
            }
            None if start.starts_with("HTTP/") => (Framing::UntilClose, read_rest(&mut stream)?),
            length => (Framing::Length, read_bytes(&mut stream, length.unwrap_or(0))?),
        };
        Ok(Message { start, headers, body, framing })
    }

    /// Writes the message as the last one of its connection.
    pub fn write(&self, mut stream: impl Write) -> io::Result<()> {
        let mut head = format!("{}\r\n{CONNECTION}: close\r\n", self.start);
        head += &match self.framing {
            Framing::Length => format!("{CONTENT_LENGTH}: {}\r\n", self.body.len()),
            Framing::Chunked => format!("{TRANSFER_ENCODING}: chunked\r\n"),
            Framing::UntilClose => String::new(),
        };
        for (name, value) in &self.headers {
            if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name.as_str()) {
                head += &format!("{name}: {value}\r\n");
            }
        }
        let body = match self.framing {
            Framing::Chunked => chunks_of(&self.body),
            Framing::Length | Framing::UntilClose => self.body.clone(),
        };
        stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat())?;
        stream.flush()
    }

    /// Sends a request to a server, and returns its response.
    pub fn exchange(&self, server: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        self.write(&stream)?;
        Message::read(&stream)
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn read_bytes(stream: &mut impl io::Read, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_rest(stream: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&read_line(stream)?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        body.extend(read_bytes(stream, size)?);
        read_line(stream)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

/// A body with two chunks and the final empty one.
fn chunks_of(body: &[u8]) -> Vec<u8> {
    let (first, second) = body.split_at(body.len() / 2);
    let filled = [first, second].into_iter().filter(|chunk| !chunk.is_empty());
    let chunk = |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    filled.chain([&[][..]]).flat_map(chunk).collect()
}
