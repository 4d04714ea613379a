use clap::CommandFactory;

use super::*;

/// The help of a command, as wide as a terminal is by default.
fn help(path: &[&str]) -> String {
    let mut command = Cli::command();
    command.build();
    let mut found = &mut command;
    for name in path {
        found = found.find_subcommand_mut(name).unwrap();
    }
    found.clone().term_width(100).render_long_help().to_string()
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_help() {
    insta::assert_snapshot!(help(&[]), @"
    Keeps calendars, tasks and contacts the same in a folder on this computer and on a server.

    Nothing is ever lost: what a sync overwrites or deletes is kept and can be brought back.

    Usage: pimbridge [OPTIONS] <COMMAND>

    Commands:
      demo        Show a whole sync with a server and sample data inside the program
      sync        Sync now
      daemon      Keep everything in sync all day, in the background
      discover    Find the calendars, task lists and address books of an account
      profile     Make, show, change and test profiles
      collection  Make, rename and recolour calendars, task lists and address books on a server
      status      Show how each profile is doing
      report      Read the reports of past runs
      history     Bring back versions that a sync overwrote or deleted
      conflict    Decide what both sides changed, where a profile asks you
      repair      Find doubled and broken items, and mend them
      log         Read the log
      autostart   Start the background program when you log in
      settings    Show and change what counts for all profiles
      help        Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log

    First steps:
      pimbridge demo                  see it work, with a server and sample data of its own
      pimbridge profile add --help    connect a folder and a collection on your server
      pimbridge sync --dry-run        see what a sync would do
      pimbridge sync                  do it

    Exit status:
      0  all in sync
      1  finished, but some items could not be synced
      2  wrong use, or a wrong profile
      3  it could not be done (no network, sign-in refused, folder or collection gone)
      4  it waits for your yes: unusually many deletions, or an imported one-way copy
    ");
}

#[test]
fn the_help_of_discover() {
    insta::assert_snapshot!(help(&["discover"]), @r#"
    Find the calendars, task lists and address books of an account

    From an e-mail address or a host it asks the name service, then the server, who you are and where
    your collections are. The password is asked for unless you say where it is, and goes only to servers
    of the domain that you give.

    Usage: pimbridge discover [OPTIONS] <URL|HOST|EMAIL>

    Arguments:
      <URL|HOST|EMAIL>
              Your e-mail address, the host of the server, or an address on it

    Options:
          --user <USER>
              The user name on the server [default: the e-mail address, if one is given]

          --password-env <VARIABLE>
              The environment variable that holds the password

          --password-command <COMMAND>
              A command that prints the password on its first line

          --json
              Print one JSON object a collection and line, and nothing else

      -h, --help
              Print help (see a summary with '-h')

    The way to the server:
          --ca-file <FILE>
              A PEM file with an authority that signed the server's certificate and that this computer
              does not know

          --pin <sha256:…>
              The only certificate of the server that is accepted, by its fingerprint

          --client-certificate <FILE>
              The certificate with its key to sign in with: a PEM or PKCS#12 (.p12) file

          --client-certificate-password-command <COMMAND>
              A command that prints the passphrase of that file on its first line

          --proxy <PROXY>
              The proxy, such as http://proxy.example.org:8080; "none" for no proxy; without it, the
              system's

          --trusted-host <HOST>
              Another server that this one may send us on to, and that may see the password

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log

    For example:
      pimbridge discover jana@example.org
      pimbridge discover https://cloud.example.org/remote.php/dav/ --user jana

    The variable PIMBRIDGE_NAMESERVER names the name service to ask (IP:PORT) instead of the system's.
    "#);
}

#[test]
fn the_help_of_sync() {
    insta::assert_snapshot!(help(&["sync"]), @"
    Sync now

    Runs the named profiles, or all active ones, and prints a report of each.

    Usage: pimbridge sync [OPTIONS] [PROFILE]...

    Arguments:
      [PROFILE]...
              The profiles to run [default: all active ones]

    Options:
          --only <FILE>...
              Look only at these files of the profile's folder, which must be the only profile named

          --dry-run
              Only show what would be done; nothing is changed on either side

          --allow-deletions
              Delete even unusually many items, which otherwise wait for your yes; also what was still
              to be brought back

          --undo-deletions
              Bring back what one side deleted, instead of deleting it on the other side too; later runs
              go on with what could not be brought back

          --accept-preview
              Run what was only to be looked at so far: you have seen with --dry-run what it does

          --json
              Print one JSON object a profile and line, and nothing else

          --all
              List every item that was touched, not only the first ones

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
}

#[test]
fn the_help_of_profile() {
    insta::assert_snapshot!(help(&["profile"]), @"
    Make, show, change and test profiles

    Usage: pimbridge profile [OPTIONS] <COMMAND>

    Commands:
      add       Make a profile: connect a folder and a collection on a server
      presets   List the services whose address and needs are known
      list      List the profiles
      show      Print the file of a profile
      set       Change keys of a profile
      remove    Remove a profile; the items stay as they are on both sides
      copy      Copy a profile; the copy is inactive until you change what it syncs
      reset     Forget what was in sync, so that the next run compares both sides anew
      check     Test a profile: the folder, the server, the sign-in
      password  Put the password (or token) of a profile into the system's keyring
      sign-in   Sign in on the provider's own page in a browser
      schema    Print every key that a profile can have
      import    Take over profiles of Outlook CalDav Synchronizer from a .cdsp file
      export    Write profiles to a .cdsp file, which Outlook CalDav Synchronizer can import
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
}

#[test]
fn the_help_of_profile_add() {
    insta::assert_snapshot!(help(&["profile", "add"]), @r#"
    Make a profile: connect a folder and a collection on a server

    The folder holds one .ics or .vcf file an item, as khal, todoman, khard, KDE and others keep them.
    The password is asked for and kept in the system's keyring, unless you say where else it is.

    Usage: pimbridge profile add [OPTIONS] [NAME]

    Arguments:
      [NAME]
              A name for the profile

    Options:
          --kind <KIND>
              What is synced

              Possible values:
              - events:   a calendar
              - tasks:    a task list
              - contacts: an address book

          --local <FOLDER>
              The folder on this computer [default: a new one with the profile's name, below ~/Calendars
              or ~/Contacts]

          --url <URL>
              The address of the calendar, task list or address book on the server; or that of the
              server, or your e-mail address: then the collection is looked for

          --collection <NAME>
              The name of the collection, where several are found

          --preset <PRESET>
              A service or product whose address and needs are known: see pimbridge profile presets

          --user <USER>
              The user name on the server [default: the e-mail address, if one is given]

          --password-env <VARIABLE>
              The environment variable that holds the password

          --password-command <COMMAND>
              A command that prints the password on its first line

          --client-id <ID>
              The client id with which you sign in in a browser, where the preset wants one

          --mode <MODE>
              Which way changes go

              Possible values:
              - two-way:               changes of both sides go to the other
              - replicate-to-server:   the server becomes a copy of the folder
              - merge-to-server:       the server gets what the folder has; what only the server has is
                left alone
              - replicate-from-server: the folder becomes a copy of the server
              - merge-from-server:     the folder gets what the server has; what only the folder has is
                left alone
              
              [default: two-way]

          --conflict <CONFLICT>
              What counts where both sides changed an item; what it replaces stays in the history

              Possible values:
              - automatic:   the version that was changed last; a deletion beats a change
              - local-wins:  the folder's version
              - server-wins: the server's version
              - merge:       both (recommended): the changes are put together; a change beats a deletion
              - ask:         you decide; until then both sides stay as they are
              
              [default: automatic]

          --create-local
              Make the folder if it does not exist

      -h, --help
              Print help (see a summary with '-h')

    All at once:
          --all <URL|HOST|EMAIL>
              Make a profile for each collection that is found; with a preset, your user name there is
              enough

          --root <FOLDER>
              The folder for the folders of all collections [default: ~/Calendars and ~/Contacts, or
              what the settings say]

          --dry-run
              Only show which profiles would be made

    The way to the server:
          --ca-file <FILE>
              A PEM file with an authority that signed the server's certificate and that this computer
              does not know

          --pin <sha256:…>
              The only certificate of the server that is accepted, by its fingerprint

          --client-certificate <FILE>
              The certificate with its key to sign in with: a PEM or PKCS#12 (.p12) file

          --client-certificate-password-command <COMMAND>
              A command that prints the passphrase of that file on its first line

          --proxy <PROXY>
              The proxy, such as http://proxy.example.org:8080; "none" for no proxy; without it, the
              system's

          --trusted-host <HOST>
              Another server that this one may send us on to, and that may see the password

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log

    For example:
      pimbridge profile add work --kind events --local ~/Calendars/work --user jana \
        --url https://cloud.example.org/remote.php/dav/calendars/jana/work/
      pimbridge profile add --all jana@example.org --dry-run
    "#);
}

#[test]
fn the_help_of_history() {
    insta::assert_snapshot!(help(&["history", "restore"]), @r#"
    Bring a kept version back, on both sides

    What the item is now is kept in turn, so that a restore can be undone too.

    Usage: pimbridge history restore [OPTIONS] <PROFILE> <ID>

    Arguments:
      <PROFILE>
              The profile

      <ID>
              The number of the version, as "history list" shows it

    Options:
      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    "#);
}

#[test]
fn the_help_of_repair() {
    insta::assert_snapshot!(help(&["repair"]), @r#"
    Find doubled and broken items, and mend them

    Finds, on both sides, items that say the same as another, that share their UID with another, that
    have no UID, that hold several items, or that cannot be read. Nothing is changed without --apply.
    What is removed or changed is kept: "pimbridge history" brings it back. The next sync brings what
    was mended to the other side.

    Usage: pimbridge repair [OPTIONS] <PROFILE>

    Arguments:
      <PROFILE>
              The profile

    Options:
          --apply
              Mend what can be mended; without it nothing is changed

          --allow-deletions
              Remove even unusually many items, which otherwise wait for your yes

          --json
              Print one JSON object an item and line, and nothing else

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log

    As JSON, each item has:
      profile, side   where it is: "local" or "remote"
      item, summary   its name there, and what you call it
      problem         "double", "shared-uid", "no-uid", "several-uids" or "unreadable"
      state           "mendable", "mended", "held" (waits for your yes) or "left" (to you)
      message         what is wrong, in words

    Exit status:
      0  nothing is doubled or broken, or all of it was mended
      1  something is still to be mended
      2  wrong use, or a wrong profile
      3  it could not be done (no network, sign-in refused, folder or collection gone)
      4  so many removals that they wait for your yes
    "#);
}

#[test]
fn the_help_of_conflict() {
    insta::assert_snapshot!(help(&["conflict"]), @"
    Decide what both sides changed, where a profile asks you

    Usage: pimbridge conflict [OPTIONS] <COMMAND>

    Commands:
      list     List the conflicts that wait for your decision
      show     Show what both sides have, and what putting both together would come to
      resolve  Decide a conflict
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
    insta::assert_snapshot!(help(&["conflict", "list"]), @r#"
    List the conflicts that wait for your decision

    There are some only in profiles with conflict = "ask". Until you decide, both sides stay as they
    are.

    Usage: pimbridge conflict list [OPTIONS] [PROFILE]

    Arguments:
      [PROFILE]
              The profile [default: all]

    Options:
      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    "#);
    insta::assert_snapshot!(help(&["conflict", "show"]), @r#"
    Show what both sides have, and what putting both together would come to

    Usage: pimbridge conflict show [OPTIONS] <PROFILE> <CONFLICT>

    Arguments:
      <PROFILE>
              The profile

      <CONFLICT>
              The conflict, as "conflict list" shows it

    Options:
      -h, --help
              Print help

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    "#);
    insta::assert_snapshot!(help(&["conflict", "resolve"]), @r#"
    Decide a conflict

    What is overwritten or deleted by that is kept; "pimbridge history" brings it back.

    Usage: pimbridge conflict resolve [OPTIONS] <PROFILE> <CONFLICT> <TAKE>

    Arguments:
      <PROFILE>
              The profile

      <CONFLICT>
              The conflict, as "conflict list" shows it

      <TAKE>
              What both sides are to have

              Possible values:
              - local:  What is on this computer; what was deleted here is deleted on the server too
              - remote: What is on the server; what was deleted there is deleted on this computer too
              - both:   Both versions, as two items; what one side deleted is kept
              - merge:  The changes of both, put together; what one side deleted is kept

    Options:
      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    "#);
}

#[test]
fn the_help_of_reset() {
    insta::assert_snapshot!(help(&["profile", "reset"]), @"
    Forget what was in sync, so that the next run compares both sides anew

    No item is touched, and the history and the reports stay. It helps where a profile seems to have
    lost its way. What was deleted on one side only since the last run comes back.

    Usage: pimbridge profile reset [OPTIONS] <NAME>

    Arguments:
      <NAME>
              The profile

    Options:
          --yes
              Do not ask

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
}

#[test]
fn every_command_and_argument_has_a_help() {
    fn check(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
        }
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

#[test]
fn the_help_of_import_and_export() {
    insta::assert_snapshot!(help(&["profile", "import"]), @r#"
    Take over profiles of Outlook CalDav Synchronizer from a .cdsp file

    A profile that was imported before is replaced, but keeps its folder here and where its password is;
    the others are added. In Outlook CalDav Synchronizer such a file is made with the button "Export
    Profiles" of its options.

    Usage: pimbridge profile import [OPTIONS] <FILE>

    Arguments:
      <FILE>
              The .cdsp file

    Options:
          --root <FOLDER>
              Make the folders of new profiles below this one, called as they are in Outlook

          --folder <NAME=FOLDER>
              The folder here for a folder of Outlook's, or for a profile; can be given several times

          --kind <NAME=KIND>
              What a profile syncs (events, tasks or contacts), where the file does not tell; can be
              given several times

          --client-id <ID>
              The client id with which you sign in in a browser, for profiles of Google's

          --dry-run
              Only show what would be imported

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    "#);
    insta::assert_snapshot!(help(&["profile", "export"]), @"
    Write profiles to a .cdsp file, which Outlook CalDav Synchronizer can import

    Passwords are never in it.

    Usage: pimbridge profile export [OPTIONS] <FILE> [PROFILE]...

    Arguments:
      <FILE>
              The .cdsp file, which must not exist yet

      [PROFILE]...
              The profiles [default: all]

    Options:
      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
}

#[test]
fn the_help_of_what_counts_for_all_profiles() {
    insta::assert_snapshot!(help(&["settings"]), @"
    Show and change what counts for all profiles

    Usage: pimbridge settings [OPTIONS] <COMMAND>

    Commands:
      list  List the settings with their values, defaults and meanings
      set   Change settings
      help  Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
    insta::assert_snapshot!(help(&["settings", "set"]), @"
    Change settings

    For example: pimbridge settings set report_days=365 log_level=debug

    Usage: pimbridge settings set [OPTIONS] <KEY=VALUE>...

    Arguments:
      <KEY=VALUE>...
              What to change: KEY=VALUE, as often as you like, or one KEY and its VALUE

    Options:
          --unset
              Remove the keys that are named, so that their defaults count

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
    insta::assert_snapshot!(help(&["settings", "list"]), @"
    List the settings with their values, defaults and meanings

    Usage: pimbridge settings list [OPTIONS]

    Options:
          --json
              Print one JSON object a setting and line

      -h, --help
              Print help

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
}

#[test]
fn the_help_of_keys() {
    insta::assert_snapshot!(help(&["profile", "set"]), @"
    Change keys of a profile

    For example: pimbridge profile set work mode=merge-from-server remote.user=jana

    What keys there are: pimbridge profile schema

    Usage: pimbridge profile set [OPTIONS] <NAME> <KEY=VALUE>...

    Arguments:
      <NAME>
              The profile

      <KEY=VALUE>...
              What to change: KEY=VALUE, as often as you like, or one KEY and its VALUE

    Options:
          --unset
              Remove the keys that are named, so that their defaults count

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
    insta::assert_snapshot!(help(&["profile", "schema"]), @"
    Print every key that a profile can have

    An editor that knows JSON Schema helps with profile files: pimbridge profile schema --json >
    profile.schema.json

    Usage: pimbridge profile schema [OPTIONS]

    Options:
          --json
              Print a JSON Schema (draft 2020-12)

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
}

#[test]
fn the_help_of_what_was_done() {
    insta::assert_snapshot!(help(&["report", "show"]), @r#"
    Show one run with every item that it touched

    Usage: pimbridge report show [OPTIONS] <PROFILE> [ID]

    Arguments:
      <PROFILE>
              The profile

      [ID]
              The number of the run, as "report list" shows it [default: the last run]

    Options:
          --json
              Print one JSON object: as "sync --json" prints it, with every item as "touched"

          --xml
              Print it in the XML form of Outlook CalDav Synchronizer (A is this computer, B the server)

          --html
              Print a page for a browser, which needs nothing else

      -h, --help
              Print help

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    "#);
    insta::assert_snapshot!(help(&["report", "prune"]), @"
    Delete old reports

    Each profile does so by itself once a day when it runs. The history of versions stays.

    Usage: pimbridge report prune [OPTIONS] [PROFILE]

    Arguments:
      [PROFILE]
              Only the reports of this profile

    Options:
          --older-than <DAYS>
              Delete what is older than so many days [default: the setting report_days]

          --dry-run
              Only tell how many reports would be deleted

      -h, --help
              Print help (see a summary with '-h')

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
    insta::assert_snapshot!(help(&["log", "show"]), @"
    Print the lines of the log, the oldest first

    Usage: pimbridge log show [OPTIONS]

    Options:
          --profile <NAME>
              Only what was done for this profile

          --lines <N>
              Only the last lines

          --follow
              Go on with what is written from now on, until Ctrl-C

      -h, --help
              Print help

    With every command:
          --home <DIR>
              Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]

          --debug
              Write details to the log
    ");
}
