//! What kind of failure an error is: what an operator, and the exit code, can act on.

/// The kind of a failure: what an operator, and the exit code, can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong arguments or configuration.
    InvalidInput,
    /// Credentials or permission refused.
    PermissionDenied,
    /// No instance matched, or the image, the subnet … does not exist.
    NotFound,
    /// The wait expired; the action itself was accepted.
    WaitExpired,
    /// Some instances succeeded, some did not.
    Partial,
    /// Done in EC2, but a property could not be saved in OpCon.
    PropertyNotSaved,
    /// EC2 has no capacity, or a limit of the account is reached.
    Capacity,
    /// EC2 or OpCon could not be reached or kept throttling, after all retries. Nothing was changed.
    Unavailable,
    /// A change was asked for, and no answer says whether EC2 made it.
    Unknown,
    /// The job was interrupted.
    Interrupted,
    /// An instance is in a state that does not allow the action, or that it must not have.
    UnexpectedState,
    /// EC2 or OpCon refused for a reason that no other kind describes.
    Service,
    /// A file of this machine could not be written.
    LocalFile,
    /// A defect in the program.
    Bug,
}
