<?php
// Gives DAViCal the paths that it has under Apache: /davical/caldav.php/… and /.well-known/….
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$script = '/davical/caldav.php';
if (!str_starts_with($path, '/.well-known/')) {
    if ($path !== $script && !str_starts_with($path, "$script/")) {
        http_response_code(404);
        exit;
    }
    $path = substr($path, strlen($script));
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $script;
$_SERVER['PATH_INFO'] = rawurldecode($path);
chdir($_SERVER['DOCUMENT_ROOT']);
require 'caldav.php';
