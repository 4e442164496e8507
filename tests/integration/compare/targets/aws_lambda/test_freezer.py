import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from django_runtimes.compare.emulator.freezer import CgroupFreezer, choose_freezer, own_cgroup
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from tests.integration.compare.targets.aws_lambda.idle import ready_count

# A process whose emulator keeps three environments frozen and one busy until it is killed.
EMULATE = """
import asyncio, json, sys
from pathlib import Path
from django_runtimes.compare.emulator import freezer
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from tests.integration.compare.targets.aws_lambda.idle import ready_count

async def main(freezer_class, handlers, logs):
    chosen = freezer.SignalFreezer() if freezer_class == "SignalFreezer" else freezer.choose_freezer()
    function = Function("test", "echo.handler", {"PYTHONPATH": handlers}, Path(logs))
    async with LambdaEmulator(function, freezer=chosen) as emulator:
        await emulator.warm(4)
        async def pid(sleep_s):
            return json.loads((await emulator.invoke(json.dumps({"sleep_s": sleep_s}).encode())).payload)["pid"]
        pids = await asyncio.gather(*(pid(0.3) for _ in range(4)))
        while ready_count(emulator) < 4:
            await asyncio.sleep(0.01)
        busy = asyncio.create_task(pid(60))
        await asyncio.sleep(0.1)
        print(json.dumps(pids), flush=True)
        await busy

asyncio.run(main(*sys.argv[1:]))
"""


def own_groups():
    parent = own_cgroup(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    return {} if parent is None else {group: group.name.split("-")[1] for group in parent.glob("webapp-*")}


async def until_silent(heartbeat: Path) -> None:
    """Wait until a process that writes a byte every 5 ms has written nothing for half a second."""
    size = -1
    async with asyncio.timeout(120):
        while size != (size := await asyncio.to_thread(os.path.getsize, heartbeat)):  # noqa: ASYNC110 - a file's size
            await asyncio.sleep(0.5)


async def test_an_environment_runs_only_during_its_invocations(function, freezer, tmp_path):
    heartbeat = tmp_path / "heartbeat"
    event = json.dumps({"heartbeat": str(heartbeat)}).encode()

    async with LambdaEmulator(function("echo.ticking"), freezer=freezer) as emulator:
        await emulator.invoke(event)
        await until_silent(heartbeat)
        frozen_at = heartbeat.stat().st_size
        await emulator.invoke(event)
        assert heartbeat.stat().st_size > frozen_at > 0


def test_killing_the_emulator_leaves_no_execution_environment(freezer, tmp_path, is_alive):
    handlers = Path(__file__).parent / "handlers"
    freezer.close()
    arguments = [type(freezer).__name__, str(handlers), str(tmp_path / "logs")]
    # Python imports the tests from this folder.
    checkout = Path(__file__).parents[5]
    emulating = subprocess.Popen([sys.executable, "-c", EMULATE, *arguments], stdout=subprocess.PIPE, cwd=checkout)
    try:
        pids = json.loads(emulating.stdout.readline())
        assert all(is_alive(pid) for pid in pids)
    finally:
        emulating.send_signal(signal.SIGKILL)
        emulating.wait()
        emulating.stdout.close()

    give_up = time.monotonic() + 120
    while any(is_alive(pid) for pid in pids) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert [pid for pid in pids if is_alive(pid)] == []
    if isinstance(freezer, CgroupFreezer):
        # The emulator's groups remain until the next freezer removes them.
        assert str(emulating.pid) in own_groups().values()
        choose_freezer().close()
        assert str(emulating.pid) not in own_groups().values()


async def test_the_whole_tree_of_a_process_is_frozen_and_killed(freezer, tmp_path, until):
    heartbeat = tmp_path / "heartbeat"
    child = f"import time\nwhile True: open({str(heartbeat)!r}, 'a').write('.'); time.sleep(0.005)"
    parent = f"import subprocess, sys; input(); subprocess.run([sys.executable, '-c', {child!r}])"
    leader = subprocess.Popen(  # noqa: ASYNC220 - the kernel binds children to this thread
        [sys.executable, "-c", parent], start_new_session=True, stdin=subprocess.PIPE
    )
    freezer.adopt(leader.pid)
    leader.stdin.write(b"go on\n")
    leader.stdin.close()
    try:
        await until(heartbeat.exists)
        freezer.freeze(leader.pid)
        await until_silent(heartbeat)
        held_at = heartbeat.stat().st_size

        freezer.thaw(leader.pid)
        await until(lambda: heartbeat.stat().st_size > held_at)
        freezer.freeze(leader.pid)
    finally:
        freezer.kill(leader.pid)
        leader.wait()
        freezer.release(leader.pid)
        freezer.close()

    await until_silent(heartbeat)


async def test_closing_an_emulator_removes_its_groups(function):
    async with LambdaEmulator(function("echo.plain")) as emulator:
        await emulator.warm(2)
        has_group = str(os.getpid()) in own_groups().values()

    assert has_group is (emulator.freezer_name == CgroupFreezer.name)
    assert str(os.getpid()) not in own_groups().values()


async def test_a_thousand_freezes_of_50_ms_neither_hang_nor_leak(function, freezer, until):
    """Fault 18: 20 environments run 50 cycles each in parallel, which takes seconds instead of a minute."""
    async with LambdaEmulator(function("echo.footprint"), freezer=freezer) as emulator:
        await emulator.warm(20)

        async def round_of_invocations():
            await until(lambda: ready_count(emulator) == 20)
            results = await asyncio.gather(*(emulator.invoke(b"{}") for _ in range(20)))
            footprints = [json.loads(result.payload) for result in results]
            return {footprint["pid"]: footprint for footprint in footprints}

        for _ in range(2):
            first = await round_of_invocations()
            await asyncio.sleep(0.05)
        cycles = Counter[int]()
        # Far longer than a busy machine needs: only a hang reaches it.
        async with asyncio.timeout(900):
            for _ in range(50):
                await asyncio.sleep(0.05)
                last = await round_of_invocations()
                cycles.update(last.keys())

        assert sum(cycles.values()) == 1000
        assert last.keys() == first.keys()
        assert (emulator.started_count, emulator.failed_count) == (20, 0)
        for pid, footprint in last.items():
            assert footprint["descriptors"] == first[pid]["descriptors"]
            assert footprint["resident_kb"] <= first[pid]["resident_kb"] * 1.05


@pytest.fixture(autouse=True)
def no_group_outlives_its_test():
    yield
    with contextlib.suppress(FileNotFoundError):
        assert str(os.getpid()) not in own_groups().values()
