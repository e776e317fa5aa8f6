//! As much of HTTP/1.1 as the program and moto speak: one message each way, its length said in its head.

use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::net::TcpStream;

const CONTENT_LENGTH: &str = "content-length";
const CONNECTION: &str = "connection";

/// A request or an answer.
#[derive(Clone, Debug)]
pub struct Message {
    start: String,
    headers: Vec<(String, String)>,
    /// The body, to its end.
    pub body: Vec<u8>,
}

impl Message {
    /// A request of our own: the form of a call to EC2 in this region. moto takes the region from the signature, and the
    /// one that is open to all checks nothing else of it.
    pub fn request(region: &str, body: Vec<u8>) -> Self {
        let scope = format!("Credential=unchecked/20260101/{region}/ec2/aws4_request");
        let headers = [
            ("host", "127.0.0.1".to_owned()),
            ("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0")),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Message { start: "POST / HTTP/1.1".to_owned(), headers, body }
    }

    /// An answer of our own.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Message { start: format!("HTTP/1.1 {status} "), headers, body: body.as_bytes().to_vec() }
    }

    /// The same message with another body.
    pub fn with_body(&self, body: Vec<u8>) -> Self {
        Message { body, ..self.clone() }
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        let status = self.start.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("`{}` is no status line", self.start))
    }

    /// Reads a message. Without a Content-Length it has no body.
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
        let length = headers.iter().find(|(name, _)| name == CONTENT_LENGTH).map(|(_, value)| value.parse());
        let length = length.transpose().map_err(|_| io::ErrorKind::InvalidData)?.unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        Ok(Message { start, headers, body })
    }

    /// Writes the message as the last one of its connection.
    pub fn write(&self, mut stream: impl Write) -> io::Result<()> {
        let mut text = format!("{}\r\n{CONNECTION}: close\r\n{CONTENT_LENGTH}: {}\r\n", self.start, self.body.len());
        for (name, value) in self.headers.iter().filter(|(name, _)| name != CONNECTION && name != CONTENT_LENGTH) {
            text += &format!("{name}: {value}\r\n");
        }
        stream.write_all(&[text.as_bytes(), b"\r\n", &self.body].concat())?;
        stream.flush()
    }

    /// Sends a request to a server, and returns its answer.
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
