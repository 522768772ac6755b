#!/bin/sh
# Runs HAProxy with the configuration that Fairway writes, in a container of its own: it goes on serving while Fairway is
# replaced. Waits for the first configuration.
set -eu
cd "${FAIRWAY_DATA:-/var/lib/fairway}/gateway/haproxy" 2>/dev/null || { sleep 1; exec "$0"; }
while [ ! -s haproxy.cfg ]; do sleep 0.2; done
exec haproxy -W -S "$PWD/master.sock,mode,600,level,admin" -p haproxy.pid -f haproxy.cfg >>access.log 2>>haproxy.log
