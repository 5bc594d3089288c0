# Headgate's part of a build's batch script: put what is built into the job's directory, which is empty but for
# .headgate and what Slurm and Headgate write. It runs on the compute node, as the build user.
headgate_complain() {
  printf 'headgate: %s\n' "$*" >&2
  exit 1
}

headgate_git() {
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 \
    git -c core.hooksPath=/dev/null -c advice.detachedHead=false "$@"
}

# A job that was submitted by slurmrestd has no HOME; bash knows the account's.
[ -n "${HOME+set}" ] || export HOME=~

# People look for a job by its number, in the directory of its pull request: pr_N/JOBID -> event_ID/run_NNN/...
headgate_link() {
  local pull=${HEADGATE_DIFFERENCE%/*/*/*}
  case $PWD in
    "$pull"/*) ln -sfn "${PWD#"$pull"/}" "$pull/$SLURM_JOB_ID" || true ;;
  esac
}

headgate_unpack() {
  command -v git >/dev/null || headgate_complain "there is no git on this node ($(hostname))"
  [ -d .git ] || headgate_git init --quiet --template= . || headgate_complain "git init failed"
  headgate_git fetch --quiet --no-tags "$HEADGATE_BUNDLE" '+refs/headgate/*:refs/headgate/*' ||
    headgate_complain "the commit cannot be unpacked from $HEADGATE_BUNDLE"
  # A job that was requeued finds what its first attempt left.
  headgate_git checkout --quiet --force --detach "$HEADGATE_COMMIT" ||
    headgate_complain "the commit $HEADGATE_COMMIT cannot be checked out"
  headgate_git clean --quiet -ffdx -e '/.headgate' -e '/slurm-*' -e '/_bot_job*' ||
    headgate_complain "the directory cannot be cleaned"
  cp -R .headgate/put/. . || headgate_complain "the job's own files cannot be put in their place"
  if [ "$HEADGATE_APPLY" = yes ] && [ -s "$HEADGATE_DIFFERENCE" ]; then
    headgate_git apply --whitespace=nowarn "$HEADGATE_DIFFERENCE" ||
      headgate_complain "the difference of the pull request does not apply to $HEADGATE_COMMIT"
  fi
}

headgate_link
headgate_unpack
