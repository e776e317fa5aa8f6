//! The addresses of the servers that `cargo xtask test` starts.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs};

use serde::Deserialize;

/// The file written by `cargo xtask test`, see `xtask/src/test_bed.rs`.
#[derive(Deserialize)]
pub struct TestBed {
    /// The EC2 that accepts any credentials.
    pub ec2_endpoint: String,
    /// The EC2 that checks signatures and permissions.
    pub ec2_strict: StrictEc2,
    /// The OpCon stand-in.
    pub opcon: OpCon,
    /// A `Connector.config` with both users and the stand-in.
    pub config: PathBuf,
    /// The user with full access.
    pub user_id: String,
    /// The user with read access only.
    pub denied_user_id: String,
    /// The region of `image_id`.
    pub region: String,
    /// An image.
    pub image_id: String,
}

#[derive(Deserialize)]
pub struct StrictEc2 {
    pub endpoint: String,
    pub allowed: AccessKey,
}

#[derive(Deserialize)]
pub struct AccessKey {
    pub access_key_id: String,
    pub secret_access_key: String,
}

#[derive(Deserialize)]
pub struct OpCon {
    /// `host:port` without TLS.
    pub http: String,
    /// `host:port` with TLS.
    pub https: String,
    /// The certificate of `https`.
    pub ca_file: PathBuf,
    pub token: String,
}

/// The test bed, which is required by all tests.
pub fn test_bed() -> &'static TestBed {
    static TEST_BED: OnceLock<TestBed> = OnceLock::new();
    TEST_BED.get_or_init(|| {
        let file = env::var_os("AWSEC2_TESTBED").expect("run the tests with `cargo xtask test`");
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    })
}
