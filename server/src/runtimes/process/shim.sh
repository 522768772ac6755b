#!/bin/sh
# Runs one instance and outlives the control plane. Arguments: the instance's folder, the files of its control
# groups (space separated, may be empty), then the program and its arguments. Secrets come by environment only; tools
# are found by `command -p`, because PATH is the instance's own.
#
# Starting twice is safe: whoever makes `pid` first wins. The exit status is written beside and renamed, so that it is
# known whole even when nobody was watching. The braces make the shell read all of this at once: a new version of this
# file may take its place meanwhile.
{
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
  trap : TERM INT HUP QUIT
  # In the foreground: a background command would start with SIGINT and SIGQUIT ignored.
  (exec "$@") >&3 2>&4 3>&- 4>&- </dev/null
  code=$?
  echo "$code" >"$dir/exit.new" && command -p mv "$dir/exit.new" "$dir/exit"
  # Wakes the control plane, where it made this folder to listen.
  [ ! -d "${dir%/*}/.exits" ] || : >"${dir%/*}/.exits/${dir##*/}"
  # The last lines stay in the pipes only while someone holds them open: until the collector says that it has them.
  tries=0
  while [ ! -e "$dir/log.done" ] && [ -d "$dir" ] && [ "$tries" -lt 600 ]; do
    command -p sleep 0.1
    tries=$((tries + 1))
  done
  exit 0
}
