"""`python -m webapp.kit.local …`: what the Makefile calls."""

from __future__ import annotations

import argparse
import shlex
import sys

from webapp.kit.local import background, check, run, state, testing, vendor
from webapp.kit.local.errors import CannotStart, sentence


def main(arguments: list[str] | None = None) -> int:
    """Does one of the commands and answers with its exit status; what is in the way is one sentence on stderr."""
    options, rest = parser().parse_known_args(arguments)
    try:
        return int(COMMANDS[options.command](rest))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
    except OSError as problem:
        print(sentence(problem), file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m webapp.kit.local", description=__doc__)
    made.add_argument("command", choices=sorted(COMMANDS))
    return made


def show(known: dict[str, str]) -> None:
    for name, value in known.items():
        print(f"export {name}={shlex.quote(value)}")


def do_run(_: list[str]) -> int:
    return run.run()


def do_test(rest: list[str]) -> int:
    return testing.run_tests(rest)


def do_vendor(_: list[str]) -> int:
    vendor.vendor()
    return 0


def do_check(_: list[str]) -> int:
    return check.check()


def do_env(_: list[str]) -> int:
    show(state.addresses())
    return 0


def do_up(_: list[str]) -> int:
    show(background.up())
    return 0


def do_down(_: list[str]) -> int:
    stopped = background.down()
    print(f"Stopped: {', '.join(stopped) or 'nothing was running'}.")
    return 0


COMMANDS = {
    "run": do_run,
    "test": do_test,
    "vendor": do_vendor,
    "check": do_check,
    "env": do_env,
    "up": do_up,
    "down": do_down,
}

if __name__ == "__main__":
    sys.exit(main())
