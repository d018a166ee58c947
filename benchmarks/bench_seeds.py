"""Many seeds on two threads against one, and the peak memory of a run at two horizons."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

from _table import Row, write

SEEDS, STEPS = 100, 1_000_000
MEMORY = """
import json, resource
from theorylab.mdp.average_reward import ucrl2
from theorylab.mdp.environments import riverswim
model = riverswim(6)
ucrl2(model, 1_000, rng=1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run = ucrl2(model, {steps}, rng=1)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kept = ("times", "regret", "pseudo_regret", "reward_sum", "episode_starts", "visits")
size = sum(getattr(run, name).nbytes for name in kept)
print(json.dumps([after / 1024, (after - before) / 1024, size / 1024]))
"""


def wall(jobs):
    """Seconds of the whole sweep by the clock on the wall."""
    from theorylab.core.rng import child_seed
    from theorylab.core.sweeps import threads
    from theorylab.mdp.average_reward import ucrl2
    from theorylab.mdp.environments import riverswim

    model = riverswim(6)
    ucrl2(model, 1_000, rng=1)
    begun = time.perf_counter()
    threads(jobs)(lambda i: ucrl2(model, STEPS, rng=child_seed(1, i)).regret[-1], range(SEEDS))
    return time.perf_counter() - begun


def memory(steps):
    """Peak memory of a fresh process, what the run added to it, and the size of the record: MB, MB, kB."""
    code = MEMORY.format(steps=steps)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure, print and record."""
    rounds = [(wall(1), wall(2)) for _ in range(3)]
    ratio = statistics.median(one / two for one, two in rounds)
    one, two = (statistics.median(column) for column in zip(*rounds, strict=True))
    (short, added_short, kept_short), (long, added_long, kept_long) = memory(100_000), memory(10_000_000)
    rows = [
        Row(
            f"{SEEDS} seeds of `ucrl2`, RiverSwim-6, T = {STEPS:.0e}, two threads against one",
            "at least 1.7 times as fast",
            f"{one:.2f} s and {two:.2f} s",
            f"{ratio:.2f}",
            ratio >= 1.7,
        ),
        Row(
            "peak memory of one process, T = 1e7 against T = 1e5",
            "independent of T (within 2%)",
            f"{long:.1f} MB and {short:.1f} MB (the runs added {added_long:.2f} and {added_short:.2f} MB; "
            f"their records hold {kept_long:.0f} and {kept_short:.0f} kB)",
            f"{long / short:.3f}",
            long / short <= 1.02,
        ),
    ]
    write(__file__, "Seeds and memory", rows, "Wall-clock time; three rounds, one thread and two threads in turns.")


if __name__ == "__main__":
    main()
