"""Torture of the store: kills, power cuts, failing disks, damage, crowds, hostile files.

    python -m tests.torture                        all, at full size (`make torture`)
    python -m tests.torture --short kills          seconds: one test, small
    python -m tests.torture --scale 0.05           anything between
    python -m tests.torture --json torture.json --section benchmarks/RESULTS.md

To add a test, write a function from a `Setting` to rows and name it in `catalogue.TESTS`:

    def swaps(setting: Setting) -> Iterator[Row]:
        total = setting.count(20_000)          # the full number, scaled
        violations = []
        for i in range(total):
            rng = random.Random(f"{setting.seed} {i}")
            ...                                # work below setting.folder; it is removed afterwards
            if wrong:
                violations.append(f"seed {setting.seed}, case {i}: what was wrong")
        yield Row("swapped blobs", total, total, violations)

A short version of each runs in `make test`, from a test_*.py beside it.
"""
