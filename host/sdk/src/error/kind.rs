//! The kinds of failures, which decide the exit code.

/// The kind of a failure, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong arguments or configuration.
    InvalidInput,
    /// Credentials rejected or permission denied.
    PermissionDenied,
    /// No instance matched, or the image, the subnet ... does not exist.
    NotFound,
    /// The wait timed out; the action itself was accepted.
    WaitExpired,
    /// Some instances failed.
    Partial,
    /// Done in EC2, but a property could not be saved in OpCon.
    PropertyNotSaved,
    /// EC2 has no capacity, or a quota of the account is reached.
    Capacity,
    /// EC2 or OpCon was unreachable or kept throttling, after all retries. Nothing was changed.
    Unavailable,
    /// A change was requested, and no answer says whether EC2 made it.
    Unknown,
    /// The job was interrupted.
    Interrupted,
    /// An instance is in a state that does not allow the action, or in an unexpected one.
    UnexpectedState,
    /// EC2 or OpCon refused for another reason.
    Service,
    /// A local file could not be written.
    LocalFile,
    /// A defect in the program.
    Bug,
}
