//! Finds the key pair of a launch, or creates it and stores its private key in a file.

mod create;
mod find;
#[cfg(test)]
mod tests;

use std::path::Path;

use connector_sdk::names::ImageId;
use connector_sdk::{Context, Error, ErrorKind, Result};

use crate::arguments::key::{Key, KeyName, KeyType};
use crate::image;
use crate::prerequisites::look_up::{AFTER_LOST_ANSWER, UNTIL_SHOWN, pause};
use crate::prerequisites::run_tags::RunTags;
use crate::private_key::{self, FileState, ReservedFile};
use find::find;

/// Ensures that the key pair exists, and returns its name: `None` if a dry run would have to create it. If another run
/// is creating it, this one waits.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the image does not support its type, or when its file already exists;
/// [`ErrorKind::Unknown`] when EC2 may have created it without a stored private key; those of EC2 and of the file.
pub async fn ensure(cx: &Context, key: &Key, image: Option<&ImageId>, run_tags: &RunTags) -> Result<Option<String>> {
    let name = &key.name;
    let found = Ok(Some(name.as_str().to_owned()));
    let mut missing_key_pairs = 0; // attempts with a new file but no key pair
    for time in 1..=UNTIL_SHOWN {
        let exists = find(cx, name, run_tags).await?.is_some();
        let path = match private_key::path(&key.folder(cx), name) {
            Err(_) if exists => return found, // it needs no file
            path => path?,
        };
        match (exists, private_key::file_state(&path)) {
            (_, FileState::Reserved) if time < UNTIL_SHOWN => {}
            (true, FileState::Abandoned) => return Err(missing_private_key_error(name, &path)),
            (true, FileState::Taken { .. }) if private_key::is_empty(&path) => {
                return Err(missing_private_key_error(name, &path));
            }
            (true, _) => return found,
            (false, FileState::Taken { fresh: true }) if missing_key_pairs < AFTER_LOST_ANSWER => {
                missing_key_pairs += 1
            }
            (false, FileState::Taken { .. } | FileState::Reserved) => return Err(file_exists_error(name, &path)),
            (false, FileState::Free | FileState::Abandoned) => {
                check_key_type(cx, key, image).await?;
                private_key::check_folder(&path)?.iter().for_each(|warning| cx.warning(warning));
                if cx.dry_run() {
                    let path = path.display();
                    cx.event(format!("key pair {name}: would be created, its private key in {path}"));
                    return Ok(None);
                }
                if let Some(file) = ReservedFile::create(path)? {
                    create::create(cx, key, run_tags, file).await?;
                    return found;
                }
            }
        }
        if time == 1 {
            cx.event(format!("key pair {name}: waiting for another job that is creating it"));
        }
        pause(cx).await;
    }
    Err(file_exists_error(name, &private_key::path(&key.folder(cx), name)?))
}

fn missing_private_key_error(name: &KeyName, path: &Path) -> Error {
    let path = path.display();
    let message = format!(
        "the key pair exists, but its private key file {path} is empty: the job that created the key pair ended \
         before it stored the private key"
    );
    Error::new(ErrorKind::InvalidInput, message).doing(format!("looking up key pair {name}")).hint(format!(
        "delete key pair {name} in EC2 and the file to create both again, or only the file if somebody has the private \
         key"
    ))
}

fn file_exists_error(name: &KeyName, path: &Path) -> Error {
    let message = format!("the key pair does not exist, but its private key file {} exists", path.display());
    Error::new(ErrorKind::InvalidInput, message)
        .doing(format!("creating key pair {name}"))
        .hint("move the file away if nobody needs it, or run the job again if another job was creating the key pair")
}

/// Checks, before anything is created, that the image exists and supports the key type: Windows images do not support
/// ED25519 (AWS: "Create a key pair for your Amazon EC2 instance"). If the image is not given by id, EC2 checks this at
/// the launch.
async fn check_key_type(cx: &Context, key: &Key, image: Option<&ImageId>) -> Result<()> {
    let Some(ImageId::Ami(id)) = image else { return Ok(()) };
    if image::is_windows(cx, id).await? && key.key_type == KeyType::Ed25519 {
        let message = format!("image {id} is a Windows image, which does not support ED25519 keys");
        let error = Error::new(ErrorKind::InvalidInput, message).doing(format!("creating key pair {}", key.name));
        return Err(error.hint("leave out `--key-type`, or use `--key-type rsa`"));
    }
    Ok(())
}
