"""`python -m benchmarks [NAME ...]`: runs the benchmarks and writes benchmarks/results, in the folder of the machine's class.

`ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 python -m benchmarks` measures what a processor without AVX-512 and bfloat16 does.
"""

import argparse

from benchmarks import (
    app,
    contention,
    encoders,
    fleet,
    gateway,
    instant,
    memory,
    overhead,
    pages,
    pipeline,
    regions,
    report,
    scale,
    time_to_quality,
)

GROUPS = {
    "engine": {
        "encoders": encoders,
        "instant": instant,
        "overhead": overhead,
        "memory": memory,
        "regions": regions,
        "time_to_quality": time_to_quality,
        "contention": contention,
    },
    "pipeline": {"pipeline": pipeline, "app": app},
    "fleet": {"fleet": fleet},
    "scale": {"scale": scale},
    "gateway": {"gateway": gateway},
    "pages": {"pages": pages},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *(name for group in GROUPS.values() for name in group)], help="all by default")
    wanted = parser.parse_args().names
    for group, benchmarks in GROUPS.items():
        names = [name for name in benchmarks if name in wanted or not wanted]
        tables = []
        for name in names:
            tables.append(benchmarks[name].run())
            print(tables[-1].markdown(), flush=True)
        if len(names) == len(benchmarks):
            print(f"Written to {report.write(group, tables)}")


if __name__ == "__main__":
    main()
