//! How a server is reached, on the command line.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::profile;
use crate::report::wording::shell_word;

/// What a person may have to say about the way to a server before there is a profile.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "The way to the server")]
pub struct ConnectionArgs {
    /// A PEM file with an authority that signed the server's certificate and that this computer does not know
    #[arg(long, value_name = "FILE", conflicts_with = "pin")]
    ca_file: Option<PathBuf>,
    /// The only certificate of the server that is accepted, by its fingerprint
    #[arg(long, value_name = "sha256:…")]
    pin: Option<String>,
    /// The certificate with its key to sign in with: a PEM or PKCS#12 (.p12) file
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// A command that prints the passphrase of that file on its first line
    #[arg(long, value_name = "COMMAND", requires = "client_certificate")]
    client_certificate_password_command: Option<String>,
    /// The proxy, such as http://proxy.example.org:8080; "none" for no proxy; without it, the system's
    #[arg(long, value_name = "PROXY")]
    proxy: Option<String>,
    /// Another server that this one may send us on to, and that may see the password
    #[arg(long, value_name = "HOST")]
    trusted_host: Vec<String>,
}

impl ConnectionArgs {
    /// Hosts that may see the password besides that of the server.
    pub fn trusted_hosts(&self) -> &[String] {
        &self.trusted_host
    }

    /// The keys of [remote] that say the same, with their values as `profile set` takes them.
    pub fn keys(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let file = |file: &Option<PathBuf>| file.as_deref().map(full_path).transpose();
        let hosts = Some(self.trusted_host.join(",")).filter(|hosts| !hosts.is_empty());
        let keys = [
            ("ca_file", file(&self.ca_file)?),
            ("pinned_certificate", self.pin.clone()),
            ("client_certificate", file(&self.client_certificate)?),
            ("client_certificate_password_command", self.client_certificate_password_command.clone()),
            ("proxy", self.proxy.clone()),
            ("trusted_hosts", hosts),
        ];
        Ok(keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
    }

    /// As they are typed, each with a blank before it.
    pub fn typed(&self) -> String {
        let file = |file: &Option<PathBuf>| file.as_deref().map(|file| file.display().to_string());
        let given = [
            ("ca-file", file(&self.ca_file)),
            ("pin", self.pin.clone()),
            ("client-certificate", file(&self.client_certificate)),
            ("client-certificate-password-command", self.client_certificate_password_command.clone()),
            ("proxy", self.proxy.clone()),
        ];
        let hosts = self.trusted_host.iter().map(|host| ("trusted-host", Some(host.clone())));
        let given = given.into_iter().chain(hosts).filter_map(|(flag, value)| Some((flag, value?)));
        given.map(|(flag, value)| format!(" --{flag} {}", shell_word(&value))).collect()
    }

    /// The text of a profile's file with these keys in it.
    pub fn write(&self, text: String) -> Result<String, Failure> {
        self.keys()?.into_iter().try_fold(text, |text, (key, value)| {
            profile::set(&text, &format!("remote.{key}"), Some(&value)).map_err(Failure::Usage)
        })
    }
}

/// A path as it is written into a profile's file: in full, unless it begins with the home folder's sign.
pub fn full_path(typed: &Path) -> Result<String, Failure> {
    let full = if typed.starts_with("~") {
        typed.to_owned()
    } else {
        std::path::absolute(typed).unwrap_or_default()
    };
    match full.to_str() {
        Some(full) if !full.is_empty() => Ok(full.to_owned()),
        _ => Err(Failure::Usage("the name of a file or folder must be UTF-8 text".to_owned())),
    }
}
