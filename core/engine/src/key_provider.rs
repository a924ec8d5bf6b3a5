//! Who keeps the key that seals this device's secrets: the platform's key store in an app, a file that
//! only its owner reads on the command line. It knows nothing of what the key seals.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use holdfast_domain::words::Words;
use holdfast_protocol::secret::Secret32;
use zeroize::Zeroizing;

use crate::protocol_words::key_message;

/// Why the key is not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&key_message(self)))]
pub enum KeyError {
    /// The key store is locked: the phone was not unlocked since it started. Later it works.
    LockedRetryLater,
    /// The person refused the prompt.
    UserCancelled,
    /// The key existed and does not any more.
    Lost,
    /// The file that keeps the key can be read by others than its owner.
    OpenToOthers {
        /// The file.
        path: PathBuf,
    },
    /// Anything else, as the platform says it.
    Other(String),
}

/// Keeps one 32-byte key, and beside it a marker of this installation.
///
/// The marker is how a restored or copied directory is noticed: the engine keeps a copy of it with
/// the data, and where the two differ this device writes on as a new incarnation.
pub trait KeyProvider: Send + Sync {
    /// The key; nothing where none was ever made.
    ///
    /// # Errors
    /// [`KeyError`].
    fn load(&self) -> Result<Option<Secret32>, KeyError>;

    /// Keeps a new key durably. Takes the place of an earlier one.
    ///
    /// # Errors
    /// [`KeyError`].
    fn create(&self, key: &Secret32) -> Result<(), KeyError>;

    /// The marker beside the key; nothing where none was set.
    ///
    /// # Errors
    /// [`KeyError`].
    fn marker(&self) -> Result<Option<String>, KeyError>;

    /// Sets a new marker. The next [`Self::marker`] gives a text that contains `fresh`.
    ///
    /// # Errors
    /// [`KeyError`].
    fn set_marker(&self, fresh: &str) -> Result<(), KeyError>;

    /// Forgets the key and the marker. Nothing is an error that leaves none behind.
    ///
    /// # Errors
    /// [`KeyError`].
    fn forget(&self) -> Result<(), KeyError>;
}

const HEADER: &str = "holdfast key 1";
/// A key file is three short lines; anything longer is not one.
const MAX_FILE_BYTES: u64 = 512;

/// Keeps the key in a file that only its owner may read: the command line's way.
///
/// The marker names the file's own inode, so that a copied or restored directory is noticed.
#[derive(Debug, Clone)]
pub struct FileKeyProvider {
    path: PathBuf,
}

struct KeyFile {
    key: Secret32,
    marker: Option<String>,
}

impl FileKeyProvider {
    /// The file `key` in a directory.
    #[must_use]
    pub fn in_directory(directory: &Path) -> Self {
        Self { path: directory.join("key") }
    }

    fn failed(&self, error: &io::Error) -> KeyError {
        KeyError::Other(format!("{}: {error}", self.path.display()))
    }

    fn read(&self) -> Result<Option<KeyFile>, KeyError> {
        let file = match std::fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        let about = file.metadata().map_err(|error| self.failed(&error))?;
        self.check_owner_only(&about)?;
        let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize + 1));
        file.take(MAX_FILE_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(|error| self.failed(&error))?;
        let mut lines = text.lines();
        let header = lines.next();
        let mut bytes = Zeroizing::new([0_u8; 32]);
        let key = lines.next().filter(|line| line.len() == 64 && header == Some(HEADER));
        let read = key.is_some_and(|line| hex::decode_to_slice(line, &mut *bytes).is_ok());
        // A damaged key file is a lost key: what it sealed cannot be opened any more.
        if !read {
            return Err(KeyError::Lost);
        }
        let marker = lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
        Ok(Some(KeyFile { key: Secret32::from_bytes(*bytes), marker }))
    }

    #[cfg(unix)]
    fn check_owner_only(&self, about: &std::fs::Metadata) -> Result<(), KeyError> {
        use std::os::unix::fs::PermissionsExt;
        if about.permissions().mode() & 0o077 == 0 {
            return Ok(());
        }
        Err(KeyError::OpenToOthers { path: self.path.clone() })
    }

    #[cfg(not(unix))]
    fn check_owner_only(&self, _: &std::fs::Metadata) -> Result<(), KeyError> {
        Ok(())
    }

    fn write(&self, key: &Secret32, marker: Option<&str>) -> Result<(), KeyError> {
        let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize));
        let hex = Zeroizing::new(hex::encode(key.expose()));
        let _ = writeln!(text, "{HEADER}\n{}\n{}", *hex, marker.unwrap_or_default());
        let fresh = self.path.with_extension("new");
        let save = || -> io::Result<()> {
            if let Err(error) = std::fs::remove_file(&fresh)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)?;
            match self.path.parent() {
                Some(directory) => std::fs::File::open(directory)?.sync_all(),
                None => Ok(()),
            }
        };
        save().map_err(|error| self.failed(&error))
    }

    fn inode(&self) -> Result<u64, KeyError> {
        #[cfg(unix)]
        {
            let about = std::fs::metadata(&self.path).map_err(|error| self.failed(&error))?;
            Ok(std::os::unix::fs::MetadataExt::ino(&about))
        }
        #[cfg(not(unix))]
        Ok(0)
    }
}

impl KeyProvider for FileKeyProvider {
    fn load(&self) -> Result<Option<Secret32>, KeyError> {
        Ok(self.read()?.map(|file| file.key))
    }

    fn create(&self, key: &Secret32) -> Result<(), KeyError> {
        self.write(key, None)
    }

    fn marker(&self) -> Result<Option<String>, KeyError> {
        match self.read()?.and_then(|file| file.marker) {
            Some(marker) => Ok(Some(format!("{marker}@{}", self.inode()?))),
            None => Ok(None),
        }
    }

    fn set_marker(&self, fresh: &str) -> Result<(), KeyError> {
        let file = self.read()?.ok_or(KeyError::Lost)?;
        self.write(&file.key, Some(fresh))
    }

    fn forget(&self) -> Result<(), KeyError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(&error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Secret32 {
        Secret32::from_bytes([7; 32])
    }

    #[test]
    fn a_key_comes_back_and_its_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let keys = FileKeyProvider::in_directory(home.path());
        assert_eq!(keys.load(), Ok(None));
        keys.create(&key()).unwrap();
        assert_eq!(keys.load(), Ok(Some(key())));
        let path = home.path().join("key");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = keys.load().unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_damaged_key_file_is_a_lost_key_and_no_panic() {
        let home = tempfile::tempdir().unwrap();
        let keys = FileKeyProvider::in_directory(home.path());
        keys.create(&key()).unwrap();
        let whole = std::fs::read(home.path().join("key")).unwrap();
        for bytes in [&b""[..], &whole[..40], b"holdfast key 1\nzz\n", b"holdfast key 9\n"] {
            std::fs::write(home.path().join("key"), bytes).unwrap();
            assert_eq!(keys.load(), Err(KeyError::Lost));
        }
    }

    #[test]
    fn a_copied_directory_has_another_marker_and_a_moved_one_the_same() {
        let root = tempfile::tempdir().unwrap();
        let (here, moved, copied) =
            (root.path().join("a"), root.path().join("b"), root.path().join("c"));
        std::fs::create_dir(&here).unwrap();
        std::fs::create_dir(&copied).unwrap();
        let keys = FileKeyProvider::in_directory(&here);
        keys.create(&key()).unwrap();
        assert_eq!(keys.marker(), Ok(None));
        keys.set_marker("first").unwrap();
        let marker = keys.marker().unwrap().unwrap();
        assert!(marker.contains("first"));
        std::fs::copy(here.join("key"), copied.join("key")).unwrap();
        std::fs::rename(&here, &moved).unwrap();
        let moved = FileKeyProvider::in_directory(&moved);
        assert_eq!(moved.marker(), Ok(Some(marker.clone())));
        assert_ne!(FileKeyProvider::in_directory(&copied).marker(), Ok(Some(marker)));
        moved.forget().unwrap();
        moved.forget().unwrap();
        assert_eq!(moved.load(), Ok(None));
    }
}
