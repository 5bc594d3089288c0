"""A site that builds, for tests."""

from __future__ import annotations

from headgate.config.builds import AllowedArgument, BuildJobSettings, BuildSettings, TargetSettings

SETTINGS = BuildSettings(
    instance="my-bot",
    targets={
        "cpu_zen2": TargetSettings(architecture="x86_64/amd/zen2", repositories=("r-software", "r-compat")),
        "cpu_zen4": TargetSettings(architecture="x86_64/amd/zen4", repositories=("r-software",)),
        "arm": TargetSettings(architecture="aarch64/neoverse_v1", repositories=("r-software",)),
        "gpu": TargetSettings(
            architecture="x86_64/amd/zen2", accelerator="nvidia/cc80", repositories=("r-software",), os="linux"
        ),
    },
    job_arguments=(AllowedArgument(name="SKIP_TESTS", value="yes|no"),),
    submit_arguments=(r"--time=\d+:\d\d:\d\d",),
    jobs=BuildJobSettings(max_jobs=5),
)
