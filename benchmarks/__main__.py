"""`python -m benchmarks [NAME ...]`: runs the benchmarks and writes benchmarks/results."""

import argparse

from benchmarks import encoders, memory, overhead, report, time_to_quality

ENGINE = {"encoders": encoders, "overhead": overhead, "memory": memory, "time_to_quality": time_to_quality}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *ENGINE], help="which; all by default")
    names = parser.parse_args().names or list(ENGINE)
    tables = []
    for name in names:
        tables.append(ENGINE[name].run())
        print(tables[-1].markdown(), flush=True)
    if len(names) == len(ENGINE):
        print(f"Written to {report.write('engine', tables)}")


if __name__ == "__main__":
    main()
