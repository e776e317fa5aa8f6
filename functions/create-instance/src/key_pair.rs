//! The key pair of a launch: found in EC2, or created with its private key stored in a file.

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

/// Makes sure that the key pair exists, and returns its name for the launch: `None` when a dry run would have to create it.
/// One that another run is creating at this moment is waited for.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when it would be created of a type that the image does not take, or when its file is in the
/// way; [`ErrorKind::Unknown`] when EC2 may have created it and nobody has its private key; those of EC2, and those of the
/// file.
pub async fn ensure(cx: &Context, key: &Key, image: Option<&ImageId>, run_tags: &RunTags) -> Result<Option<String>> {
    let name = &key.name;
    let found = Ok(Some(name.as_str().to_owned()));
    let mut unexplained = 0; // how often there was a new file and no key pair
    for time in 1..=UNTIL_SHOWN {
        let exists = find(cx, name, run_tags).await?.is_some();
        let path = match private_key::path(&key.folder(cx), name) {
            Err(_) if exists => return found, // it needs no file
            path => path?,
        };
        match (exists, private_key::inspect(&path)) {
            (_, FileState::Reserved) if time < UNTIL_SHOWN => {}
            (true, FileState::Abandoned) => return Err(missing_private_key_error(name, &path)),
            (true, FileState::Taken { .. }) if private_key::is_empty(&path) => {
                return Err(missing_private_key_error(name, &path));
            }
            (true, _) => return found,
            (false, FileState::Taken { fresh: true }) if unexplained < AFTER_LOST_ANSWER => unexplained += 1,
            (false, FileState::Taken { .. } | FileState::Reserved) => return Err(file_exists_error(name, &path)),
            (false, FileState::Free | FileState::Abandoned) => {
                check_key_type(cx, key, image).await?;
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
            cx.event(format!("key pair {name}: waiting for another run that creates it"));
        }
        pause(cx).await;
    }
    Err(file_exists_error(name, &private_key::path(&key.folder(cx), name)?))
}

fn missing_private_key_error(name: &KeyName, path: &Path) -> Error {
    let path = path.display();
    let message = format!(
        "EC2 has this key pair, but its private key file {path} is empty: the job that created it was ended before it \
         stored the private key"
    );
    Error::new(ErrorKind::InvalidInput, message)
        .doing(format!("looking up key pair {name}"))
        .hint(format!("delete key pair {name} in EC2 and the file, so that both are created again; if somebody has the private key, delete only the file"))
}

fn file_exists_error(name: &KeyName, path: &Path) -> Error {
    let message = format!("EC2 has no such key pair, but its file {} is there already", path.display());
    Error::new(ErrorKind::InvalidInput, message).doing(format!("creating key pair {name}")).hint(
        "move the file away if it is of no use; if another job was just creating the key pair, run this one again",
    )
}

/// Looks at the image before anything is created for it: that it exists, and that it is not one of Windows, which takes no
/// ED25519 keys (AWS: "Create a key pair for your Amazon EC2 instance"). Of an image that is not given by its own id, EC2
/// itself says so at the launch.
async fn check_key_type(cx: &Context, key: &Key, image: Option<&ImageId>) -> Result<()> {
    let Some(ImageId::Ami(id)) = image else { return Ok(()) };
    if image::is_windows(cx, id).await? && key.key_type == KeyType::Ed25519 {
        let message = format!("image {id} is one of Windows, which takes no ED25519 keys");
        let error = Error::new(ErrorKind::InvalidInput, message).doing(format!("creating key pair {}", key.name));
        return Err(error.hint("leave out --key-type, or give --key-type rsa"));
    }
    Ok(())
}
