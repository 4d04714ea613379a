# shellcheck shell=bash
# Read by each server's script, NAME DIR PORT, which runs the server on 127.0.0.1:PORT with its state in DIR. When
# the server answers, the script prints its address. It ends everything that it started when its standard input
# ends. The users and their passwords are those of the file `users`.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$1 port=$2
exec 3<&0 4>&1 </dev/null >&2
trap 'kill -KILL $(jobs -p) 2>/dev/null || true' EXIT

# Starts the script again as process 1 of its own namespaces, so that all that it starts ends with it.
isolate() {
    [ $$ = 1 ] || exec unshare --pid --mount-proc --ipc --fork --kill-child "$0" "$dir" "$port" <&3 >&4
    chmod go+x "$dir"
}

as() { setpriv --reuid "$1" --regid "$2" --clear-groups "${@:3}"; }

# Runs a function for each user: NAME PASSWORD.
each_user() {
    local name password
    while IFS=: read -r name password; do "$1" "$name" "$password"; done <"$here/users"
}

# Tries until it works, as long as anything runs that could make it work.
await() {
    until "$@" 2>/dev/null; do
        [ -n "$(jobs -pr)" ] && [ "$SECONDS" -lt 60 ] || exit 1
        sleep 0.05
    done
}
answers() { (exec 5<>"/dev/tcp/127.0.0.1/$1"); }

# Says that the server answers, and waits for the end of the standard input or of any process of the server.
serve() {
    await answers "$port"
    echo "http://127.0.0.1:$port/" >&4
    exec 4>&-
    cat <&3 >/dev/null &
    wait -n
}

# A PostgreSQL of the server's own, on a socket in DIR/pg. What it is told need not survive it.
start_postgres() {
    PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
    export PGHOST=$dir/pg
    install -d -o postgres "$PGHOST"
    as postgres postgres initdb -D "$PGHOST/data" -A trust -E UTF8 --locale=C.UTF-8 --no-sync
    as postgres postgres postgres -D "$PGHOST/data" -c listen_addresses= -c unix_socket_directories="$PGHOST" \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off &
    await pg_isready -q -U postgres
}
