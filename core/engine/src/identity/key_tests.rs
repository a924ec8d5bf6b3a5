//! What of the secrets can be found on the disk without the platform's key: nothing.

use holdfast_protocol::ids::Class;

use super::keys;
use crate::commands::tests::home;
use crate::store::DATABASE;

#[test]
fn no_secret_of_the_device_or_its_account_is_in_the_database_in_the_clear() {
    let home = home();
    let inner = &home.engine.inner;
    let (account, chart) = (inner.who.account, inner.who.chart);
    let mut secrets: Vec<Vec<u8>> = Vec::new();
    inner
        .store
        .read(|conn| {
            let device = keys::device(conn, &inner.key)?.unwrap();
            secrets.push(device.seed().expose().to_vec());
            secrets.push(inner.key.expose().to_vec());
            let own = keys::account_secret(conn, &inner.key, account, 1)?.unwrap();
            secrets.push(own.0.expose().to_vec());
            let log = keys::content(conn, &inner.key, chart, Class::Log, 1)?.unwrap();
            secrets.push(log.expose().to_vec());
            Ok(())
        })
        .unwrap();
    let mut searched = 0;
    for file in std::fs::read_dir(inner.store.directory()).unwrap() {
        let path = file.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with(DATABASE) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        searched += bytes.len();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_slice());
            assert!(!found, "{} holds a secret in the clear", path.display());
        }
    }
    assert!(searched > 4096, "only {searched} bytes were searched");
}
