//! Resolves host names, so that a name that cannot be resolved is distinguished from a server that is not reachable.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The resolver of the system.
pub(super) struct SystemResolver;

/// The host name cannot be resolved.
#[derive(Debug, thiserror::Error)]
#[error("the host name `{name}` cannot be resolved: {reason}")]
pub(super) struct NotResolved {
    name: String,
    reason: String,
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect::<Vec<_>>);
            match found {
                Ok(found) => Ok(Box::new(found.into_iter()) as Addrs),
                Err(error) => Err(NotResolved { name: name.as_str().to_owned(), reason: error.to_string() }.into()),
            }
        })
    }
}
