//! The addresses and credentials of the test bed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The addresses and credentials for tests: the contents of `testbed.json`.
#[derive(Serialize)]
pub struct Addresses {
    /// The URL of the moto server that accepts any credentials.
    pub ec2_endpoint: String,
    /// The moto server that checks signatures and permissions.
    pub ec2_strict: StrictEc2,
    /// The OpCon stand-in.
    pub opcon: OpCon,
    /// The `Connector.config` with both users and the stand-in.
    pub config: PathBuf,
    /// The section of `config` with the keys of the allowed user.
    pub user_id: &'static str,
    /// The section of `config` with the keys of the denied user.
    pub denied_user_id: &'static str,
    /// The region of the images.
    pub region: &'static str,
    /// An existing Linux image in moto.
    pub image_id: String,
    /// An existing Windows image in moto.
    pub image_id_windows: String,
    /// A subnet of the default VPC, in the moto server that accepts any credentials.
    pub subnet_id: String,
    /// An IAM instance profile, in both moto servers.
    pub instance_profile: String,
}

/// The moto server that checks credentials.
#[derive(Serialize)]
pub struct StrictEc2 {
    /// Its URL.
    pub endpoint: String,
    /// Keys with full access to EC2.
    pub allowed: AccessKey,
    /// Keys with read access only.
    pub denied: AccessKey,
}

/// The keys of an IAM user in moto.
#[derive(Serialize, Deserialize)]
pub struct AccessKey {
    /// The access key ID.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
}

/// The OpCon stand-in, as described in its own output.
#[derive(Serialize, Deserialize)]
pub struct OpCon {
    /// `host:port` without TLS.
    pub http: String,
    /// `host:port` with TLS.
    pub https: String,
    /// The certificate of `https`, as PEM.
    pub ca_file: PathBuf,
    /// The accepted application token.
    pub token: String,
}
