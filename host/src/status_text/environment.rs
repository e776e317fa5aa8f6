//! Decides which environment variables of a job the agent's tool does not get.

use std::ffi::OsStr;

/// The prefixes of the agents' own variables, which their tools need ("Environment Variables" in the documentation of the
/// Windows agent, "LSAM environment variables" in that of the UNIX agent).
const OF_AGENTS: [&str; 2] = ["SMA_", "SAM_"];
/// Words in the names of variables with secrets: keys, tokens, and proxies, whose URLs contain passwords.
const SECRETS: [&str; 10] = [
    "PROXY",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "TOKEN",
    "CREDENTIAL",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
];

/// Whether the variable belongs to AWS tools or proxies, or has the name of a secret. The case does not matter.
pub fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    !OF_AGENTS.iter().any(|prefix| name.starts_with(prefix))
        && (name.starts_with("AWS_") || SECRETS.iter().any(|word| name.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_kept_from_the_tool_and_the_rest_is_not() {
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "aws_profile",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "HTTPS_PROXY",
            "http_proxy",
            "All_Proxy",
            "NO_PROXY",
            "OPCON_PASSWORD",
            "GITHUB_TOKEN",
            "SERVICE_API_KEY",
        ] {
            assert!(is_secret(OsStr::new(name)), "{name}");
        }
        for name in [
            "PATH",
            "Path",
            "SystemRoot",
            "windir",
            "TEMP",
            "HOME",
            "LANG",
            "LD_LIBRARY_PATH",
            "LIBPATH",
            "SMA_BINDIR",
            "SMA_MSLSAM_ROOT_DIRECTORY",
            "SMA_MSLSAM_SAM_JOB_ID",
            "SMA_CONFIG_FILE",
            "SAM_SOCKET",
            "SMA_TOKEN",
        ] {
            assert!(!is_secret(OsStr::new(name)), "{name}");
        }
    }
}
