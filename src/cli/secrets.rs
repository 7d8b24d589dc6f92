//! Keeps passwords out of the process list.
//!
//! Other users of the machine can read a process's arguments, but not its environment. If its arguments contain a
//! password, the program therefore executes itself again, in the same process, with the password moved to the
//! environment.

use std::ffi::OsString;

/// Restarts the program if its arguments contain a password; returns if they do not, or if that fails.
pub fn hide_from_process_list() {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let Some(moved) = without_secrets(std::env::args_os().skip(1).collect()) else { return };
        let Ok(program) = std::env::current_exe() else { return };
        let mut command = std::process::Command::new(program);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        // Returns only if it fails; the program then runs with the arguments as they are.
        let _ = command.args(moved.args).envs(moved.variables).exec();
    }
}

struct Moved {
    args: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
}

/// The arguments without `--password` and without a `--url` that contains one, and the environment variables that
/// replace them. `None` if there is no password to move.
fn without_secrets(args: Vec<OsString>) -> Option<Moved> {
    let mut moved = Moved { args: Vec::new(), variables: Vec::new() };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            moved.args.push(arg);
            moved.args.extend(args);
            break;
        }
        let (flag, value) = match arg.to_str().and_then(|a| a.split_once('=')) {
            Some((flag, value)) => (flag.to_owned(), Some(OsString::from(value))),
            None => (arg.to_string_lossy().into_owned(), None),
        };
        let variable = match flag.as_str() {
            "--password" => "DBMOCKER_PASSWORD",
            "--url" => "DBMOCKER_URL",
            "--with" => "DBMOCKER_WITH",
            _ => {
                moved.args.push(arg);
                continue;
            }
        };
        let joined = value.is_some();
        let Some(value) = value.or_else(|| args.next()) else {
            moved.args.push(arg);
            break;
        };
        if variable == "DBMOCKER_PASSWORD" || holds_password(&value.to_string_lossy()) {
            moved.variables.push((variable, value));
        } else {
            moved.args.push(arg);
            moved.args.extend((!joined).then_some(value));
        }
    }
    (!moved.variables.is_empty()).then_some(moved)
}

/// `scheme://user:password@...` or `...?password=...`, in any spelling, and also in a malformed URL.
fn holds_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once(':') else { return false };
    let rest = rest.trim_start_matches('/');
    let in_login = rest.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'));
    let (_, query) = rest.split_once('?').unwrap_or_default();
    let mut names = url::form_urlencoded::parse(query.as_bytes());
    in_login || names.any(|(name, _)| name.eq_ignore_ascii_case("password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(line: &str) -> Option<(String, Vec<(&'static str, String)>)> {
        let m = without_secrets(line.split(' ').map(OsString::from).collect())?;
        let args: Vec<_> = m.args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        let variables = m.variables.iter().map(|(n, v)| (*n, v.to_string_lossy().into_owned())).collect();
        Some((args.join(" "), variables))
    }

    #[test]
    fn passwords_move_and_the_rest_stays() {
        assert_eq!(
            moved("load --password pw --rows 5"),
            Some(("load --rows 5".into(), vec![("DBMOCKER_PASSWORD", "pw".into())]))
        );
        assert_eq!(
            moved("load --url=mysql://a:p@h/d --rows 5"),
            Some(("load --rows 5".into(), vec![("DBMOCKER_URL", "mysql://a:p@h/d".into())]))
        );
        for url in [
            "postgres://h/d?user=a&password=p",
            "postgres://h/d?user=a&PASSWORD=p",
            "mysql://h/d?pass%77ord=p",
            "postgres:a:p@h/d",
            "postgres://a:p?q@h/d",
        ] {
            let expected = Some(("load".into(), vec![("DBMOCKER_URL", url.into())]));
            assert_eq!(moved(&format!("load --url {url}")), expected);
        }
    }

    #[test]
    fn without_a_password_nothing_moves() {
        for line in [
            "load --url postgres://me@h:5432/d",
            "load --url sqlite:///a:b.db",
            "load -- --password x",
            "load --password",
        ] {
            assert_eq!(moved(line), None, "{line}");
        }
    }
}
