#!/bin/sh
# One primary and two replicas of PostgreSQL, of which one at least has every commit before it is acknowledged.
#
#   cluster.sh primary DIR PORT NAME               make the first server, and start it
#   cluster.sh replica DIR PORT NAME PRIMARY_PORT  make a copy of the primary that follows it, and start it
#   cluster.sh newest PORT PORT                    which of two replicas has received more: its port
#   cluster.sh promote DIR                         make a replica the primary
#   cluster.sh follow DIR PORT                     let a replica follow another primary
#   cluster.sh backup DIR PRIMARY_PORT             a copy of everything, with the log it needs; restore it, to know
#   cluster.sh restore DIR PORT                    start a backup as a server of its own
#   cluster.sh stop DIR
#
# Here all are on this machine and trust it. On machines of their own name the hosts in place of 127.0.0.1, let
# pg_hba.conf ask for passwords, and give the role REPLICATION and LOGIN only. NAMES are the servers' names.
set -eu
names=${NAMES:-one, two, three}
user=${PGUSER:-memory}

start() { # DIR PORT NAME
    pg_ctl -D "$1" -w -s -l "$1.log" start -o "-p $2 -c cluster_name=$3 -c listen_addresses=127.0.0.1 -c unix_socket_directories="
}

ask() { # PORT SQL
    psql -h 127.0.0.1 -p "$1" -U "$user" -d postgres -Atqc "$2"
}

case $1 in
primary)
    initdb -D "$2" -U "$user" -A trust -E UTF8 --locale=C --no-instructions > /dev/null
    # Any one replica has to have a commit. The primary's own name is among them for the day it is a replica.
    echo "synchronous_standby_names = 'ANY 1 ($names)'" >> "$2/postgresql.conf"
    start "$2" "$3" "$4"
    ;;
replica)
    pg_basebackup -D "$2" -h 127.0.0.1 -p "$5" -U "$user" -X stream -c fast -R
    echo "primary_conninfo = 'host=127.0.0.1 port=$5 user=$user application_name=$4'" >> "$2/postgresql.auto.conf"
    start "$2" "$3" "$4"
    ;;
newest)
    sql="SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'"
    if [ "$(ask "$2" "$sql")" -ge "$(ask "$3" "$sql")" ]; then echo "$2"; else echo "$3"; fi
    ;;
promote)
    pg_ctl -D "$2" -w -s promote
    ;;
follow)
    name=$(sed -n "s/.*application_name=\([a-z]*\).*/\1/p" "$2/postgresql.auto.conf" | tail -n 1)
    echo "primary_conninfo = 'host=127.0.0.1 port=$3 user=$user application_name=$name'" >> "$2/postgresql.auto.conf"
    pg_ctl -D "$2" -s reload
    ;;
backup)
    pg_basebackup -D "$2" -h 127.0.0.1 -p "$3" -U "$user" -X stream -c fast
    ;;
restore)
    # Nobody copies this one, so it waits for nobody.
    echo "synchronous_standby_names = ''" >> "$2/postgresql.auto.conf"
    start "$2" "$3" restored
    ;;
stop)
    pg_ctl -D "$2" -s -m fast stop
    ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
