//! The handling of a launch whose wait fails.

use connector_sdk::args::Always;
use connector_sdk::wait::WAIT;
use connector_sdk::{Arg, ArgSpec, Error, ErrorKind, Inputs, Result, choices};

use super::settings::TERMINATION_PROTECTION;

choices! {
    /// What to do with the instances when the wait fails.
    pub enum OnTimeout {
        /// Keep them.
        Keep = "keep",
        /// Terminate them.
        Terminate = "terminate",
    }
}

/// `--on-timeout keep|terminate`.
pub const ON_TIMEOUT: Arg<OnTimeout, Always> = Arg::new(
    "on-timeout",
    "ACTION",
    "What to do with the launched instances if the wait times out or an instance cannot become ready: `keep` them, or \
     `terminate` all of them after a last poll confirms that not all are ready. The job fails either way.",
)
.default("keep")
.requires(&[WAIT.spec.name]);

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[ON_TIMEOUT.spec];

impl OnTimeout {
    /// Reads the arguments.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the instances to be terminated would have termination protection.
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let on_timeout = inputs.get(&ON_TIMEOUT);
        if on_timeout == OnTimeout::Terminate && inputs.get(&TERMINATION_PROTECTION) {
            let message = "`--on-timeout terminate` cannot terminate instances with `--termination-protection`";
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(on_timeout)
    }
}
