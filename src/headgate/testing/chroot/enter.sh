#!/bin/sh
# enter.sh TREE FILE-OR-DIRECTORY... -- COMMAND...
#
# Runs a command inside a tree, with these files and directories of the host in their places. To be started in a mount
# namespace of its own: the mounts vanish with the last process that uses them, so nothing has to be unmounted, and
# removing the tree can never reach through them.
set -eu
tree=$1
shift
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys"
mount --rbind /dev "$tree/dev"
while [ "$1" != -- ]; do
  mount --bind "$1" "$tree$1"
  shift
done
shift
exec chroot "$tree" "$@"
