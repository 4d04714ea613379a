//! A desktop session of its own: a display, a session bus, and what a person's desktop has on it, as far as a test wants.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::servers::{is_installed, path_with};

const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// Long enough for a machine that does a lot besides.
const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until something holds.
#[track_caller]
pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A program of the session, which ends with it.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Running {
        Running(
            command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error} (tests/run installs it)")),
        )
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program and those that it starts, which end with it.
struct Group(Running);

#[cfg(feature = "window")]
impl Group {
    fn start(command: &mut Command) -> Group {
        use std::os::unix::process::CommandExt as _;
        Group(Running::start(command.process_group(0)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0.0);
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

/// The session. Programs end in the order of the fields.
pub struct Session {
    panel: Option<Running>,
    notifications: Option<Running>,
    keyring: Option<Running>,
    accessibility: Option<Group>,
    bus: Option<Running>,
    _display: Option<Running>,
    display: String,
    dir: tempfile::TempDir,
}

impl Session {
    /// A session with a bus and nothing else on it; `None` where no desktop could be installed.
    pub fn start() -> Option<Session> {
        let mut session = Session::without_bus()?;
        session.start_bus();
        Some(session)
    }

    /// No bus, no display: as on a server to which somebody has signed in.
    pub fn without_bus() -> Option<Session> {
        if !is_installed("desktop") {
            return None;
        }
        // The address of the bus must be short.
        let dir = tempfile::Builder::new().prefix("desk").tempdir().unwrap();
        for folder in ["run", "config", "data", "cache", "services", "bin"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let session = Session {
            panel: None,
            notifications: None,
            keyring: None,
            accessibility: None,
            bus: None,
            _display: None,
            display: String::new(),
            dir,
        };
        session.script("bin/xdg-open", &format!("echo \"$1\" >>{}", session.path("opened").display()));
        Some(session)
    }

    fn script(&self, name: &str, line: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn start_display(&mut self) {
        if self._display.is_some() {
            return;
        }
        let mut command = self.command("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1000x720x24", "-nolisten", "tcp"]);
        let mut server = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut number = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
        self.display = format!(":{}", number.trim());
        self._display = Some(server);
    }

    /// Starts the bus, at the address where it was before. Nothing is started by it but what keeps the panel's settings.
    pub fn start_bus(&mut self) {
        self.start_display();
        let settings = "org.xfce.Xfconf.service";
        let from = Path::new("/usr/share/dbus-1/services").join(settings);
        if from.exists() {
            fs::copy(from, self.path("services").join(settings)).unwrap();
        }
        let config = self.path("bus.conf");
        let text = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig><type>session</type>\
             <listen>unix:path={}</listen><servicedir>{}</servicedir><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy>\
             </busconfig>",
            self.path("run/bus").display(),
            self.path("services").display()
        );
        fs::write(&config, text).unwrap();
        let mut command = self.command("dbus-daemon");
        command.arg("--config-file").arg(config).args(["--nofork", "--nopidfile"]);
        self.bus = Some(Running::start(&mut command));
        wait_for("the bus", || self.path("run/bus").exists());
    }

    /// Kills the bus, and the programs that end with it.
    pub fn kill_bus(&mut self) {
        self.bus = None;
        fs::remove_file(self.path("run/bus")).unwrap();
        (self.panel, self.notifications, self.keyring, self.accessibility) = (None, None, None, None);
    }

    /// Starts a panel that shows tray icons.
    pub fn start_panel(&mut self) {
        let settings = self.path("config/xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&settings).unwrap();
        fs::write(settings.join("xfce4-panel.xml"), PANEL).unwrap();
        let mut command = self.command("xfce4-panel");
        self.panel = Some(Running::start(command.arg("--disable-wm-check").stderr(Stdio::null())));
    }

    pub fn kill_panel(&mut self) {
        self.panel = None;
    }

    /// Starts a program that shows notifications; what it shows is noted.
    pub fn start_notifications(&mut self) {
        let config = self.notifications_config();
        let mut command = self.command("dunst");
        self.notifications = Some(Running::start(
            command.arg("-config").arg(config).stdout(Stdio::null()).stderr(Stdio::null()),
        ));
        wait_for("notifications", || self.has(NOTIFICATIONS));
    }

    /// Such a program is started by the bus when it is asked for, and takes longer than anybody waits for an answer.
    pub fn offer_slow_notifications(&mut self) {
        let config = self.notifications_config();
        let dunst = format!("sleep 8\nexec dunst -config {} >/dev/null 2>&1", config.display());
        self.script("bin/slow-dunst", &dunst);
        let program = self.path("bin/slow-dunst");
        let file = format!("[D-BUS Service]\nName={NOTIFICATIONS}\nExec={}\n", program.display());
        fs::write(self.path(&format!("services/{NOTIFICATIONS}.service")), file).unwrap();
        self.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.ReloadConfig", &[]).unwrap();
    }

    fn notifications_config(&self) -> PathBuf {
        let note = "printf '%s | %s\\n' \"$DUNST_SUMMARY\" \"$DUNST_BODY\"";
        self.script("note", &format!("{note} >>{}", self.path("shown").display()));
        self.script("choose", &format!("exec grep -F -m1 \"$(cat {})\"", self.path("choice").display()));
        let config = self.path("dunstrc");
        let text = format!(
            "[global]\nenable_recursive_icon_lookup = false\ndmenu = {}\n[note]\nsummary = \"*\"\nscript = {}\n",
            self.path("choose").display(),
            self.path("note").display()
        );
        fs::write(&config, text).unwrap();
        config
    }

    /// Starts a keyring that is unlocked.
    pub fn start_keyring(&mut self) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--unlock", "--components=secrets", "--foreground"]);
        let mut keyring =
            Running::start(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()));
        keyring.0.stdin.take().unwrap().write_all(b"keyring-password").unwrap();
        self.keyring = Some(keyring);
        wait_for("a keyring", || self.has("org.freedesktop.secrets"));
    }

    #[cfg(feature = "window")]
    /// Starts what screen readers read windows with.
    pub fn start_accessibility(&mut self) {
        let mut command = self.command("/usr/libexec/at-spi-bus-launcher");
        command.arg("--launch-immediately").stdout(Stdio::null()).stderr(Stdio::null());
        self.accessibility = Some(Group::start(&mut command));
        wait_for("accessibility", || self.has("org.a11y.Bus"));
        let set = ["org.a11y.Status", "IsEnabled", "<true>"];
        self.call("org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties.Set", &set).unwrap();
    }

    #[cfg(feature = "window")]
    /// What the session's window for choosing files does; it has no other one.
    pub fn choose_files(&self, script: &str) {
        self.script("bin/zenity", script);
    }

    #[cfg(feature = "window")]
    /// A picture of the whole screen.
    pub fn picture(&self, file: &Path) {
        self.told("import", &["-window", "root", file.to_str().unwrap()]).unwrap();
    }

    /// The home folder of the person who sits there.
    pub fn home(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Lets a command run in this session.
    pub fn within<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let of = |name: &str| self.path(name);
        command
            .env("HOME", self.dir.path())
            .env("PATH", path_with(&of("bin")))
            .env("XDG_RUNTIME_DIR", of("run"))
            .env("XDG_CONFIG_HOME", of("config"))
            .env("XDG_DATA_HOME", of("data"))
            .env("XDG_CACHE_HOME", of("cache"))
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", of("run/bus").display()))
            .env("GSETTINGS_BACKEND", "memory")
            .env("NO_AT_BRIDGE", "1")
            .stdin(Stdio::null());
        match self.display.as_str() {
            "" => command.env_remove("DISPLAY"),
            display => command.env("DISPLAY", display),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.within(&mut command);
        command
    }

    /// What a program of the session prints; nothing where it fails.
    fn told(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = self.command(program).args(arguments).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn call(&self, to: &str, path: &str, method: &str, arguments: &[&str]) -> Option<String> {
        let call = ["call", "--session", "-d", to, "-o", path, "-m", method, "--"];
        self.told("gdbus", &[&call, arguments].concat())
    }

    fn property(&self, of: &str, path: &str, interface: &str, name: &str) -> Option<String> {
        self.call(of, path, "org.freedesktop.DBus.Properties.Get", &[interface, name])
    }

    fn has(&self, name: &str) -> bool {
        let told = self.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", &[name]);
        told.is_some_and(|told| told.contains("true"))
    }

    /// The tray icon that the panel shows, by its name on the bus.
    pub fn icon(&self) -> Option<String> {
        const WATCHER: &str = "org.kde.StatusNotifierWatcher";
        let told =
            self.property(WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisteredStatusNotifierItems")?;
        let (_, rest) = told.split_once('\'')?;
        Some(rest.split_once('/')?.0.to_owned())
    }

    /// A property of the tray icon.
    pub fn of_icon(&self, name: &str) -> Option<String> {
        self.property(&self.icon()?, "/StatusNotifierItem", "org.kde.StatusNotifierItem", name)
    }

    /// What stands beside the pointer over the icon.
    pub fn tooltip(&self) -> String {
        self.of_icon("ToolTip")
            .unwrap_or_default()
            .rsplit_once("'Pimbridge', ")
            .unwrap_or_default()
            .1
            .to_owned()
    }

    /// The whole menu, as it is told on the bus.
    pub fn menu(&self) -> Option<String> {
        self.call(&self.icon()?, "/MenuBar", "com.canonical.dbusmenu.GetLayout", &["0", "-1", "[]"])
    }

    /// Clicks on an entry of the icon's menu.
    pub fn click(&self, label: &str) {
        let menu = self.menu().unwrap();
        let (before, _) =
            menu.split_once(&format!("'label': <'{label}'>")).unwrap_or_else(|| panic!("{label}: {menu}"));
        let number = before.rsplit_once("<(").unwrap().1.split_once(',').unwrap().0;
        // Who is told to quit may be gone before it answers.
        self.call(
            &self.icon().unwrap(),
            "/MenuBar",
            "com.canonical.dbusmenu.Event",
            &[number, "clicked", "<0>", "0"],
        );
    }

    /// The notifications shown since the last look, a line each: title and text.
    pub fn take_shown(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("shown")).unwrap_or_default();
        let _ = fs::remove_file(self.path("shown"));
        text.lines().map(str::to_owned).collect()
    }

    /// The page that was opened last in the browser.
    pub fn opened(&self) -> Option<PathBuf> {
        let text = fs::read_to_string(self.path("opened")).unwrap_or_default();
        text.lines().last().map(PathBuf::from)
    }

    /// How many notifications are on the screen.
    pub fn on_screen(&self) -> usize {
        let told = self.told("dunstctl", &["count", "displayed"]).unwrap_or_default();
        told.trim().parse().unwrap_or_default()
    }

    /// Presses a button of the notification on the screen.
    pub fn press(&self, button: &str) {
        fs::write(self.path("choice"), format!("#{button} ")).unwrap();
        self.told("dunstctl", &["context"]).unwrap();
    }
}

/// A panel at the top with nothing on it but the tray.
const PANEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray"/>
  </property>
</channel>
"#;
