//! Tests of fetching the certificates that a server presents.

use std::net::TcpListener;

use opcon::{Certificate, ErrorKind, Trust, fetch_certificates};
use opcon_stand_in as stand_in;

use crate::site::{Site, assert_error, free_address};

#[tokio::test]
async fn the_certificate_of_a_server_is_fetched_without_a_request() {
    let expired = stand_in::Certificate { expired: true, names: vec!["other".into()], ..Default::default() };
    let site = Site::with_certificate(expired).await;
    let found = fetch_certificates(&site.opcon.https().to_string()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].pem().lines().collect::<String>(), site.opcon.ca_pem().lines().collect::<String>());
    assert_eq!(found[0].names, ["other"]);
    assert!(found[0].not_after.is_past(std::time::SystemTime::now()));
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn a_fetched_certificate_can_be_saved_and_trusted() {
    let site = Site::start().await;
    let found: Vec<Certificate> = fetch_certificates(&site.opcon.https().to_string()).await.unwrap();
    let file = site.folder.path().join("fetched.pem");
    std::fs::write(&file, found[0].pem()).unwrap();
    let client = site.client(site.opcon.https(), "CA_FILE=fetched.pem").unwrap();
    client.check().await.unwrap();
    assert!(opcon::tls::client_config(&Trust::SystemAndFile(file)).is_ok());
}

#[tokio::test]
async fn a_server_without_a_certificate_is_reported() {
    let site = Site::start().await;
    for address in [free_address().to_string(), site.opcon.http().to_string()] {
        let text = format!("fetching the certificate of the OpCon API at {address}: no ");
        assert_error(fetch_certificates(&address).await, ErrorKind::Unreachable, &text);
    }
    assert_error(fetch_certificates("opcon").await, ErrorKind::Invalid, "must be HOST:PORT");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    tokio::time::pause();
    let fetched = fetch_certificates(&silent.local_addr().unwrap().to_string()).await;
    assert_error(fetched, ErrorKind::Unreachable, "fetching the certificate of the OpCon API at ");
}
