//! Keys, read from where they are kept.

use std::env::{self, VarError};
use std::path::Path;

use super::files;
use crate::signature::{KeyPlace, PlaceError};

/// What is kept at `place`, without the line feeds at its end; files are found from `folder`.
pub(super) fn read_place(place: &KeyPlace, folder: &Path) -> Result<String, PlaceError> {
    let text = match place {
        KeyPlace::File(name) => read_file(&folder.join(name))?,
        KeyPlace::Env(name) => read_variable(name)?,
    };
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_file(path: &Path) -> Result<String, PlaceError> {
    files::read_text(path).map_err(|error| PlaceError {
        message: format!("cannot read `{}`: {error}", files::shown(path)),
        help: files::near_name(path).map(|near| format!("did you mean `{near}`?")),
    })
}

fn read_variable(name: &str) -> Result<String, PlaceError> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        // It may be the key itself, which must not stand in our output.
        return Err(PlaceError {
            message: String::from("this is not the name of an environment variable"),
            help: Some(String::from("give the name of the variable, never the key itself")),
        });
    }
    env::var(name).map_err(|error| match error {
        VarError::NotPresent => PlaceError {
            message: format!("the environment variable `{name}` is not set"),
            help: Some(format!("set it to the key before you start: `export {name}=…`")),
        },
        VarError::NotUnicode(_) => {
            PlaceError { message: format!("the environment variable `{name}` is not UTF-8 text"), help: None }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_without_the_end_of_its_line() {
        let dir = tempfile::tempdir().expect("a scratch directory");
        std::fs::write(dir.path().join("secret.txt"), "hunter2 \r\n").expect("written");
        let read = |place| read_place(&place, dir.path());
        assert_eq!(read(KeyPlace::File(String::from("secret.txt"))), Ok(String::from("hunter2 ")));
        let told = |place| read(place).expect_err("no key").message;
        assert!(told(KeyPlace::File(String::from("none.txt"))).ends_with("there is no such file"));
        assert_eq!(told(KeyPlace::Env(String::from("hunter 2"))), "this is not the name of an environment variable");
        let name = "PLIMSOLL_A_KEY_THAT_NOBODY_SETS";
        assert_eq!(told(KeyPlace::Env(name.to_owned())), format!("the environment variable `{name}` is not set"));
    }
}
