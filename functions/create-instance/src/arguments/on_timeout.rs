//! What becomes of a launch whose wait does not end well.

use connector_sdk::args::Always;
use connector_sdk::wait::WAIT;
use connector_sdk::{Arg, ArgSpec, Error, ErrorKind, Inputs, Result, choices};

use super::settings::TERMINATION_PROTECTION;

choices! {
    /// What becomes of the instances when the wait does not end well.
    pub enum OnTimeout {
        /// They stay.
        Keep = "keep",
        /// They are terminated.
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

/// The arguments of this theme.
pub const ARGUMENTS: &[ArgSpec] = &[ON_TIMEOUT.spec];

impl OnTimeout {
    /// What the arguments say.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when instances are to be terminated that are to be protected against that.
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let on_timeout = inputs.get(&ON_TIMEOUT);
        if on_timeout == OnTimeout::Terminate && inputs.get(&TERMINATION_PROTECTION) {
            let message = "`--on-timeout terminate` cannot terminate instances with `--termination-protection`";
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(on_timeout)
    }
}
