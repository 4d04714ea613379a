<?php
// sabre/dav 1.8 at /dav/. From the command line: makes the database.
error_reporting(E_ALL & ~E_DEPRECATED);
require 'Sabre/autoload.php';

const TABLES = [
    'principals' => 'uri TEXT UNIQUE, email TEXT, displayname TEXT, vcardurl TEXT',
    'groupmembers' => 'principal_id INTEGER, member_id INTEGER',
    'calendars' => 'principaluri TEXT, displayname TEXT, uri TEXT, ctag INTEGER, description TEXT,
        calendarorder INTEGER, calendarcolor TEXT, timezone TEXT, components TEXT, transparent BOOL',
    'calendarobjects' => 'calendarid INTEGER, uri TEXT, calendardata BLOB, lastmodified INTEGER, etag TEXT, size INTEGER,
        componenttype TEXT, firstoccurence INTEGER, lastoccurence INTEGER',
    'addressbooks' => 'principaluri TEXT, displayname TEXT, uri TEXT, description TEXT, ctag INTEGER',
    'cards' => 'addressbookid INTEGER, uri TEXT, carddata BLOB, lastmodified INTEGER',
];

$users = file(getenv('SABRE_USERS'), FILE_IGNORE_NEW_LINES);
$db = new PDO('sqlite:' . getenv('SABRE_DATABASE'), null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$db->exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = OFF');

if (PHP_SAPI === 'cli') {
    $db->exec('PRAGMA journal_mode = WAL');
    foreach (TABLES as $name => $columns) {
        $db->exec("CREATE TABLE $name (id INTEGER PRIMARY KEY, $columns)");
    }
    $add = $db->prepare('INSERT INTO principals (uri, email, displayname) VALUES (?, ?, ?)');
    foreach ($users as $user) {
        $name = strstr($user, ':', true);
        $add->execute(["principals/$name", "$name@example.test", $name]);
        $add->execute(["principals/$name/calendar-proxy-read", null, null]);
        $add->execute(["principals/$name/calendar-proxy-write", null, null]);
    }
    exit;
}

if (str_starts_with($_SERVER['REQUEST_URI'], '/.well-known/')) {
    header('Location: /dav/', true, 301);
    exit;
}

class Users extends Sabre\DAV\Auth\Backend\AbstractBasic
{
    protected function validateUserPass($name, $password)
    {
        return in_array("$name:$password", $GLOBALS['users'], true);
    }
}

$principals = new Sabre\DAVACL\PrincipalBackend\PDO($db);
$server = new Sabre\DAV\Server([
    new Sabre\CalDAV\Principal\Collection($principals),
    new Sabre\CalDAV\CalendarRootNode($principals, new Sabre\CalDAV\Backend\PDO($db)),
    new Sabre\CardDAV\AddressBookRoot($principals, new Sabre\CardDAV\Backend\PDO($db)),
]);
$server->setBaseUri('/dav/');
$server->addPlugin(new Sabre\DAV\Auth\Plugin(new Users(), 'sabre/dav'));
$server->addPlugin(new Sabre\DAVACL\Plugin());
$server->addPlugin(new Sabre\CalDAV\Plugin());
$server->addPlugin(new Sabre\CardDAV\Plugin());
$server->exec();
