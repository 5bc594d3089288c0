#!/usr/bin/env bash
# Installs the Debian packages that the dev cluster, the tests and the documentation checks need.
#
# Made for Debian 12, with or without systemd. Safe to run again: when everything is there it asks dpkg once and ends.
# No service is started by it; the dev cluster starts its own daemons, in its own directory, on its own ports.
set -euo pipefail

packages=(
  slurm-wlm slurm-client slurmdbd slurmrestd slurm-wlm-jwt-plugin  # Slurm 22.05, with JSON web tokens for slurmrestd
  slurm-wlm-elasticsearch-plugin                                   # how slurmctld posts jobs that are over
  munge mariadb-server mariadb-client                              # what Slurm stands on
  debootstrap zstd iproute2 util-linux procps ca-certificates      # other Slurm versions in chroots
  postgresql                                                       # the second store
  libfaketime                                                      # a clock that is wrong
  openssh-server                                                   # acting as users by SSH
  python3-venv git                                                 # the project's own environment
  slapd ldap-utils rabbitmq-server postfix mutt                    # what connectors and lookups are tried against
  prometheus                                                       # promtool, which tries the alert rules
  chromium w3m fonts-dejavu-core fonts-noto-color-emoji            # mails are looked at, by browser and as text
  zsh fish                                                         # completion in each shell
)

say() { printf '%s\n' "$*" >&2; }

missing_packages() {
  local installed package
  # dpkg-query ends with 1 when it does not know one of the names: that is an answer here, not a failure.
  installed=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
  for package in "${packages[@]}"; do
    grep -qx "$package installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

apt() {
  # Waits for another apt instead of failing beside it; a download that breaks off is tried once more, as a whole.
  local options=(-q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=2 -o Dpkg::Use-Pty=0)
  DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" "$@" >&2 && return
  say "apt-get $1 failed, trying once more"
  sleep 3
  DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" "$@" >&2
}

keep_services_stopped() {
  # invoke-rc.d obeys this file: freshly installed packages then start no daemon. An administrator's own file stays.
  local policy=/usr/sbin/policy-rc.d
  [ -e $policy ] && return
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
  trap "rm -f $policy" EXIT
}

main() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    say "These packages are missing, and only root can install them: ${missing[*]}"
    exit 1
  fi
  say "Installing Debian packages: ${missing[*]}"
  keep_services_stopped
  # Each of these asks what it should be set up for: nothing, the tests bring configurations of their own.
  debconf-set-selections <<'ANSWERS'
postfix postfix/main_mailer_type select No configuration
slapd slapd/no_configuration boolean true
ANSWERS
  apt update
  apt install --no-install-recommends "${missing[@]}"
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} -gt 0 ]; then
    say "Still missing after the installation: ${missing[*]}"
    exit 1
  fi
  say "All Debian packages are installed."
}

main
