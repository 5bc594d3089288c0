#!/bin/sh
# machine.sh TREE NAME SHARED
#
# Makes a tree a machine of its own and stays as its process 1. To be started in new mount, network, process and name
# namespaces: all of it vanishes with this process.
set -eu
tree=$1
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys"
mount --rbind /dev "$tree/dev"
[ ! -e /etc/resolv.conf ] || mount --bind /etc/resolv.conf "$tree/etc/resolv.conf"
if [ -n "$3" ]; then
  mkdir -p "$tree/shared"
  mount --bind "$3" "$tree/shared"
fi
hostname "$2"
ip link set lo up
# With addresses of the loopback alone, getaddrinfo finds no way to listen (AI_ADDRCONFIG), and Slurm's daemons end.
ip addr add 192.0.2.1/32 dev lo
# Says that it is ready from inside the tree: who enters a moment earlier would be on the host's files. Then it waits in
# its own shell, which so takes what other processes leave behind.
exec chroot "$tree" /bin/sh -c 'echo ready; while :; do sleep 3600 & wait; done'
