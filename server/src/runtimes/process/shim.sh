#!/bin/sh
# Runs one instance and outlives the control plane. Arguments: the instance's folder, the files of its control
# groups (space separated, may be empty), then the program and its arguments. Secrets come by environment only.
#
# Starting twice is safe: whoever makes `pid` first wins. The exit status is written beside and renamed, so that it is
# known whole even when nobody was watching.
dir=$1
groups=$2
shift 2
set -C
echo $$ 2>/dev/null >"$dir/pid" || exit 0
set +C
for group in $groups; do
  echo $$ >"$group" || echo "cannot join $group" >"$dir/remark"
done
# Opened for reading too: a missing log collector neither blocks this open nor breaks the pipe.
exec 3<>"$dir/stdout" 4<>"$dir/stderr"
trap : TERM INT HUP
"$@" >&3 2>&4 3>&- 4>&- </dev/null &
child=$!
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
echo "$code" >"$dir/exit.new" && mv "$dir/exit.new" "$dir/exit"
# The last lines stay in the pipes only while someone holds them open: until the collector does (it makes `log`).
tries=0
while [ ! -e "$dir/log" ] && [ -d "$dir" ] && [ "$tries" -lt 100 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
