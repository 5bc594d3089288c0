#!/bin/bash
# The job script that Headgate ships: runs what a repository brings for a build, in this order: bot/build.sh,
# bot/check-build.sh, bot/test.sh, bot/check-test.sh. The working directory is the tree that is built.
job=$SLURM_JOB_ID
SKIP_TESTS=no

say() {
  printf '%s %s\n' "$(date -u '+%F %T')" "$*"
}

# Print the value of a key in [site_config] of cfg/job.cfg.
site_config() {
  [ -r cfg/job.cfg ] || return 0
  awk -v key="$1" '
    /^[[:space:]]*\[/ { inside = ($0 ~ /^[[:space:]]*\[site_config\]/); next }
    inside {
      at = index($0, "=")
      if (!at) next
      name = substr($0, 1, at - 1); value = substr($0, at + 1)
      gsub(/^[[:space:]]+|[[:space:]]+$/, "", name); gsub(/^[[:space:]]+|[[:space:]]+$/, "", value)
      if (name == key) { print value; exit }
    }' cfg/job.cfg
}

# Put the values of variables ($NAME, ${NAME}) into a text; nothing of it is run.
expanded() {
  local rest=$1 done_="" name
  while [[ $rest =~ ^([^$]*)\$(\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))(.*)$ ]]; do
    name=${BASH_REMATCH[3]}${BASH_REMATCH[4]}
    done_+=${BASH_REMATCH[1]}${!name-}
    rest=${BASH_REMATCH[5]}
  done
  printf '%s' "$done_$rest"
}

unknown() {
  printf '<details><summary>:shrug: UNKNOWN _(click triangle for details)_</summary><ul><li>%s</li></ul></details>' "$1"
}

if [ -r cfg/export_vars.sh ]; then
  say "reading cfg/export_vars.sh"
  . cfg/export_vars.sh
fi

local_tmp=$(expanded "$(site_config local_tmp)")
if [ -n "$local_tmp" ]; then
  mkdir -p "$local_tmp" && TMPDIR=$(mktemp -d "$local_tmp/headgate_job.XXXXXXXXXX") && export TMPDIR &&
    say "temporary files are in $TMPDIR"
fi

site_script=$(site_config site_config_script)
if [ -n "$site_script" ] && [ -r "$site_script" ]; then
  say "reading $site_script"
  . "$site_script"
fi

if [ ! -f bot/build.sh ]; then
  say "there is no bot/build.sh in this repository"
  exit 1
fi
say "running bot/build.sh"
bash bot/build.sh
say "bot/build.sh ended with exit code $?"

if [ -f bot/check-build.sh ]; then
  say "running bot/check-build.sh"
  bash bot/check-build.sh
  say "bot/check-build.sh ended with exit code $?"
else
  say "there is no bot/check-build.sh in this repository"
  {
    printf '[RESULT]\ncomment_description = %s\nstatus = UNKNOWN\nartefacts =\n' \
      "$(unknown 'There is no <code>bot/check-build.sh</code> in this repository that could tell.')"
  } >"_bot_job$job.result"
fi

if [ "$SKIP_TESTS" = yes ]; then
  say "tests are skipped"
elif [ -f bot/test.sh ]; then
  say "running bot/test.sh"
  bash bot/test.sh
  say "bot/test.sh ended with exit code $?"
else
  say "there is no bot/test.sh in this repository"
fi

if [ -f bot/check-test.sh ]; then
  say "running bot/check-test.sh"
  bash bot/check-test.sh
  say "bot/check-test.sh ended with exit code $?"
else
  say "there is no bot/check-test.sh in this repository"
  {
    printf '[TEST]\ncomment_description = %s\nstatus = UNKNOWN\n' \
      "$(unknown 'There is no <code>bot/check-test.sh</code> in this repository that could tell.')"
  } >"_bot_job$job.test"
fi
exit 0
