//! Virtual accounts in a target: opened before a run, for its money alone.
//!
//! Nothing is opened in a target that is not clearly fit for it: account numbers are compared with the live
//! ranges before the first request, and the mark must come back before more than one account is opened.

mod admin;
mod provision;
mod secret;

pub use admin::{Admin, Answer, CallError, Health, RoleAddress};
pub use provision::{ProvisionError, Provisioned, Provisioner, check_numbers};
pub use secret::{Secret, Secrets};
