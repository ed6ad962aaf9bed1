//! The same answer in Python, to be started like a binary.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use tempfile::TempPath;

/// A script that starts by itself.
#[derive(Debug)]
pub(crate) struct Script(TempPath);

impl Script {
    /// The script for this Python; none, with a word why, if that lacks what the script needs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn find(python: &Path, script: &Path) -> Result<Option<Self>> {
        let tried = Command::new(python)
            .args(["-c", "import faiss, numpy"])
            .stderr(Stdio::null())
            .status();
        if !tried.is_ok_and(|status| status.success()) {
            eprintln!(
                "bench: {} has no numpy and faiss (tests/bench/requirements.txt): nothing in Python is measured",
                python.display()
            );
            return Ok(None);
        }
        let source = std::fs::read_to_string(script)
            .with_context(|| format!("cannot read {}", script.display()))?;
        // Not resolved: a virtual environment's Python is a link, and is known by where that is.
        let python = std::path::absolute(python)?;
        let mut file = tempfile::Builder::new().suffix(".py").tempfile()?;
        write!(file, "#!{}\n{source}", python.display())?;
        let mut permissions = file.as_file().metadata()?.permissions();
        permissions.set_mode(0o755);
        file.as_file().set_permissions(permissions)?;
        Ok(Some(Self(file.into_temp_path())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
