from __future__ import annotations
import time, asyncio, pytest
from tests.real.site import *
pytestmark=[pytest.mark.slurm, pytest.mark.contract]

async def test_explore(site: Site) -> None:
    t0=time.time()
    c=site.cluster
    ok = await site.submit("ada", "#!/bin/sh\nsleep 1\n", "--job-name=fine")
    bad = await site.submit("ada", "#!/bin/sh\nexit 3\n", "--job-name=bad")
    sig = await site.submit("ada", "#!/bin/sh\nkill -9 $$\n", "--job-name=sig")
    arr = await site.submit("ben", "#!/bin/sh\ncase $SLURM_ARRAY_TASK_ID in 2|4) exit 1;; esac\n", "--array=1-5")
    tasks = await site.submit("ben", "#!/bin/sh\ncase $SLURM_ARRAY_TASK_ID in 2) exit 1;; esac\n", "--array=1-3", mail="ALL,ARRAY_TASKS")
    het = await site.submit("ben", "#!/bin/sh\n#SBATCH -n1 --mem=100M\n#SBATCH hetjob\n#SBATCH -n2 --mem=200M\nsleep 1\n")
    dep = await site.submit("ada", "#!/bin/sh\n", f"--dependency=afterok:{bad}", "--kill-on-invalid-dep=no")
    run = await site.submit("ada", SLEEP, "--time=1")
    pend = await site.submit("ada", SLEEP, "--hold")
    mine = await site.submit("ada", SLEEP)
    req = await site.submit("ada", SLEEP, "--requeue")
    gpu = await site.submit("ben", "#!/bin/sh\npython3 -c 'import time; x=bytearray(80<<20); e=time.time()+3\nwhile time.time()<e: pass'\n", "-pgpu", "--gres=gpu:2", "--mem=200M", "-c2")
    for j in (run, mine, req): await site.in_state(j, "RUNNING")
    print("running", time.time()-t0)
    await site.as_user("ada", "scancel", str(pend), str(mine))
    await site.slurm("scontrol","requeue",str(req))
    await asyncio.to_thread(c.expire, run)
    seen=0
    while time.time()-t0<60:
        await asyncio.sleep(0.2)
        for m in site.sink.mails[seen:]:
            r=read_mail(m); print(f"{time.time()-t0:.1f}", r.label, r.outcome, r.subject, r.to)
            if r.outcome not in ("started",): print(r.plain)
        seen=len(site.sink.mails)
    print(await site.events(req, run, arr, dep, het))
    print(site.headgate.log.read_text()[-6000:])
    await site.slurm("scancel", str(req), str(dep))
    assert 0
