//! Reads the body of a response up to a limit.

use bounded_files::MIB;

/// The largest response, in MiB. The largest one of EC2, 1,000 instances, has less than 10 MiB.
pub const LIMIT_MIB: u64 = 32;

/// Why a body was not read.
#[derive(Debug)]
pub enum Unread {
    /// It is larger than [`LIMIT_MIB`].
    TooLarge,
    /// The connection failed.
    Broken(reqwest::Error),
}

/// Reads the body of a response in parts. The size in its header is not trusted.
pub async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(Unread::Broken)? {
        let size = u64::try_from(body.len() + part.len()).unwrap_or(u64::MAX);
        if size > LIMIT_MIB * MIB {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
