//! Files and folders that only their owner may read: the data folder, the database, the key file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Makes a folder (and its parents) with mode 0700. One that exists is left as it is: its mode is its owner's choice.
///
/// # Errors
/// When it can not be made, or the path is not a folder.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes an empty file with mode 0600 unless it exists, and closes one that others may read. Gives whether it had to.
///
/// # Errors
/// When it can not be made or its mode can not be changed.
pub(crate) fn file(path: &Path) -> io::Result<bool> {
    match private_new(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => close(path),
        Err(error) => Err(error),
    }
}

/// Takes the rights of everyone but the owner. Gives whether there were any.
///
/// # Errors
/// When the mode can not be read or changed.
pub(crate) fn close(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))?;
            return Ok(true);
        }
    }
    #[cfg(not(unix))]
    fs::metadata(path)?;
    Ok(false)
}

/// Writes a new file with mode 0600 so that it is there as a whole or not at all, whoever else makes it at the same time.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is one, which is left alone; else when it can not be written.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = Path::new(&draft);
    let _ = fs::remove_file(draft);
    let made = private_new(draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::hard_link(draft, path)
    });
    let _ = fs::remove_file(draft);
    made
}

fn private_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_folders_and_files_are_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        folder(&inner).unwrap();
        assert_eq!(mode(&inner), 0o700);
        let path = inner.join("file");
        assert!(!file(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
        write_new(&inner.join("key"), b"x").unwrap();
        assert_eq!(mode(&inner.join("key")), 0o600);
    }

    #[test]
    fn a_file_that_others_could_read_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, b"kept").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(file(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read(&path).unwrap(), b"kept");
        assert!(!file(&path).unwrap(), "the second time there is nothing to do");
    }

    #[test]
    fn a_file_that_is_there_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_new(&path, b"first").unwrap();
        assert_eq!(write_new(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft stays behind");
    }
}
