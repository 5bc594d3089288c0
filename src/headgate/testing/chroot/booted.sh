#!/bin/sh
# booted.sh TREE NAME SHARED GROUP
#
# Boots a tree: makes it what nspawn makes of its containers, and becomes its systemd. To be started as process 1 of new
# mount, network, process, IPC and name namespaces: all of it vanishes with this process, but for the control group.
set -eu
tree=$1
if [ "${5:-}" != grouped ]; then
  # The group is made in the host's own hierarchy, and then is the root of what is seen from inside.
  mount -t cgroup2 cgroup2 "$tree/mnt"
  mkdir "$tree/mnt/$4"
  echo 0 >"$tree/mnt/$4/cgroup.procs"
  umount "$tree/mnt"
  exec unshare --cgroup -- /bin/sh "$0" "$@" grouped
fi

mount --bind "$tree" "$tree"
mount -t proc -o nosuid,nodev,noexec proc "$tree/proc"
# The kernel's settings are the host's, too.
mount --bind "$tree/proc/sys" "$tree/proc/sys"
mount -o remount,bind,ro "$tree/proc/sys"
[ ! -e "$tree/proc/sysrq-trigger" ] || mount --bind /dev/null "$tree/proc/sysrq-trigger"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$tree/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$tree/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid tmpfs "$tree/dev"
mkdir "$tree/dev/pts" "$tree/dev/shm"
for node in null zero full random urandom tty; do
  : >"$tree/dev/$node"
  mount --bind "/dev/$node" "$tree/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$tree/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$tree/dev/shm"
ln -s pts/ptmx "$tree/dev/ptmx"
ln -s /proc/self/fd "$tree/dev/fd"
ln -s /proc/self/fd/0 "$tree/dev/stdin"
ln -s /proc/self/fd/1 "$tree/dev/stdout"
ln -s /proc/self/fd/2 "$tree/dev/stderr"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$tree/run"
[ ! -e /etc/resolv.conf ] || mount --bind /etc/resolv.conf "$tree/etc/resolv.conf"
if [ -n "$3" ]; then
  mkdir -p "$tree/shared"
  mount --bind "$3" "$tree/shared"
fi
hostname "$2"
ip link set lo up
# With addresses of the loopback alone, getaddrinfo finds no way to listen (AI_ADDRCONFIG), and Slurm's daemons end.
ip addr add 192.0.2.1/32 dev lo
# Not by chroot alone: systemd makes units' sandboxes of what is mounted at the root.
cd "$tree"
pivot_root . mnt
exec chroot . /bin/sh -c '
  umount -l /mnt
  mount --make-rshared /
  echo ready
  exec setpriv --bounding-set=-sys_time,-sys_module,-sys_boot,-sys_rawio,-syslog,-audit_control,-audit_read,-audit_write \
    -- env -i container=headgate PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --show-status=no --log-target=journal-or-kmsg'
